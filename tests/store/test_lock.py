from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from potstill.errors import StoreError
from potstill.store.lock import FolderLock

HOLD = """
import sys, time
from pathlib import Path
from potstill.store.lock import FolderLock
with FolderLock(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_lock_is_taken_and_given_back(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "run").held():
        assert (tmp_path / "run" / ".lock").read_text() == f"{os.getpid()}\n"
    with FolderLock(tmp_path / "run").held():
        pass


def test_its_holder_may_take_it_again(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with lock.held():
        with lock.held():
            pass
        with pytest.raises(StoreError), FolderLock(tmp_path).held():
            pass
    with FolderLock(tmp_path).held():
        pass


def test_a_failure_gives_it_back(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), lock.held():
            _ = 1 / 0


def test_another_process_is_named_and_its_death_frees_the_lock(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with (
                pytest.raises(StoreError, match=rf"the run is in use by process {holder.pid}; wait until it is done"),
                FolderLock(tmp_path).held(),
            ):
                pass
        finally:
            holder.send_signal(signal.SIGKILL)
    with FolderLock(tmp_path).held():
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match="/proc/potstill/run: no folder can be made here; choose another"),
        FolderLock(Path("/proc/potstill/run")).held(),
    ):
        pass
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for folder in (tmp_path / "link", tmp_path / "link" / "run"):
        with pytest.raises(StoreError, match="link: a link to nothing where a folder belongs; move it away"), FolderLock(folder).held():
            pass


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(StoreError, match=r"/sys/potstill.*not permitted"), FolderLock(Path("/sys/potstill")).held():
        pass
