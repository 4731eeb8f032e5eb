from __future__ import annotations

import numpy as np
import pytest

from potstill.curate.overlap import Found, Passages

LONG = "a farmer keeps brown hens in the old barn behind the mill and sells eggs on market days"
TEMPLATE = "Mary had 12 pears and gave 3 of them to Tom so how many pears are left with Mary in the end"
SHORT = "what is the capital of France"
WORDS = LONG.split()


def find(text, passages=(LONG, TEMPLATE, SHORT), asked=True, **settings):
    made = Passages(list(passages), settings.pop("sets", [0] * len(passages)), **settings)
    (found,) = made.find([text], np.array([asked]))
    return found


def told(text, passages=(LONG, TEMPLATE, SHORT), **settings):
    found = find(text, passages, **settings)
    return found.score, found.passage, found.statistic, found.first, found.last


def test_the_same_is_one():
    assert find(LONG.upper() + ".") == Found(1.0, 0, "same", 0, 17)
    assert find(SHORT) == Found(1.0, 2, "same", 0, 5)


def test_a_whole_passage_in_a_longer_text():
    assert find(f"Please answer: {LONG}! Thanks") == Found(1.0, 0, "words", 2, 19)


def test_half_of_a_passage_is_half():
    assert len(WORDS) == 18
    assert told("x " + " ".join(WORDS[:9]) + " y") == (9 / 18, 0, "words", 1, 9)
    assert find(" ".join(WORDS[:7])) is None


def test_words_in_two_places_add_up():
    assert told(" ".join([*WORDS[9:], "and", "then", *WORDS[:9]])) == (1, 0, "words", 0, 19)


def test_a_long_quotation_of_a_longer_passage_counts_by_its_length():
    long = " ".join(f"w{i}" for i in range(200))
    assert told(" ".join(f"w{i}" for i in range(50, 76)), [long]) == (pytest.approx(26 / 39), 0, "run", 0, 25)


def test_other_numbers_and_names_are_the_same_template():
    clone = "Ahmed had 407 pears and gave 55 of them to Lu Xun so how many pears are left with Ahmed in the end"
    assert told(clone) == (pytest.approx(1), 1, "template", 1, 22)
    assert find(clone, templates=False) is None


def test_a_template_that_several_items_share_is_none_of_them():
    shared = [TEMPLATE.replace("Mary", name) for name in ("Mary", "Olga")]
    clone = "Ida had 77 pears and gave 5 of them to Jo so how many pears are left with Ida in the end"
    assert told(clone, [*shared, LONG])[0] == pytest.approx(0.5)
    assert told(shared[0], shared)[:3] == (1.0, 0, "same")
    assert told(clone, shared, sets=[0, 1])[0] == pytest.approx(1)


def test_a_template_of_few_words_is_none():
    assert find("Bob has 5 pens and 6 red cups today", ["Ann has 3 pens and 44 red cups today"]) is None


def test_short_passages_count_by_their_words_and_only_where_something_is_asked():
    assert find(f"Hello, {SHORT}? Thank you") == Found(6 / 8, 2, "short", 1, 6)
    assert find(f"Hello, {SHORT}? Thank you", asked=False) is None
    assert find(SHORT, asked=False) is None
    assert find("yes or no", ["yes"]) is None
    assert find("Yes!", ["yes"]) == Found(1.0, 0, "same", 0, 0)


def test_empty_texts_and_passages_have_nothing_in_common():
    assert find("") is find("?!") is None
    assert find("", ["", "!"]) is find("a b", [""]) is find("a b", []) is None


def test_many_texts_are_told_apart():
    made = Passages([LONG, TEMPLATE], [0, 0])
    texts = ["nothing of it", LONG, "", f"{TEMPLATE}", "", *["other"] * 3000, LONG]
    found = made.find(texts, np.ones(len(texts), bool))
    assert [one.passage if one else None for one in found[:5]] == [None, 0, None, 1, None]
    assert found[-1].passage == 0
    assert found[5:-1] == [None] * 3000


def test_the_same_passage_twice_is_found_as_the_first():
    assert find(LONG, [LONG, LONG]) == Found(1.0, 0, "same", 0, 17)


def test_another_language():
    passage = "今天天气很好我们去公园散步然后喝茶"
    assert find(f"请问：{passage}？", [passage]).score == 1.0
