from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.text.specs import count_setting, hub_datasets, split_spec, without_folders


def test_names_and_settings():
    assert split_spec("a/b.txt", (), "here") == ("a/b.txt", {})
    assert split_spec("a?x=1&y=%0A%0AQ:", ("x", "y"), "here") == ("a", {"x": "1", "y": "\n\nQ:"})
    assert split_spec("a?x=0:60000", ("x",), "here") == ("a", {"x": "0:60000"})
    assert split_spec("a?x=", ("x",), "here") == ("a", {"x": ""})


@pytest.mark.parametrize(
    ("spec", "message"), [("a?z=1", "unknown setting 'z'"), ("a?x", "no list of settings"), ("a?x=1&x=2", "stands twice")]
)
def test_faults(spec, message):
    with pytest.raises(RecipeError, match=message):
        split_spec(spec, ("x", "y"), "here")


@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        ("a?x=b&y=c", {"x": "b", "y": "c"}),
        ("a?y=c&x=b?n=1&m=2", {"y": "c", "x": "b?n=1&m=2"}),
        ("a?x=b?n=1?m=2", {"x": "b?n=1?m=2"}),
        ("a?x=b%3Fn=1&y=c", {"x": "b?n=1", "y": "c"}),
        ("a?y=b?n", {"y": "b?n"}),
    ],
)
def test_a_source_in_a_setting_has_settings_of_its_own(spec, settings):
    assert split_spec(spec, ("x", "y"), "here", ("x",)) == ("a", settings)


def test_settings_of_an_inner_source_are_no_settings():
    with pytest.raises(RecipeError, match="unknown setting 'z'"):
        split_spec("a?z=1&x=b?n=1", ("x", "y"), "here", ("x",))


def test_counts():
    assert count_setting({}, "n", 5, "here") == 5
    assert count_setting({"n": "12"}, "n", 5, "here") == 12
    for text in ("0", "-1", "x", "1.5", "", "²"):
        with pytest.raises(RecipeError, match="no whole number"):
            count_setting({"n": text}, "n", 5, "here")


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ("/home/me/data/a.jsonl", "…/a.jsonl"),
        ("/home/me/data/a b.jsonl:12", "…/a b.jsonl:12"),
        ("/home/me/data/a.json row 3", "…/a.json row 3"),
        ("//home/me/a.jsonl", "…/a.jsonl"),
        ("~/data/a.jsonl", "…/a.jsonl"),
        ("../other/a.jsonl", "…/a.jsonl"),
        ("hf:/home/me/models/small/", "hf:…/small"),
        ("hf:/home/me/data:train row 3", "hf:…/data:train row 3"),
        ("text:/home/me/a.txt?bytes=0:60000&window=64", "text:…/a.txt?bytes=0:60000&window=64"),
        ("recorded:/home/me/a_*.json?prompts=/home/me/p.json&cut=%0A%0AQ:", "recorded:…/a_*.json?prompts=…/p.json&cut=%0A%0AQ:"),
        ("recorded:a.json?prompts=%2Fhome%2Fme%2Fp.json", "recorded:a.json?prompts=…/p.json"),
        ("http://localhost:8000/v1#/home/me/small", "http://localhost:8000/v1#…/small"),
        ("stress:hex of /home/me/a.csv:3", "stress:hex of …/a.csv:3"),
        ("stress:hex of stress:base64 of ~/a.csv:3 (twin)", "stress:hex of stress:base64 of …/a.csv:3 (twin)"),
        ("stress:all?n=3&of=/home/me/a.csv", "stress:all?n=3&of=…/a.csv"),
        ("reward:hf:/home/me/judge?label=good", "reward:hf:…/judge?label=good"),
        ("reward:http://localhost:1#RM?tokenizer=hf:/home/me/judge", "reward:http://localhost:1#RM?tokenizer=hf:…/judge"),
    ],
)
def test_no_folder_of_anybody_is_told(spec, shown):
    assert without_folders(spec) == shown


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "data/a.jsonl:3",
        "hf:./loc:train",
        "hf:Qwen/Qwen3-8B",
        "hf:openai/gsm8k:train?config=main",
        "http://localhost:8000/v1#Qwen/Qwen3-8B",
        "${POTSTILL_DATA}/a.jsonl",
        "world:1/math",
        "world:math?n=200&half=A",
        "callable:package.module:function",
        "https://example.org/terms",
    ],
)
def test_what_tells_no_folder_stays(spec):
    assert without_folders(spec) == spec


def test_datasets_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    folders = ["hf:./loc:train", "hf:/home/me/loc:train", "hf:~/loc:train", "hf:${POTSTILL_DATA}/loc:train", "hf:mine:train", "a.jsonl"]
    assert hub_datasets(folders) == ()
    assert hub_datasets(["stress:all?n=3&twins=hf:a/b:train&of=hf:c/d:test?config=x", "stress:hex?of=a.csv"]) == ("a/b", "c/d")
    assert hub_datasets(["hf:openai/gsm8k:train?config=main", *folders, "hf:openai/gsm8k:test", "hf:squad:train"]) == (
        "openai/gsm8k",
        "squad",
    )
