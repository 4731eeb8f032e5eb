from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potstill.errors import InputError, RecipeError
from potstill.sources.kinds.text import windows
from potstill.sources.request import open_source


def texts(text, size):
    return [text[w] for w in windows(text, size)]


def read(spec, columns=None):
    return list(open_source(spec, "prompts.sources", columns or {}).source.prompts())


def test_windows_end_at_the_best_break():
    assert texts("one two\n\nthree four", 12) == ["one two", "three four"]
    assert texts("one two\nthree four", 10) == ["one two", "three four"]
    assert texts("one two three", 9) == ["one two", "three"]
    assert texts("onetwothree", 4) == ["onet", "woth", "ree"]
    assert texts("a b " + "c" * 20, 8) == ["a b cccc", "cccccccc", "cccccccc"]  # a break in the first half is no break
    assert texts(" \n ", 2) == []


@given(st.text(alphabet="ab \n", max_size=60), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_windows_leave_out_white_space_only(text, size):
    found = texts(text, size)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < len(window) <= size and window == window.strip() for window in found)


def test_prompts_are_plain_text(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("erste Zeile\nüber alles\nlast", encoding="utf-8")
    prompts = read(f"text:{path}?window=12")
    assert [(p.messages, p.reference, p.source) for p in prompts] == [
        ((), "erste Zeile", f"{path}@0"),
        ((), "über alles", f"{path}@12"),
        ((), "last", f"{path}@24"),
    ]


def test_labels_are_those_that_the_recipe_states(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("one two", encoding="utf-8")
    (plain,) = read(f"text:{path}")
    assert (plain.skill, plain.domain, plain.licence, plain.intent, plain.risk) == ("t", "", "", "benign", None)
    stated = {
        "skill": "=tales",
        "domain": "=prose",
        "licence": "=MIT",
        "intent": "=ambiguous",
        "risk": "=0.25",
        "reference": "=no",
        "prompt": "q",
    }
    (prompt,) = read(f"text:{path}", stated)
    assert (prompt.skill, prompt.domain, prompt.licence, prompt.intent, prompt.risk) == ("tales", "prose", "MIT", "ambiguous", 0.25)
    assert (prompt.messages, prompt.reference, prompt.id) == ((), "one two", plain.id)
    with pytest.raises(RecipeError, match=r"prompts\.sources 'text:.*unknown intent 'bad'"):
        read(f"text:{path}", {"intent": "=bad"})
    with pytest.raises(RecipeError, match="unknown wanted name 'license' in columns; did you mean 'licence'"):
        read(f"text:{path}", {"license": "=MIT"})


@pytest.mark.parametrize(
    ("part", "expected"), [("0:5", "abü"), ("0:4", "abü"), ("0:3", "ab"), ("3:", "cd"), ("-2:", "cd"), ("-3:", "cd"), (":-1", "abüc")]
)
def test_slices_of_bytes_leave_half_characters_out(tmp_path, part, expected):
    path = tmp_path / "t.txt"
    path.write_text("abücd" if part != "0:5" else "abü", encoding="utf-8")
    assert [p.reference for p in read(f"text:{path}?bytes={part}")] == [expected]


def test_a_byte_order_mark_is_no_text(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes(b"\xef\xbb\xbfabc")
    assert [(p.reference, p.source) for p in read(f"text:{path}")] == [("abc", f"{path}@3")]


def test_faults(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes(b"abc\xff\xfe def")
    with pytest.raises(InputError, match="not UTF-8 at byte 3"):
        read(f"text:{path}")
    with pytest.raises(RecipeError, match="bytes=1:2:3 is no slice"):
        read(f"text:{path}?bytes=1:2:3")
    with pytest.raises(RecipeError, match="window=0 is no whole number"):
        read(f"text:{path}?window=0")
    with pytest.raises(RecipeError, match="stride=20 is more than window=10"):
        read(f"text:{path}?window=10&stride=20")
    with pytest.raises(InputError, match="no such file"):
        read("text:none.txt")
    with pytest.raises(InputError, match="a folder, not a file"):
        read(f"text:{tmp_path}?bytes=0:10")


def test_a_real_text(data_dir):
    path = data_dir / "tinystories" / "tiny_stories_780k.txt"
    first, last = read(f"text:{path}?bytes=0:60000&window=256"), read(f"text:{path}?bytes=-100000:&window=256")
    assert sum(len(p.reference.encode()) for p in first) == pytest.approx(60000, rel=0.02)
    assert not {p.id for p in first} & {p.id for p in last}


def test_windows_with_a_stride_overlap_and_begin_with_a_word():
    text = "one two three four five six seven eight"
    found = [text[w] for w in windows(text, 16, 8)]
    assert found == ["one two three", "three four five", "five six seven", "seven eight"]


@given(st.text(alphabet="ab \n", max_size=200), st.integers(1, 40), st.integers(1, 40))
def test_windows_with_a_stride_go_forward_and_are_no_longer_than_asked(text, size, stride):
    found = list(windows(text, size, stride))
    assert all(0 < w.stop - w.start <= size for w in found)
    assert [w.start for w in found] == sorted(w.start for w in found)


@given(st.text(alphabet="ab \n字", max_size=200), st.integers(1, 40), st.integers(1, 40))
def test_windows_with_a_stride_leave_nothing_out(text, size, stride):
    covered = {place for w in windows(text, size, min(stride, size)) for place in range(w.start, w.stop)}
    assert {place for place, letter in enumerate(text) if not letter.isspace()} <= covered


def test_where_windows_begin_in_bytes(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("über alle Maßen schön und gut", encoding="utf-8")
    for prompt in read(f"text:{path}?window=12&stride=6"):
        place = int(prompt.source.rpartition("@")[2])
        assert path.read_bytes()[place:].decode().startswith(prompt.reference)
