"""Which of several teachers suits a recipe: they answer its own prompts, and one is recommended with reasons."""

from potstill.compare.comparison import Comparison, compare_teachers

__all__ = ["Comparison", "compare_teachers"]
