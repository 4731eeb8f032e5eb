"""The stage `prompts`: sources of prompts -> one table of what is asked, and one of what is only evaluated."""

from potstill.prompts.stage import gather

__all__ = ["gather"]
