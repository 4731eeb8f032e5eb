"""One writer a run folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from potstill.errors import StoreError
from potstill.store.atomic import store_errors

NAME = ".lock"


class FolderLock:
    """A lock on a folder that the system releases when its holder ends, however it ends.

    The same object may take it again while it holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._depth = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for the block.

        Raises:
            StoreError: another process, named by its id, holds it, or the folder cannot be made or written.
        """
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        handle = self._take()
        self._depth = 1
        try:
            yield
        finally:
            self._depth = 0
            os.close(handle)

    def _take(self) -> int:
        with store_errors(self.path):
            self._make_folder()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 64).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            fix = "wait until it is done, or stop it; what is whole is kept"
            raise StoreError(f"the run is in use by process {holder}", where=str(self.path.parent), fix=fix) from None
        with store_errors(self.path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        return handle

    def _make_folder(self) -> None:
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError:  # below /proc, or in a working directory that is gone
            raise StoreError("no folder can be made here", where=str(folder), fix="choose another folder") from None
