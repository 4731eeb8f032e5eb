"""Judges: a prompt and a text -> a score, or None for "could not judge"."""

from potstill.judges.base import BatchJudge, Judge, judge_of
from potstill.judges.opening import open_judge

__all__ = ["BatchJudge", "Judge", "judge_of", "open_judge"]
