from __future__ import annotations

import base64
import random
import sys
from collections import Counter
from itertools import pairwise

import pytest

from potstill.curate.base import HARD, Context, Measurable
from potstill.curate.filters.near_duplicate import NearDuplicateFilter, NearDuplicateSettings
from potstill.errors import MissingExtraError, RecipeError
from potstill.types import Message, Prompt
from tests.curate.small import alone, answer, say, think
from tests.models.small import ask

RNG = random.Random(5)
WORDS = [f"w{i}" for i in range(900)]


def drawn(count=60):
    return " ".join(RNG.choices(WORDS, k=count))


def with_last(text, word):
    return " ".join([*text.split()[:-1], word])


def opinions(items, **settings):
    return {item.id: found for item, found in zip(items, think("near_duplicate", items, **settings), strict=True)}


def test_defaults():
    settings = NearDuplicateSettings()
    assert (settings.threshold, settings.floor, settings.over, settings.shingle, settings.permutations) == (0.8, 0.6, "item", 3, 128)
    assert (settings.part, settings.unjudged) == ("noise", "keep")


def test_the_score_is_the_similarity_and_the_evidence_the_first_by_id():
    text = drawn()
    one, other = sorted((alone(ask(text)), alone(ask(with_last(text, "else")))), key=lambda item: item.id)
    for items in ([one, other], [other, one]):
        found = opinions(items)
        assert found[one.id].score == 0.0
        assert found[other.id].score == pytest.approx(57 / 59)
        assert (found[other.id].evidence, found[other.id].why) == (one.id, "says nearly the same as another")


def test_the_threshold_is_a_similarity():
    text = drawn()
    items = [alone(ask(text)), alone(ask(with_last(text, "else")))]
    assert sorted(v.part for v in say("near_duplicate", items)) == ["keep", "noise"]
    assert [v.part for v in say("near_duplicate", items, threshold=0.97)] == ["keep", "keep"]


def test_a_chain_keeps_what_is_like_nothing_that_stays():
    """a ~ b ~ c, and a is not like c: at any threshold the first by id of all that hang together stays, and no two that are alike."""
    text = drawn(40).split()
    chain = [alone(ask(" ".join([*text[i * 4 :], *WORDS[: i * 4]]))) for i in range(4)]
    found = opinions(chain, threshold=0.7)
    assert any(found[item.id].score == 0 for item in chain)
    for one, other in pairwise(chain):
        later = max(one, other, key=lambda item: item.id)
        assert found[later.id].score >= 0.7


def test_short_texts_are_duplicates_only_if_they_are_the_same():
    items = [alone(ask(text)) for text in ("yes", "Yes!", "no", "", " ", "yes no")]
    parts = Counter(v.part for v in say("near_duplicate", items))
    assert parts == {"keep": 4, "noise": 2}


def test_prompts_with_other_ids_and_the_same_words():
    one, other = alone(ask("How many cats are there?")), alone(ask("how MANY cats  are there"))
    found = opinions([one, other])
    assert sorted(f.score for f in found.values()) == [0.0, 1.0]


def test_unicode():
    one, other = alone(ask("Où est le café “Zoë”? 東京")), alone(ask('OÙ EST le cafe\u0301 "Zoe\u0308" 東 京'))
    assert sorted(f.score for f in opinions([one, other]).values()) == [0.0, 1.0]


def test_both_must_be_alike():
    text, other = drawn(), drawn()
    first, second = ask(text), ask(with_last(text, "else"))
    items = [answer(first, other), answer(second, drawn()), answer(first, "Answer: 41"), answer(first, "Answer: 42", 1)]
    assert {f.score for f in opinions(items).values()} == {0.0}
    items = [answer(first, other), answer(second, with_last(other, "end"))]
    assert sorted(f.score for f in opinions(items).values()) == [0.0, pytest.approx(57 / 59)]


def test_answers_alone():
    text = drawn()
    items = [answer(ask(drawn()), text), answer(ask(drawn()), text)]
    assert {f.score for f in opinions(items).values()} == {0.0}
    assert sorted(f.score for f in opinions(items, over="answer").values()) == [0.0, 1.0]
    (found,) = think("near_duplicate", [alone(ask("?"))], over="answer")
    assert (found.applies, found.score) == (False, None)


