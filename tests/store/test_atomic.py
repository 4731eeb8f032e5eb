from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from potstill.errors import StoreError
from potstill.store import atomic

FULL = """
import resource, sys
from pathlib import Path
from potstill.errors import StoreError
from potstill.store import atomic
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    atomic.write_bytes(Path(sys.argv[1]), bytes(5000))
except StoreError as error:
    print(error)
"""


def test_a_file_is_written(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "new" / "a.txt", "é")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"\xc3\xa9"
    assert os.listdir(tmp_path / "new") == ["a.txt"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic.write_text(path, "old")
    with pytest.raises(RuntimeError), atomic.whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_an_interrupt_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(KeyboardInterrupt), atomic.whole_file(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_the_file_is_on_the_disk_before_it_takes_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    replace = os.replace
    monkeypatch.setattr(atomic, "sync", lambda path: calls.append(f"sync {path.name}"))
    monkeypatch.setattr(os, "replace", lambda a, b: (calls.append("replace"), replace(a, b)))
    atomic.write_text(tmp_path / "a.txt", "x")
    assert calls == ["sync .a.txt.tmp", "replace", f"sync {tmp_path.name}"]


def test_a_folder_is_whole_or_absent(tmp_path: Path) -> None:
    place = tmp_path / "student"
    with pytest.raises(RuntimeError), atomic.whole_folder(place) as folder:
        (folder / "weights").write_text("half")
        raise RuntimeError
    assert not place.exists()
    with atomic.whole_folder(place) as folder:
        assert os.listdir(folder) == []
        (folder / "deeper").mkdir()
        (folder / "deeper" / "weights").write_text("1")
    with atomic.whole_folder(place) as folder:
        (folder / "weights").write_text("2")
    assert [path.name for path in place.rglob("*")] == ["weights"]
    assert os.listdir(tmp_path) == ["student"]


def test_what_was_left_half_written_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / ".a.parquet.tmp").write_text("")
    (tmp_path / ".student.tmp").mkdir()
    (tmp_path / ".student.tmp" / "w").write_text("")
    (tmp_path / "kept.tmp").write_text("")
    atomic.clear_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "kept.tmp"]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """A real refusal by the system: the process may write no file above 1,000 bytes."""
    path = tmp_path / "a.bin"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{path}: cannot be written: File too large; make room and run the same command: it goes on where it stopped\n"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_no_space_is_named() -> None:
    with (
        pytest.raises(StoreError, match=r"runs/x: cannot be written: No space left on device; make room"),
        atomic.store_errors(Path("runs/x")),
    ):
        with open("/dev/full", "wb", buffering=0) as file:
            file.write(b"x")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_missing_permission_is_named(code: int) -> None:
    with pytest.raises(StoreError, match=r"runs/x/a: not permitted: .*; change its permissions, or choose another folder"):
        with atomic.store_errors(Path("runs/x")):
            raise OSError(code, os.strerror(code), "runs/x/a")


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(StoreError, match="not permitted"):
        atomic.write_text(Path("/sys/potstill/a.txt"), "x")


def test_words_of_other_libraries_are_understood() -> None:
    with pytest.raises(StoreError, match="runs/x: cannot be written: No space left"), atomic.store_errors(Path("runs/x")):
        raise RuntimeError("I/O error: No space left on device (os error 28)")


TORCH = "[enforce fail at inline_container.cc:672] . unexpected pos 67520 vs 67408"


@pytest.mark.parametrize("within", [atomic.whole_file, atomic.whole_folder, atomic.store_errors])
def test_a_torch_that_could_not_write_met_a_full_disk(within: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full only while what is half written lies on it."""
    before = len(os.listdir(tmp_path))

    def statvfs(path: Path) -> SimpleNamespace:
        assert path == tmp_path
        return SimpleNamespace(f_bavail=0 if len(os.listdir(tmp_path)) > before or within is atomic.store_errors else 10**6, f_frsize=4096)

    monkeypatch.setattr(os, "statvfs", statvfs)
    place = tmp_path / "optimizer.bin"
    with pytest.raises(StoreError, match=r"optimizer\.bin: cannot be written: No space left on device; make room"), within(place) as half:
        if within is atomic.whole_file:
            half.write_bytes(b"half")
        raise RuntimeError(TORCH)


def test_a_torch_that_failed_with_room_left_is_not_explained_away(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="inline_container"), atomic.store_errors(tmp_path / "new" / "a"):
        raise RuntimeError(TORCH)


def test_a_file_where_a_folder_belongs_is_named(tmp_path: Path) -> None:
    (tmp_path / "train").write_text("")
    for place in (tmp_path / "train" / "a" / "b.txt", tmp_path / "train" / "b.txt"):
        with pytest.raises(StoreError, match=rf"{tmp_path}/train: a file where a folder belongs; move it away"):
            atomic.write_text(place, "x")


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), atomic.store_errors(Path("x")):
        _ = 1 / 0
    with pytest.raises(NotADirectoryError), atomic.store_errors(Path("x")):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", __file__)
    with pytest.raises(FileNotFoundError), atomic.store_errors(Path("x")):
        raise FileNotFoundError(errno.ENOENT, "no such file")
    with pytest.raises(StoreError, match="^mine$"), atomic.store_errors(Path("x")):
        raise StoreError("mine")
