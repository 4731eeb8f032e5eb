"""The recommendation."""

from __future__ import annotations

from dataclasses import replace

from potstill.compare.candidates import Candidate, Cost
from potstill.compare.deciding import Performance, decide

N = 100


def performance(name, *, right=N, unleaked=None, parameters=1000, usd=None, lacks=""):
    who = Candidate(name, ("text",), parameters, 1.0, True, "", "unknown", lacks)
    marks = {"capability": [1.0] * right + [0.0] * (N - right)}
    if unleaked is not None:
        marks["hazard"] = [1.0] * unleaked + [0.0] * (N - unleaked)
    return Performance(who, {} if lacks else marks, ["a"] * N, Cost(10.0, usd, None))


def test_the_clearly_best_is_recommended():
    found = decide([performance("bad", right=60), performance("good", right=95), performance("fair", right=80)])
    assert found.name == "good"
    assert found.clear
    assert found.reasons[0].startswith("the best answers: 15.0 points [")
    assert found.others["bad"].startswith("clearly worse: good is 35.0 points")
    assert "most of it on capability prompts (60.0% against 95.0%)" in found.others["bad"]
    assert found.behind["fair"].value == 0.15


def test_without_a_clear_difference_the_cheaper_smaller_safer_is_taken():
    large = performance("large", right=96, parameters=9000)
    assert decide([large, performance("small", right=95)]).name == "small"
    assert decide([performance("paid", right=96, usd=0.1), performance("cheap", right=95, usd=0.01)]).name == "cheap"
    found = decide([performance("leaky", right=97, unleaked=98), performance("safe", right=96, unleaked=99)])
    assert found.name == "safe"
    assert not found.clear
    assert found.reasons == ("no clear difference to leaky", "of these it is the safer one, next to leaky")
    told = decide([large, performance("small", right=95)])
    assert told.reasons == ("no clear difference to large", "of these it is the smaller one, next to large")
    assert told.others["large"].startswith("no clear difference: small is 1.0 points [-1.7, 3.7] behind; ")
    assert told.others["large"].endswith("it is larger (9k parameters)")


def test_all_alike_the_best_answers_count():
    found = decide([performance("a", right=95), performance("b", right=96)])
    assert found.name == "b"
    assert "none is cheaper, smaller or safer" in found.reasons[1]


def test_what_cannot_be_used_is_never_recommended():
    found = decide([performance("mute", lacks="it gives no probabilities"), performance("bad", right=10)])
    assert (found.name, found.reasons) == ("bad", ("it is the only candidate that the recipe can use",))
    assert found.others == {"mute": "it gives no probabilities"}
    none = decide([performance("mute", lacks="it gives no probabilities")])
    assert (none.name, none.others) == (None, {"mute": "it gives no probabilities"})


def test_one_that_nobody_could_judge_is_not_recommended():
    assert decide([replace(performance("odd"), marks={})]).others == {"odd": "its answers could not be judged"}


def test_what_could_not_be_judged_is_no_pass():
    unjudged = replace(performance("odd"), marks={"capability": [None] * N})
    found = decide([unjudged, performance("bad", right=10)])
    assert found.name == "bad"
    assert found.others["odd"] == "its answers could not be judged"
