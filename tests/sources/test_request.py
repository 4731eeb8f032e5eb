from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.registry import find
from potstill.sources.request import open_source


def opened(spec, **given):
    return open_source(spec, "prompts.sources", {}, **given)


def test_kinds(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"prompt": "a?"}\n')
    for spec in (str(path), f"file:{path}"):
        found = opened(spec)
        assert (found.kind, found.spec, found.version) == ("file", spec, find("source", "file").version)
        assert [prompt.question for prompt in found.source.prompts()] == ["a?"]
    assert opened("world:math?n=3").kind == "world"
    assert opened(f"text:{path}?window=10").kind == "text"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("wolrd:math", "prompts.sources 'wolrd:math': unknown kind of source 'wolrd'; did you mean 'world'"),
        ("world:math?m=3", "unknown setting 'm'"),
        ("x.jsonl?n=3", "unknown setting 'n'"),
        ("https://host/x.jsonl", "'https://host/x.jsonl': nothing is fetched from an address; download it and name the file"),
        ("s3://host/x.jsonl", "nothing is fetched from an address"),
    ],
)
def test_faults(spec, message):
    with pytest.raises(RecipeError, match=message):
        opened(spec)


def test_a_source_that_cannot_sift_gives_its_prompts(tmp_path):
    assert [prompt.skill for prompt in opened("world:fact?n=2").sift()] == ["fact", "fact"]
