"""Traces that say the same again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from potstill.filter.base import FilterSettings
from potstill.registry import part
from potstill.types import Prompt, Trace, Verdict, content_id

NAME, VERSION = "duplicate", "2"


class DuplicateSettings(FilterSettings):
    """Settings of the filter `duplicate`.

    Attributes:
        same_teacher: only traces of one teacher are compared; else the same answer of two teachers is a duplicate too.
    """

    same_teacher: bool = False


@part("filter", NAME, version=VERSION)
class DuplicateFilter:
    """The same answer to the same prompt again is noise; case and spaces do not count.

    So is the same continuation of the same plain text. Of those that are the same, the one whose id sorts first stays: which one does not
    depend on the order of the rows. Of each trace it remembers 16 bytes: a hash of what it says, and its id.
    """

    Settings = DuplicateSettings

    def __init__(self) -> None:
        self._seen: list[np.ndarray] = []
        self._stays: np.ndarray | None = None

    def collect(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt], settings: DuplicateSettings) -> None:
        """Remember what each trace says."""
        pairs = [(int(_key(trace, prompts[trace.prompt_id], settings), 16), int(trace.id, 16)) for trace in traces]
        self._seen.append(np.array(pairs, np.uint64).reshape(-1, 2))
        self._stays = None

    def judge(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt], settings: DuplicateSettings) -> list[Verdict]:
        """One verdict a trace; the evidence is the trace that stays."""
        keys = np.array([int(_key(trace, prompts[trace.prompt_id], settings), 16) for trace in traces], np.uint64)
        return [_verdict(trace.id, first) for trace, first in zip(traces, self._first(keys), strict=True)]

    def _first(self, keys: np.ndarray) -> list[str | None]:
        """The trace that stays of those that share each key; None where no trace that was shown has it."""
        stays = self._table()
        if not len(stays):
            return [None] * len(keys)
        near = stays[np.minimum(np.searchsorted(stays[:, 0], keys), len(stays) - 1)]
        return [f"{id_:016x}" if known == key else None for key, (known, id_) in zip(keys.tolist(), near.tolist(), strict=True)]

    def _table(self) -> np.ndarray:
        """[keys, 2] each key once, in order, with the first of its ids."""
        if self._stays is None:
            seen = np.concatenate([np.zeros((0, 2), np.uint64), *self._seen])
            seen = seen[np.lexsort((seen[:, 1], seen[:, 0]))]
            self._stays = seen[np.unique(seen[:, 0], return_index=True)[1]]
            self._seen = [self._stays]
        return self._stays


def _verdict(trace_id: str, first: str | None) -> Verdict:
    if first is None or trace_id == first:
        return Verdict(trace_id, "keep", NAME, "the first of its kind", 0.0, version=VERSION)
    return Verdict(trace_id, "noise", NAME, "says the same as another trace", 1.0, evidence=first, version=VERSION)


def _key(trace: Trace, prompt: Prompt, settings: DuplicateSettings) -> str:
    """What two duplicates share."""
    turns = [[message.role, _plain(message.content)] for message in prompt.messages]
    asked = turns or _plain(prompt.reference or "")
    return content_id([asked, _plain(trace.text), trace.teacher if settings.same_teacher else ""])


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
