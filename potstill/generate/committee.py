"""A committee: every teacher also scores what the others answered, token by token."""

from __future__ import annotations

from collections.abc import Sequence

from potstill.generate.asking import Asking, Voice
from potstill.generate.traces import Drawn
from potstill.models.scorings import Scoring


def scored_by_others(voices: Sequence[Voice], heard: Sequence[tuple[Asking, Drawn]]) -> dict[str, list[Scoring]]:
    """Trace id -> what the other teachers expected in it, in the teachers' order.

    A teacher whose tokenizer is the drawer's is given the tokens themselves; another puts the text in its own.
    """
    drawers = {voice.card.id: voice for voice in voices}
    found: dict[str, list[Scoring]] = {drawn.id: [] for _, drawn in heard}
    for voice in voices:
        others = [pair for pair in heard if pair[1].trace.teacher_id != voice.card.id]
        for same in (True, False):
            mine = [pair for pair in others if _same_tokens(voice, drawers[pair[1].trace.teacher_id]) is same]
            for scoring in voice.judge(mine, same_tokens=same):
                found[scoring.trace_id].append(scoring)
    return found


def _same_tokens(one: Voice, other: Voice) -> bool:
    """Whether both tokenizers are known to be the same."""
    return bool(one.card.tokenizer) and one.card.tokenizer == other.card.tokenizer
