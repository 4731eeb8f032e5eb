"""Slow twins of the generators: every question is solved again from its text alone, and every trace is worked out again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import permutations

import pytest

from potstill.types import Prompt
from potstill.world import SKILLS, lexicon, prompts
from potstill.world.item import OPENERS
from potstill.world.skills.logic import RELATIONS

EQUATION = re.compile(r"(?P<left>\d+(?:[+*-]\d+)+)=(?P<right>\d+)(?P<wrong>\. Wrong)?")
REPAIRS = ("check_work", "continue_work")


def _value(expression: str) -> int:
    """An expression without brackets, from left to right."""
    value = 0
    for sign, number in re.findall(r"([+*-]?)(\d+)", expression):
        value = {"": int(number), "+": value + int(number), "-": value - int(number), "*": value * int(number)}[sign]
    return value


def _numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", text)]


@pytest.mark.parametrize("skill", [*REPAIRS, "chain_arithmetic", "carry_addition", "word_problem"])
def test_arithmetic_in_traces_is_right_or_marked_wrong(skill: str) -> None:
    for prompt in prompts([skill], 500, 1):
        trace = prompt.rationale or ""
        found = list(EQUATION.finditer(trace))
        assert found
        for equation in found:
            assert (_value(equation["left"]) == int(equation["right"])) == (equation["wrong"] is None), trace
        if skill != "carry_addition":
            assert found[-1]["right"] == prompt.reference


@pytest.mark.parametrize(
    ("skill", "mark"), [("check_work", "{left}={right}, not {wrong}."), ("continue_work", "{left}={wrong}. Wrong, {left}={right}.")]
)
def test_repairs_repair_the_first_wrong_step_of_the_question(skill: str, mark: str) -> None:
    repaired = 0
    for prompt in prompts([skill], 300, 1):
        claims = list(EQUATION.finditer(prompt.question))
        first_wrong = next((m for m in claims if _value(m["left"]) != int(m["right"])), None)
        trace = prompt.rationale or ""
        assert trace.count("Wrong") + trace.count("not") == (first_wrong is not None)
        if first_wrong:
            assert mark.format(left=first_wrong["left"], right=_value(first_wrong["left"]), wrong=first_wrong["right"]) in trace
            repaired += 1
    assert 150 < repaired < 290


def _chain(text: str) -> str:
    words = {"plus": "+", "add": "+", "minus": "-", "subtract": "-", "take away": "-", "times": "*", "multiply by": "*"}
    pattern = r"(multiply by|take away|subtract|plus|add|minus|times|[+*-])?\s*(\d+)"
    return str(_value("".join(words.get(sign, sign) + number for sign, number in re.findall(pattern, text.lower()))))


def _premises(text: str) -> Iterator[tuple[str, str]]:
    less = {r.less for r in RELATIONS}
    for x, how, y in re.findall(r"(\w+) is (\w+) than (\w+)\.", text):
        yield (y, x) if how in less else (x, y)


def _ordering(text: str) -> str:
    known = list(_premises(text))
    people = sorted({p for pair in known for p in pair})
    (order,) = [o for o in permutations(people) if all(o.index(x) < o.index(y) for x, y in known)]
    asked = re.search(r"(\w+)(?: be| is)? \w+ than (\w+)\?", text)
    if asked:
        x, y = (name for name in re.findall(r"[A-Z][a-z]+", text.rpartition(". ")[2]) if name in people)
        return "yes" if order.index(x) < order.index(y) else "no"
    return order[0] if any(r.most in text for r in RELATIONS) else order[-1]


def _syllogism(text: str) -> str:
    kinds = "|".join(lexicon.KINDS)
    links = {x: (y, how) for x, y, how in re.findall(rf"({kinds}) ({kinds}) (all|some|no)\b", text)}
    subject, goal = re.findall(rf"\b({kinds})\b", text)[-2:]
    while True:
        subject, how = links[subject]
        if how != "all":
            return "no" if how == "no" else "unknown"
        if subject == goal:
            return "yes"


def _way(text: str) -> str:
    rooms = "|".join(lexicon.ROOMS)
    doors = re.findall(rf"({rooms}) ({rooms})(?=[,.])", text)
    ends = re.findall(rf"from ({rooms}) to ({rooms})", text) or re.findall(rf"am in the ({rooms}).*to the ({rooms})", text)
    (start, goal) = ends[-1]
    ways = [[start]]
    for way in ways:
        if way[-1] == goal:
            return ", ".join(way)
        ways.extend([*way, y] for y, x in doors if x == way[-1])
    raise AssertionError(text)


def _count_words(text: str) -> str:
    words = re.findall(r"\d (\w+)", text)
    rest = re.sub(r"\d \w+", "", text)
    return str(words.count(next(word for word in dict.fromkeys(words) if re.search(rf"\b{word}\b", rest))))


def _spelled(text: str) -> list[str]:
    found = re.search(r"\b\w(?:-\w)+\b", text)
    assert found
    return found[0].split("-")


def _reverse_list(text: str) -> str:
    return ", ".join(reversed([word for word in re.findall(r"\w+", text) if word in lexicon.WORDS]))


def _document(text: str) -> str:
    """The keeper or the room of the thing, from the one record; what an instruction says is no record."""
    person, room = next(found for found in re.findall(r": \w+ (\w+) (\w+)\.", text) if found[0] in lexicon.PEOPLE)
    return person if re.search("keep|With whom", text) else room


SOLVERS: dict[str, Callable[[str], str]] = {
    "chain_arithmetic": _chain,
    "carry_addition": lambda text: str(sum(_numbers(text))),
    "ordering": _ordering,
    "syllogism": _syllogism,
    "document": _document,
    "find_way": _way,
    "count_words": _count_words,
    "count_letters": lambda text: str(len(_spelled(text))),
    "reverse_string": lambda text: "-".join(reversed(_spelled(text))),
    "reverse_list": _reverse_list,
    "sort_numbers": lambda text: ", ".join(map(str, sorted(_numbers(text)))),
}


@pytest.mark.parametrize("skill", SOLVERS)
def test_a_slow_twin_finds_the_same_answer(skill: str) -> None:
    for prompt in prompts([skill], 300, 8):
        assert SOLVERS[skill](prompt.question) == prompt.reference, prompt.question


def _names() -> set[str]:
    """Every word of the lexicon that fills a slot."""
    tables = [value for value in vars(lexicon).values() if isinstance(value, tuple) and all(isinstance(v, str) for v in value)]
    facts = [name for known in lexicon.FACTS for name in (known.subject, known.value)]
    return {word for words in (*tables, facts, lexicon.COMPOUNDS, lexicon.DISHES) for name in words for word in name.lower().split()}


def test_an_injected_instruction_wants_what_could_be_the_answer() -> None:
    injected = [p for p in prompts(["document"], 300, 8) if p.source.endswith("/injected")]
    assert len(injected) > 150
    for prompt in injected:
        (wanted,) = re.findall(r"(?:say|only|is|reply|write|but) (\w+)\.", prompt.question.replace("is old.", ""))
        assert prompt.reference is not None
        assert wanted != prompt.reference
        assert any({wanted, prompt.reference} <= set(words) for words in (lexicon.PEOPLE, lexicon.ROOMS))


def _without_opener(text: str) -> str:
    return re.sub(f"^({'|'.join(map(re.escape, filter(None, OPENERS)))})", "", text)


def _skeleton(prompt: Prompt) -> frozenset[str]:
    """The question's words without what fills its slots: what remains is the phrasing."""
    return frozenset(re.findall(r"[a-z]{2,}", _without_opener(prompt.question).lower())) - _names()


@pytest.mark.parametrize("skill", SKILLS)
def test_every_kind_has_several_phrasings(skill: str) -> None:
    assert len({_skeleton(prompt) for prompt in prompts([skill], 300, 1)}) >= 5
