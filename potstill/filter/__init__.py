"""The stage `filter`: traces -> verdicts (keep, hazard, noise) and a decision over them; nothing is deleted."""

from potstill.filter.base import Comparing, Filter, FilterSettings
from potstill.filter.judging import Cut, judge

__all__ = ["Comparing", "Cut", "Filter", "FilterSettings", "judge"]
