from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from potstill.store import environment as module
from potstill.store.environment import code_revision, environment


def test_versions_are_told_without_importing_them() -> None:
    code = "import sys; from potstill.store.environment import environment; environment(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_numbers_depend_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(get_num_threads=lambda: 5))
    assert environment()["threads"] == "5"
    monkeypatch.delitem(sys.modules, "torch")
    found = environment()
    assert found["threads"] == "3"
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(module.PACKAGES) < set(found)
    assert all(isinstance(value, str) and value for value in found.values())


def fresh(monkeypatch: pytest.MonkeyPatch, root: Path) -> str:
    monkeypatch.setattr(module, "__file__", str(root / "potstill" / "store" / "environment.py"))
    code_revision.cache_clear()
    try:
        return code_revision()
    finally:
        code_revision.cache_clear()


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", "-C", str(root), *identity, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def test_the_revision_and_its_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert not fresh(monkeypatch, tmp_path).endswith("-dirty")
    (tmp_path / "a.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "a")
    git(tmp_path, "tag", "v1")
    assert fresh(monkeypatch, tmp_path) == git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "a.py").write_text("2")
    assert fresh(monkeypatch, tmp_path) == git(tmp_path, "rev-parse", "HEAD") + "-dirty"


def test_outside_its_repository_the_version_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    monkeypatch.setattr(module, "version", lambda name: "1.2")
    assert fresh(monkeypatch, tmp_path / "venv" / "site-packages") == "potstill 1.2"

    def missing(name: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(module, "version", missing)
    assert fresh(monkeypatch, tmp_path / "elsewhere") == "unknown"
    assert environment()["torch"] == "not installed"