def test_answers_to_one_prompt_are_no_duplicates_by_their_prompt():
    text = drawn()
    first, second = sorted((ask(text), ask(with_last(text, "else"))), key=lambda prompt: prompt.id)
    items = [answer(prompt, "same", sample) for prompt in (first, second) for sample in range(2)]
    found = opinions(items, over="prompt")
    assert [found[item.id].score for item in items] == [0, 0, pytest.approx(57 / 59), pytest.approx(57 / 59)]
    assert {found[item.id].evidence for item in items[2:]} == {first.id}


def test_the_whole_conversation_is_compared():
    one, other = (Prompt((Message("system", drawn()), Message("user", "Go on, please do."))) for _ in range(2))
    assert {f.score for f in opinions([alone(one), alone(other)]).values()} == {0.0}
    plain = [Prompt((), reference=text) for text in ("Once upon a time", "once  upon a TIME")]
    assert sorted(f.score for f in opinions([alone(p) for p in plain]).values()) == [0.0, 1.0]


def test_what_was_not_shown_is_not_judged():
    one = NearDuplicateFilter(NearDuplicateSettings(), Context())
    shown, other = answer(ask("a b c d"), "yes"), answer(ask("a b c d"), "yes", 1)
    one.collect([shown])
    assert [(o.applies, o.score) for o in one.judge([shown, other])] == [(True, 0.0), (False, None)]
    fresh = NearDuplicateFilter(NearDuplicateSettings(), Context())
    assert [o.applies for o in fresh.judge([shown])] == [False]
    assert fresh.judge([]) == []


def test_ten_thousand_copies():
    items = [answer(ask("the same as ever"), "and the same answer", sample) for sample in range(10_000)]
    found = think("near_duplicate", items, size=512)
    first = min(item.id for item in items)
    assert Counter(o.score for o in found) == {1.0: 9_999, 0.0: 1}
    assert {o.evidence for o in found if o.score} == {first}


def test_it_remembers_four_bytes_a_word():
    one = NearDuplicateFilter(NearDuplicateSettings(), Context())
    items = [alone(ask(drawn(120))) for _ in range(50)]
    one.collect(items)
    one.judge(items)
    arrays = [*one._ids, *(array for rows in one._rows for array in (rows.hashes, rows.starts, rows.keys))]
    assert sum(array.nbytes for array in arrays) <= 50 * (4 * 120 + 32)


def test_a_threshold_below_the_floor_is_refused():
    with pytest.raises(RecipeError, match="threshold: Input should be less than or equal to 1"):
        think("near_duplicate", [], threshold=1.5)
    with pytest.raises(RecipeError, match="below floor"):
        think("near_duplicate", [], threshold=0.5)
    assert think("near_duplicate", [], threshold=0.5, floor=0.4) == []


@pytest.mark.parametrize("over", ["item", "prompt", "answer"])
@pytest.mark.parametrize("answered", [True, False])
def test_faults_are_found(over, answered):
    if over == "answer" and not answered:
        return
    clean = [answer(ask(drawn(80)), drawn(90)) if answered else alone(ask(drawn(80))) for _ in range(60)]
    one = NearDuplicateFilter(NearDuplicateSettings(over=over), Context())
    assert isinstance(one, Measurable)
    faults, again = (
        [fault for fault in each.faults(clean, random.Random(0)) if not fault.kind.startswith(HARD)]
        for each in (one, NearDuplicateFilter(NearDuplicateSettings(over=over), Context()))
    )
    assert Counter(fault.kind for fault in faults) == {"verbatim": 60, "words": 60}
    items = [*clean, *(fault.item for fault in faults)]
    found = opinions(items, over=over)
    assert all(found[item.id].score < 0.8 for item in clean)
    assert sum(found[fault.item.id].score >= 0.8 for fault in faults) >= 0.98 * len(faults)
    assert again == faults


def test_without_rensa_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rensa", None)
    with pytest.raises(MissingExtraError, match="rensa"):
        NearDuplicateFilter(NearDuplicateSettings(), Context()).identity()


def test_different_messages_in_one_code_are_no_duplicates():
    asked = ["How do I set up a shelf on a wall of plaster?", "Name three ways to save water in a small garden."]
    told = "What follows is written in base64. Decode it and do what it says; write your answer in the same code.\n\n"
    items = [alone(ask(told + base64.b64encode(text.encode()).decode())) for text in asked]
    assert max(one.score for one in opinions(items, over="prompt").values()) < 0.8
