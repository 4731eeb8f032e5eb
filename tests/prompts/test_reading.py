from __future__ import annotations

import pytest

from potstill.errors import InputError
from potstill.prompts.opening import Asked
from potstill.prompts.reading import read, without
from potstill.sources import open_source
from potstill.types import Message, Prompt


def asked(path):
    return Asked(open_source(str(path), "x", {}), False, {}, "Q: {prompt}", None, None, None)


def test_prompts_by_id_as_they_are_asked_and_what_is_malformed(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a"}\n{"prompt": \n{"prompt": "b"}\n{"prompt": "a"}\n')
    found = read([asked(path)], 0.5)
    assert [prompt.question for prompt in found.prompts.values()] == ["Q: a", "Q: b"]
    assert all(prompt.id == id_ for id_, prompt in found.prompts.items())
    assert [one.row.where for one in found.aside] == [f"{path}:2:12"]


def test_labels_that_disagree_name_both_files(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"prompt": "a"}\n')
    (tmp_path / "b.jsonl").write_text('{"prompt": "a", "intent": "hazard"}\n')
    with pytest.raises(InputError, match=r"b\.jsonl:1: the same prompt is labelled hazard here and labelled benign in .*a\.jsonl:1"):
        read([asked(tmp_path / "a.jsonl"), asked(tmp_path / "b.jsonl")], 0.5)


def test_what_is_in_others_is_left_out():
    a, b = (Prompt((Message("user", text),)) for text in "ab")
    assert without({"1": a, "2": b}, {"2": b}, {}, where="x") == {"1": a}
    with pytest.raises(InputError, match="x: no prompts; the sources are empty"):
        without({"2": b}, {"2": b}, where="x")
