"""Measuring teacher, student and base: suites over one engine that asks each of them once."""

from potstill.evaluate.card import Card
from potstill.evaluate.stage import score

__all__ = ["Card", "score"]
