import math

import pytest

from potstill.report import words
from potstill.types import Finding


def test_numbers_as_people_read_them() -> None:
    assert [words.significant(v) for v in (0.0, 12345.6, 0.01234, 3.1, 1e-7)] == ["0", "12,346", "0.0123", "3.10", "1.00e-07"]
    assert words.significant(math.nan) == "not finite"
    assert [words.short(v) for v in (3.1, 10.7, 2.0, 12345.6)] == ["3.1", "10.7", "2", "12,346"]
    assert [words.compact(v) for v in (940.0, 12_300.0, 1_322_400.0, 7.6e9)] == ["940", "12.3k", "1.32M", "7.6B"]
    assert [words.size_of(v) for v in (12.0, 492_576.0, 2_644_800.0)] == ["12 B", "493 kB", "2.64 MB"]
    assert [words.duration(v) for v in (0.4, 43.0, 252.0, 3720.0)] == ["0 s", "43 s", "4 min 12 s", "1 h 02 min"]


def test_seconds_between_two_times() -> None:
    assert words.seconds_between("2026-01-01T00:00:00+00:00", "2026-01-01T00:01:30+00:00") == 90.0
    assert words.seconds_between("2026-01-01T00:00:00+00:00", "") is None


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [("share", 0.9712, "97.1%"), ("ratio", 0.0931, "0.0931×"), ("parameters", 123144.0, "123,144"), ("nats/token", 0.0904, "0.090")],
)
def test_a_value_is_told_in_its_unit(unit: str, value: float, shown: str) -> None:
    assert words.measured(value, unit) == shown


def test_a_finding_is_told_with_its_interval() -> None:
    finding = Finding("capability", "retention", "student", "all", 0.971, 0.948, 0.989, unit="ratio")
    assert words.kept(finding) == "97.1% [94.8, 98.9]"
    assert words.told(finding) == "0.971× [0.948, 0.989]"
    assert words.told(Finding("s", "n", "student", "all", None)) == "not measured"
    assert words.told(None) == "–"


def test_a_long_text_says_how_much_is_left_out() -> None:
    assert words.shortened("abc", 3) == "abc"
    assert words.shortened("a" * 1300, 1200).endswith("… (100 more characters)")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("world:base", "world:base"),
        ("hf:org/model", "hf:org/model"),
        ("hf:${POTSTILL_DATA}/stories260K/hf", "hf:…/stories260K/hf"),
        ("recorded:${POTSTILL_DATA}/a/b/answers.json?cut=%0A&prompts=x/y", "recorded:…/b/answers.json"),
    ],
)
def test_a_model_is_called_by_the_end_of_its_path(model: str, name: str) -> None:
    assert words.model_name(model) == name


def test_plural() -> None:
    assert (words.plural(1, "trace"), words.plural(3000, "trace"), words.plural(2, "reply", "replies")) == (
        "1 trace",
        "3,000 traces",
        "2 replies",
    )
