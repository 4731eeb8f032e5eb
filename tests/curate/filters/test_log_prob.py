from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from potstill import world
from potstill.curate.filters.log_prob import IMPOSSIBLE, LogProbSettings
from potstill.models.base import Given, Keep, Options, Outlook
from potstill.models.scorings import Scoring
from potstill.models.world import open_world
from tests.curate.small import alone, answer, parts, say
from tests.models.small import ask

STEPS = 40


def outlook(log_p=-0.5, p=(0.6, 0.3), tail=0.1, codec="top_k"):
    support = np.tile(np.log(np.array(p, np.float32)), (STEPS, 1))
    ids = np.tile(np.arange(len(p), dtype=np.int32), (STEPS, 1))
    return Outlook(np.full(STEPS, log_p, np.float32), np.ones(STEPS, np.int32), ids, support, np.full(STEPS, tail, np.float32), codec=codec)


def judge(*seen, whose="drawer", ends=(), **settings):
    item = answer(ask("What is it?"), "x" * STEPS)
    scorings = tuple(Scoring(item.id, "" if number == 0 else f"{number}", "sampled", one, (), ends) for number, one in enumerate(seen))
    (verdict,) = say("log_prob", [replace(item, scorings=scorings)], whose=whose, **settings)
    return verdict


def changed(place, value, name="log_p"):
    seen = outlook()
    values = getattr(seen, name).copy()
    values[place] = value
    return replace(seen, **{name: values})


def test_defaults():
    assert LogProbSettings() == LogProbSettings(threshold=1.0, whose="drawer", most=5.0, least=0.0, end=4.0, part="noise", unjudged="keep")


def test_what_is_likely_is_kept():
    verdict = judge(outlook())
    assert (verdict.part, verdict.score, verdict.why) == ("keep", pytest.approx(0.1), "0.50 nats a token")


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (changed(7, np.nan), "a log-probability is no number"),
        (changed(7, 0.1), "a probability is above 1"),
        (changed(7, -9999.0), "a token has a server's floor for its log-probability"),
        (changed(7, -np.inf), "a token has a server's floor for its log-probability"),
        (changed(7, 0.2, "tail_mass"), "the likeliest tokens have a mass above 1"),
        (changed(7, -0.2, "tail_mass"), "the tail has a negative mass"),
        (changed(7, np.nan, "tail_mass"), "the likeliest tokens have a number that is none"),
        (changed(7, np.log([0.3, 0.6]), "support_log_p"), "the likeliest tokens are out of order"),
    ],
)
def test_what_cannot_be(seen, why):
    verdict = judge(seen, ends=tuple(range(1, STEPS + 1)))
    assert (verdict.part, verdict.score, verdict.why) == ("noise", IMPOSSIBLE, why)
    assert (verdict.within, verdict.start, verdict.end) == ("answer", 7, 8)


def test_what_is_sampled_has_no_order():
    assert judge(outlook(p=(0.3, 0.7), tail=0.0, codec="sampled")).part == "keep"
    assert judge(outlook(p=(0.3, 0.7), tail=0.0)).part == "noise"


def test_means_too_high_and_too_low():
    assert judge(outlook(-5.0)).part == "noise"
    assert judge(outlook(-5.0), most=6).part == "keep"
    verdict = judge(outlook(-0.001), least=0.01)
    assert (verdict.part, verdict.score) == ("noise", pytest.approx(10, rel=1e-3))
    assert judge(outlook(0.0)).part == "keep"


def test_an_end_that_falls_apart():
    verdict = judge(changed(slice(-16, None), -6.0))
    assert (verdict.part, verdict.why, verdict.score) == ("noise", "6.00 nats a token at its end, 0.50 before", 1.5)
    assert verdict.evidence == "tokens 24 to 40"
    assert judge(outlook(-4.5)).part == "keep"


def test_whose_log_probabilities():
    assert judge(outlook(), outlook(-9.0)).part == "keep"
    assert judge(outlook(), outlook(-9.0), whose="all").part == "noise"


def test_without_log_probabilities_nothing_is_judged():
    assert (judge().part, judge().score, judge().why) == ("keep", None, "there are no log-probabilities")
    (verdict,) = say("log_prob", [alone(ask("What is it?"))])
    assert not verdict.applies


def test_what_a_real_teacher_says_of_right_answers_is_kept():
    prompts = world.prompts(world.BENIGN, 60, 3)
    teacher = open_world("base", Options())
    texts = [world.completion(prompt, "base") for prompt in prompts]
    scored = teacher.score([Given(prompt, text) for prompt, text in zip(prompts, texts, strict=True)], Keep("top_k", 8))
    items = []
    for prompt, text, one in zip(prompts, texts, scored, strict=True):
        item = answer(prompt, text)
        items.append(replace(item, scorings=(Scoring(item.id, "", "teacher_forced", one.outlook),)))
    verdicts = say("log_prob", items)
    assert parts(verdicts) == ["keep"] * len(items)
    assert all(verdict.score < 0.5 for verdict in verdicts)
