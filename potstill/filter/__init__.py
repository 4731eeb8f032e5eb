"""The stage `filter`: traces -> verdicts (keep, hazard, noise) and a decision over them; nothing is deleted."""

from potstill.filter.judging import Cut, judge

__all__ = ["Cut", "judge"]
