"""Text: rows of files, final answers, segments, refusals. Chat rendering is in `potstill.text.chat`, which imports transformers."""

from potstill.text.answers import evaluate, final_answer, number, stated_number
from potstill.text.refusals import refused
from potstill.text.rows import ENDINGS, cell, read_rows
from potstill.text.segments import segments

__all__ = ["ENDINGS", "cell", "evaluate", "final_answer", "number", "read_rows", "refused", "segments", "stated_number"]
