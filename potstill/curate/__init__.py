"""Curation: filters that say what they think of prompts and of answers, and a policy that decides; nothing is deleted."""

from potstill.curate.base import Comparing, Context, Filter, FilterSettings, Item, Opinion

__all__ = ["Comparing", "Context", "Filter", "FilterSettings", "Item", "Opinion"]
