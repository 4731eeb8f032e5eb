from __future__ import annotations

import pytest

from potstill.recipe.places import line_of

TEXT = '''\
# a comment with name = "no"
name = "x"

[student]
model = """
[teachers]
name = 3
"""
config = { hidden_size = 64, rope = { type = "a" } }

[[teachers]]
model = "a"

[[teachers]]
model = "b"
columns."odd key" = "c"
top_k = [
  1,
  2,
]

[teachers.more]
x = 1

[train]
losses = [
  { kind = "a" },
  { kind = "b", weight = 2.0 },
]
[evaluate.limits]
accuracy = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("student",), 4),
        (("student", "model"), 5),
        (("student", "config", "rope", "type"), 9),
        (("teachers",), 11),
        (("teachers", 0), 11),
        (("teachers", 0, "model"), 12),
        (("teachers", 1), 14),
        (("teachers", 1, "model"), 15),
        (("teachers", 1, "columns", "odd key"), 16),
        (("teachers", 1, "top_k"), 17),
        (("teachers", 1, "top_k", 1), 17),
        (("teachers", 1, "more", "x"), 23),
        (("train", "losses", 1, "weight"), 26),
        (("evaluate",), 30),
        (("evaluate", "limits", "accuracy"), 31),
    ],
)
def test_every_key_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


def test_a_key_that_is_not_written_has_the_line_of_its_table() -> None:
    assert line_of(TEXT, ("teachers", 1, "missing")) == 14
    assert line_of(TEXT, ("train", "lr")) == 25


def test_what_is_nowhere_has_no_line() -> None:
    assert line_of(TEXT, ("prompts", "sources")) is None
    assert line_of("", ("name",)) is None
