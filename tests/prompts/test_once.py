from __future__ import annotations

import random

import numpy as np
import pytest

from potstill.errors import InputError
from potstill.prompts.once import Once, Seen, batched, numbers
from potstill.types import Message, Prompt


def asked(text, **more):
    return Prompt((Message("user", text),), **more)


def once(*prompts, size=100):
    found = Once(lambda id_: f"place of {id_[:2]}")
    return found, [prompt for batch in batched(prompts, size) for some in found.of(batch) for _, prompt in some]


def test_what_came_is_known_as_a_set_of_ids_would_know_it():
    rng, seen, known = random.Random(3), Seen(), {}
    for _ in range(60):
        ids = [rng.randrange(4000) for _ in range(rng.randrange(1, 200))]
        marks = [rng.randrange(2**64) for _ in ids]
        new, first = seen.add(np.array(ids, np.uint64), np.array(marks, np.uint64))
        expected = []
        for id_, mark in zip(ids, marks, strict=True):
            expected.append((id_ not in known, known.setdefault(id_, mark)))
        assert list(zip(new.tolist(), first.tolist(), strict=True)) == expected
    assert len(seen) == len(known)
    assert seen.has(np.arange(4000, dtype=np.uint64)).tolist() == [id_ in known for id_ in range(4000)]


def test_runs_stay_few():
    seen = Seen()
    for start in range(0, 100_000, 100):
        ids = np.arange(start, start + 100, dtype=np.uint64)
        seen.add(ids, ids)
    assert len(seen) == 100_000
    assert len(seen._runs) < 20


def test_ids_as_numbers():
    assert numbers(["0000000000000010", "ffffffffffffffff"]).tolist() == [16, 2**64 - 1]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_first_of_each_in_order(size):
    a, b = asked("a", reference="1"), asked("b")
    found, kept = once(a, b, asked("a", reference="2"), a, asked("c"), size=size)
    assert [prompt.question for prompt in kept] == ["a", "b", "c"]
    assert kept[0].reference == "1"
    assert (found.duplicates, found.otherwise) == (2, 1)


def test_no_reference_is_another_than_an_empty_one():
    assert once(asked("a"), asked("a", reference=""))[0].otherwise == 1


@pytest.mark.parametrize(("size", "place"), [(1, "place of"), (10, "x:1")])
def test_labels_that_disagree_are_told_with_both_places(size, place):
    first, second = asked("a", source="x:1"), asked("a", intent="hazard", half="A", source="y:7")
    with pytest.raises(InputError, match=rf"y:7: the same prompt is labelled hazard of half A here and labelled benign in {place}"):
        once(first, asked("b"), second, size=size)
