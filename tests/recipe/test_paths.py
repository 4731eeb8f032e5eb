from __future__ import annotations

from pathlib import Path

import pytest

from potstill.errors import InputError, RecipeError
from potstill.recipe import existing, expand
from potstill.recipe.paths import is_path


def test_the_environment_says_where_the_data_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTSTILL_DATA", "/some where")
    assert expand("hf:${POTSTILL_DATA}/stories/hf") == "hf:/some where/stories/hf"
    assert expand("text:${POTSTILL_DATA}/a.txt?bytes=0:10") == "text:/some where/a.txt?bytes=0:10"


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_they_lie_beside_the_project(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("POTSTILL_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("POTSTILL_DATA", value)
    assert expand("${POTSTILL_DATA}/a") == "../shared/data/a"


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand("~/a.txt") == f"{tmp_path}/a.txt"
    assert expand("owner/a~b") == "owner/a~b"
    (tmp_path / "a.txt").write_text("a")
    assert existing("~/a.txt") == tmp_path / "a.txt"


def test_other_variables_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"unknown variable \$\{HOME\}; only \$\{POTSTILL_DATA\} is known"):
        expand("${HOME}/a")


def test_text_without_variables_stays() -> None:
    assert expand("Q: {prompt} costs $5") == "Q: {prompt} costs $5"


def test_an_existing_path_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POTSTILL_DATA", str(tmp_path))
    (tmp_path / "a.jsonl").write_text("")
    assert existing("${POTSTILL_DATA}/a.jsonl") == tmp_path / "a.jsonl"


def test_a_missing_path_is_named_as_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTSTILL_DATA", "/nowhere")
    with pytest.raises(InputError, match=r"prompts.sources.0: no such file or folder: /nowhere/a.jsonl; set POTSTILL_DATA"):
        existing("${POTSTILL_DATA}/a.jsonl", where="prompts.sources.0")
    with pytest.raises(InputError, match="check the path"):
        existing("nothing.jsonl")
    monkeypatch.setenv("POTSTILL_DATA", ".")
    with pytest.raises(InputError, match="no such file or folder: nothing.jsonl; check the path"):
        existing("${POTSTILL_DATA}/nothing.jsonl")
    with pytest.raises(InputError, match="no such file"):
        existing("a\0b.jsonl")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"here: a folder, not a file: .*; name a file in it; .* hf:.*:SPLIT"):
        existing(str(tmp_path), where="here")
    with pytest.raises(InputError, match="here: no file is named; write its path"):
        existing("", where="here")


def test_a_file_that_may_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(InputError, match=r"here: not permitted to read .*a\.csv; change its permissions"):
        existing(str(tmp_path / "a.csv"), where="here")


def test_names_of_the_hub_are_no_paths() -> None:
    assert not any(map(is_path, ("gpt2", "Qwen/Qwen3-8B")))
    assert all(map(is_path, ("./a", "../a", "/a/b", "~/a", "${POTSTILL_DATA}/a", "a/b/c")))
