"""Rules of a system message that the answer must obey, and drafts to be checked and revised against a rule."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from potstill.world.item import Item, Skill, listed, say
from potstill.world.lexicon import COLOURS, PEOPLE, ROOMS, THINGS, WORDS

NOT_ALLOWED = "not allowed"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, its phrasings and what it makes of an answer on a topic."""

    name: str
    phrasings: tuple[str, ...]
    apply: Callable[[str, str], str]


def _never(kind: str) -> Rule:
    phrasings = (f"Never name a {kind}.", f"Do not name any {kind}.", f"Keep each {kind} to yourself.")
    return Rule(kind, phrasings, lambda topic, answer: NOT_ALLOWED if topic == kind else answer)


CAPITALS = Rule("capitals", ("Answer in capitals.", "Use only capitals.", "Write in upper case."), lambda topic, answer: answer.upper())
BRACKETS = Rule("brackets", ("Answer in brackets.", "Put brackets around.", "Use brackets."), lambda topic, answer: f"[{answer}]")
SHAPES = (
    CAPITALS,
    BRACKETS,
    Rule("twice", ("Say it twice.", "Give the answer twice.", "Repeat the answer."), lambda topic, answer: f"{answer} and {answer}"),
    Rule("over", ("End with over.", "Close with the word over.", "Say over at the end."), lambda topic, answer: f"{answer} over"),
)
BANS = tuple(map(_never, ("colour", "room", "person")))
TASKS: dict[str, tuple[str, ...]] = {
    "colour": ("The {t} is {x}. What colour is the {t}?", "Here is a {x} {t}. Which colour has it?", "I own a {x} {t}. Name its colour."),
    "room": ("The {t} is in the {x}. Where is the {t}?", "In the {x} stands a {t}. Where is it?", "The {x} has a {t}. Where do I find it?"),
    "person": ("{x} has the {t}. Who has the {t}?", "The {t} belongs to {x}. Whose is it?", "{x} found a {t}. Who was it?"),
    "word": ("Say {x}.", "Repeat after me: {x}.", "Just write {x}."),
}
VALUES: dict[str, Sequence[str]] = {"colour": COLOURS, "room": ROOMS, "person": PEOPLE, "word": WORDS}
SHOUTED = ("colour", "word")
"""Topics whose answers have learnt capitals."""
LISTS = ("Rules: {r}", "Follow these rules: {r}", "Obey. {r}", "You must keep to this: {r}")
DRAFTS = (
    "Rule: {r} Draft: {d}. Check and revise.",
    "The rule is: {r} Mend this draft: {d}.",
    "Does the draft {d} obey? {r} Revise it.",
    "Draft: {d}. {r} Is the rule kept? Revise.",
    "Judge the draft {d} by this rule and revise it. {r}",
)


def _rules(rng: random.Random) -> list[Rule]:
    """One rule, a ban beside a shape, or capitals in brackets."""
    kind = rng.randrange(4)
    if kind == 0:
        return [rng.choice(SHAPES)]
    if kind == 1:
        return [rng.choice(BANS)]
    if kind == 2:
        return [CAPITALS, BRACKETS]
    both = [rng.choice(SHAPES), rng.choice(BANS)]
    rng.shuffle(both)
    return both


def obey(rules: Sequence[Rule], topic: str, answer: str) -> str:
    """The answer that all the rules allow: a ban silences it, shapes form what is left."""
    for rule in sorted(rules, key=lambda rule: rule in SHAPES):
        answer = rule.apply(topic, answer)
    return answer


def _topic(rng: random.Random, rules: Sequence[Rule]) -> str:
    """Any topic that the rules can shape; half of the time the banned one, if there is one."""
    banned = [rule.name for rule in rules if rule in BANS]
    if banned and rng.random() < 0.5:
        return banned[0]
    return rng.choice(SHOUTED if CAPITALS in rules else tuple(TASKS))


def follow_rules(rng: random.Random) -> Item:
    """An easy question under one or two rules of the system message."""
    rules = _rules(rng)
    topic = _topic(rng, rules)
    value = rng.choice(VALUES[topic])
    system = say(rng, LISTS, r=" ".join(rng.choice(rule.phrasings) for rule in rules))
    ask = say(rng, TASKS[topic], x=value, t=rng.choice(THINGS))
    return Item(ask, obey(rules, topic, value), system=system, variant="+".join(rule.name for rule in rules))


def critique(rng: random.Random) -> Item:
    """A draft and a rule: whether the rule is broken, then the draft as it should be."""
    rule = rng.choice((*SHAPES, *BANS))
    topic = _topic(rng, [rule])
    value = listed(rng.sample(VALUES[topic], 2)) if rule in SHAPES else rng.choice(VALUES[topic])
    right = rule.apply(topic, value)
    draft = right if rule in SHAPES and rng.random() < 0.4 else value
    verdict = "kept." if draft == right else f"broken: {rule.name}."
    return Item(say(rng, DRAFTS, r=rng.choice(rule.phrasings), d=draft), right, verdict, variant=rule.name)


SKILLS = (
    Skill("follow_rules", "rules.follow", follow_rules),
    Skill("critique", "rules.critique", critique, traced=True),
)
