"""The stage `generate`: prompts and teachers -> traces, with what each teacher expected at every token."""

from potstill.generate.drawing import draw

__all__ = ["draw"]
