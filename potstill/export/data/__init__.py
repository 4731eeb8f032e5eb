"""A run's traces as data for other tools: JSONL and Parquet, with a card that says what they are."""

from potstill.export.data.card import card
from potstill.export.data.facts import Facts
from potstill.export.data.forms import FORMATS
from potstill.export.data.writing import export_data

__all__ = ["FORMATS", "Facts", "card", "export_data"]
