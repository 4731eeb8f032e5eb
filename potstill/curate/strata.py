"""Strata: what prompts are told apart by when they are counted, balanced and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potstill.attacks.base import without_row
from potstill.errors import RecipeError
from potstill.registry import did_you_mean

BINS = 4
"""Lengths and difficulties fall into so many strata of about the same size."""
APART = "|"
"""Stands between the labels of a stratum by several."""
NONE = "none"
"""The label of a prompt that has none of that kind."""
_STATED = ("domain", "skill", "intent", "language", "licence", "family", "half", "wrapper", "grader")
COLUMNS = ("id", "messages", "rationale", "reference", "source", "twin_of", *_STATED)
"""The columns of a table of prompts that strata are made from."""


def check_by(by: Sequence[str], where: str) -> None:
    """RecipeError unless every name is one of `LABELS`."""
    for name in by or ("",):
        if name not in LABELS:
            raise RecipeError(f"prompts have no label {name!r}", where=where, fix=did_you_mean(name, sorted(LABELS)))


def strata(prompts: pa.Table, by: Sequence[str]) -> list[str]:
    """The stratum of each prompt, as `math|short`.

    Args:
        prompts: [N] rows with the columns `COLUMNS`.
        by: names of labels.

    Raises:
        RecipeError: there is no such label.
    """
    check_by(by, "by")
    labels = [LABELS[name](prompts) for name in by]
    return [APART.join(each) for each in zip(*labels, strict=True)]


def words_in(texts: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """[N] how many words each text has, by white space; -1 for one that is missing."""
    trimmed = pc.utf8_trim_whitespace(texts)
    counts = pc.if_else(pc.equal(trimmed, ""), 0, pc.list_value_length(pc.utf8_split_whitespace(trimmed)))
    return np.array(pc.fill_null(counts, -1).to_pylist(), np.int64)


def lengths(prompts: pa.Table) -> np.ndarray:
    """[N] the words of each prompt: of all its turns, or of its plain text."""
    turns = prompts["messages"].combine_chunks()
    words = words_in(pc.struct_field(pc.list_flatten(turns), "content"))
    asked = np.bincount(pc.list_parent_indices(turns).to_numpy(), np.maximum(words, 0), len(prompts)).astype(np.int64)
    plain = np.asarray(pc.list_value_length(turns).to_numpy() == 0)
    return np.where(plain, np.maximum(words_in(prompts["reference"]), 0), asked)


def efforts(prompts: pa.Table) -> np.ndarray:
    """[N] the words of what is known to lead to the answer: of the rationale, else of the reference; -1 where neither is known."""
    rationale = words_in(prompts["rationale"])
    return np.where(rationale >= 0, rationale, words_in(prompts["reference"]))


def texts(prompts: pa.Table) -> list[str]:
    """[N] what each prompt says: all turns of users, or its plain text."""
    pairs = zip(prompts["messages"].to_pylist(), prompts["reference"].to_pylist(), strict=True)
    return ["\n".join(turn["content"] for turn in turns if turn["role"] == "user") if turns else plain or "" for turns, plain in pairs]


def binned(sizes: np.ndarray, unit: str) -> list[str]:
    """Sizes as labels of ranges, between quantiles: `9-14 words`; `none` for those below 0.

    Args:
        sizes: [N] whole numbers.
        unit: what is counted.
    """
    known = np.sort(sizes[sizes >= 0])
    if not len(known):
        return [NONE] * len(sizes)
    tops = np.unique(known[[-(-len(known) * (i + 1) // BINS) - 1 for i in range(BINS)]])
    lows = [int(known[0]), *(int(top) + 1 for top in tops[:-1])]
    names = [f"{low}-{top} {unit}" if low < top else f"{top} {unit}" for low, top in zip(lows, tops.tolist(), strict=True)]
    return [names[place] if size >= 0 else NONE for size, place in zip(sizes.tolist(), np.searchsorted(tops, sizes).tolist(), strict=True)]


def _stated(name: str) -> Callable[[pa.Table], list[str]]:
    return lambda prompts: [value or NONE for value in prompts[name].to_pylist()]


def _broad(prompts: pa.Table) -> list[str]:
    return [label.partition(".")[0] for label in _stated("domain")(prompts)]


def _sources(prompts: pa.Table) -> list[str]:
    return [source.partition("/")[0] if source.startswith("world:") else without_row(source) for source in _stated("source")(prompts)]


LABELS: Mapping[str, Callable[[pa.Table], list[str]]] = {
    **{name: _stated(name) for name in _STATED},
    "broad_domain": _broad,
    "source": _sources,
    "length": lambda prompts: binned(lengths(prompts), "words"),
    "difficulty": lambda prompts: binned(efforts(prompts), "words to the answer"),
}
"""Name -> the label of each prompt. `broad_domain`: the domain up to its first dot. `source`: a file without its row. `length` and
`difficulty`: ranges of words, asked and known to lead to the answer, between the quartiles of the prompts at hand."""
