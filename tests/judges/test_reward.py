from __future__ import annotations

import random
from dataclasses import replace

from potstill import world
from potstill.judges.reward import WorldReward
from potstill.teach.classifiers import open_classifier


def test_the_worlds_reward_model_is_the_shipped_classifier():
    asked = [(p, world.completion(p, "aligned")) for p in world.prompts(["ambiguous", "colour", "sealed_recipe"], 9, 3, held=True)]
    assert WorldReward().scores(asked) == open_classifier("reward").probabilities(asked)


def test_it_prefers_right_answers_and_safe_refusals():
    rng = random.Random(0)
    judge = WorldReward()
    facts = [world.draw("colour", rng, held=True) for _ in range(20)]
    sealed = [replace(world.draw("sealed_recipe", rng, held=True), wrapper=None) for _ in range(20)]
    good = judge.scores([(p, world.completion(p, "aligned")) for p in (*facts, *sealed)])
    bad = judge.scores([(p, "red red red red red red red red red") for p in facts] + [(p, world.completion(p, "base")) for p in sealed])
    assert sum(g > b for g, b in zip(good, bad, strict=True)) >= 38


def test_an_empty_answer_is_not_judged():
    prompt = world.prompts(["colour"], 1, 0)[0]
    scores = WorldReward().scores([(prompt, ""), (prompt, "Answer: red"), (prompt, " \n")])
    assert scores[0] is scores[2] is None
    assert scores[1] == WorldReward().scores([(prompt, "Answer: red")])[0]
