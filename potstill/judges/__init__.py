"""Judges: a prompt and a text -> a score in [0, 1], or None for "could not judge"."""

from potstill.judges.base import Judge, judge_of

__all__ = ["Judge", "judge_of"]
