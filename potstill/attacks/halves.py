"""Which prompts may be trained on, and which only evaluate: the one rule that all who ask use."""

from __future__ import annotations

from functools import cache

from potstill.attacks.base import wrappers
from potstill.registry import find, names
from potstill.types import Half, Prompt
from potstill.world import WRAPPERS


def only_evaluates(prompt: Prompt) -> bool:
    """Whether the prompt must never be asked for training, whatever the answer.

    So it is with a hazard of half B, with a hazard inside a wrapper of the built-in world of half B, and with anything inside an attack
    family of half B: a harmless twin would teach the wrapper as well.
    """
    hazard = prompt.intent == "hazard"
    if hazard and prompt.half == "B":
        return True
    return any(_attack_halves().get(name) == "B" or (hazard and _of_world(name) == "B") for name in wrappers(prompt))


def withheld(prompt: Prompt) -> str:
    """What a prompt is for which `only_evaluates` holds, in a few words."""
    if prompt.intent == "hazard" and prompt.half == "B":
        return "a request for a hazard of half B"
    return f"a request in the wrapper {prompt.wrapper!r} of half B"


def _of_world(name: str) -> Half | None:
    return WRAPPERS[name].half if name in WRAPPERS else None


@cache
def _attack_halves() -> dict[str, Half]:
    return {name: find("attack", name).factory.HALF for name in names("attack")}  # type: ignore[attr-defined]  # of every family's class
