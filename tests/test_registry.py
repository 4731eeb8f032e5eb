from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from potstill import registry
from potstill.errors import RecipeError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty registry whose kind `filter` lives in a fresh package."""
    package = tmp_path / "some_filters"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "HOMES", {"filter": "some_filters"})
    monkeypatch.setattr(registry, "_parts", {})
    monkeypatch.setattr(registry, "_scanned", set())
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "some_filters"]:
        del sys.modules[name]


def write(home: Path, module: str, *names: str, version: str = "1") -> None:
    lines = ["from potstill.registry import part"]
    for name in names:
        lines.append(
            f"@part('filter', {name!r}, version={version!r}, needs=('text',))\ndef {name}():\n    'Sorts by {name}.\\n\\n    At length.'"
        )
    (home / f"{module}.py").write_text("\n".join(lines))


def test_a_new_file_is_found_without_a_list(home: Path) -> None:
    write(home, "one", "length", version="3")
    write(home, "two", "duplicates")
    assert registry.names("filter") == ["duplicates", "length"]
    info = registry.find("filter", "length")
    assert (info.kind, info.name, info.version, info.needs) == ("filter", "length", "3", frozenset({"text"}))
    assert info.summary == "Sorts by length."
    assert info.factory.__name__ == "length"


def test_an_unknown_name_gets_the_nearest(home: Path) -> None:
    write(home, "one", "length", "duplicates")
    with pytest.raises(RecipeError, match=r"filters.0: unknown filter 'lenght'; did you mean 'length'\?"):
        registry.find("filter", "lenght", where="filters.0")
    with pytest.raises(RecipeError, match="one of: duplicates, length"):
        registry.find("filter", "xyz")


def test_a_name_is_registered_once(home: Path) -> None:
    write(home, "one", "length")
    write(home, "two", "length")
    with pytest.raises(ValueError, match="registered twice: in some_filters.one and in some_filters.two"):
        registry.names("filter")


def test_kinds_are_known() -> None:
    with pytest.raises(ValueError, match="unknown kind of part 'nothing'"):
        registry.part("nothing", "x")


def test_other_packages_add_parts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        registry.part("filter", "from_outside")(lambda: None)

    def entry_points(group: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(load=load)] if group == "potstill.parts" else []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    assert registry.names("filter") == ["from_outside"]
    assert registry.find("filter", "from_outside").summary == ""


def test_did_you_mean() -> None:
    assert registry.did_you_mean("top-k", ["top_k", "top_p", "domains"]) == "did you mean 'top_k' or 'top_p'?"
    assert registry.did_you_mean("zzz", ["top_k", "domains"]) == "one of: top_k, domains"
