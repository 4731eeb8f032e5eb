"""Files that are whole or absent: a temporary name beside the target, fsync, rename, fsync of the folder."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from potstill.errors import StoreError

TEMPORARY = ".tmp"
"""The ending of what is not whole yet; nothing reads it, and it may be removed."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST}
_NO_PATH = {errno.ENAMETOOLONG, errno.ELOOP}
_NO_ROOM = 1 << 20
"""Bytes; with fewer free, a torch that failed to write a file has met a full disk."""


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """A full disk, a missing permission, a file where a folder belongs or an impossible path becomes a StoreError that names the file,
    or else `path`.

    Libraries written in Rust or C++ report a full disk as an error of their own, with the system's words in its text; torch says only
    which line of `inline_container.cc` could not write, so the disk is asked.
    """
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        where = str(error.filename or path)
        if error.errno in _FULL:
            raise _full(where, error.strerror) from error
        if error.errno in _FORBIDDEN:
            raise StoreError(
                f"not permitted: {error.strerror}", where=where, fix="change its permissions, or choose another folder"
            ) from error
        if error.errno in _NO_PATH:
            raise StoreError(f"not a path that can be used: {error.strerror}", where=where, fix="choose another") from error
        if error.errno in _IN_THE_WAY:
            places = (Path(where), *Path(where).parents)
            file = next((place for place in places if os.path.lexists(place) and not place.is_dir()), None)
            if file is not None and (file == path or file in path.parents or path in file.parents):
                what = "a file" if file.exists() else "a link to nothing"
                raise StoreError(f"{what} where a folder belongs", where=str(file), fix="move it away, or choose another folder") from error
        raise
    except Exception as error:
        if "No space left on device" in str(error) or ("inline_container" in str(error) and _room(path) < _NO_ROOM):
            raise _full(str(path), "No space left on device") from error
        raise


def is_there(path: Path) -> bool:
    """Whether the file is there.

    Raises:
        StoreError: its folder may not be looked into, or there can be no such path.
    """
    with store_errors(path):
        return path.is_file()


def _room(path: Path) -> int:
    """Free bytes on the disk that `path` is on, or would be."""
    disk = os.statvfs(next(place for place in (path, *path.absolute().parents) if place.exists()))
    return disk.f_bavail * disk.f_frsize


def _full(where: str, words: str | None) -> StoreError:
    return StoreError(f"cannot be written: {words}", where=where, fix="make room and run the same command: it goes on where it stopped")


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}{TEMPORARY}")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path to write; it takes the name `path` when the block ends well, and is removed when it does not."""
    temporary = _temporary(path)
    try:
        with store_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            sync(temporary)
            os.replace(temporary, path)
            sync(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """As `whole_file`, for a folder; one that is there already is replaced."""
    temporary = _temporary(path)
    try:
        with store_errors(path):
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            yield temporary
            for file in sorted(temporary.rglob("*")):
                sync(file)
            sync(temporary)
            if path.exists():
                shutil.rmtree(path)
            os.rename(temporary, path)
            sync(path.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_temporaries(folder: Path) -> None:
    """Remove what an interrupted run left half written."""
    for path in folder.rglob(f".*{TEMPORARY}"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
