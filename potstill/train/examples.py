"""Traces as sequences of tokens to learn from, each target with what the teacher expected there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from transformers import PreTrainedTokenizerBase

from potstill.errors import CapabilityError, InputError
from potstill.fit import Example
from potstill.store.tables import rows
from potstill.text.chat import Rendered, render
from potstill.text.segments import without_reasoning
from potstill.types import Prompt, Trace


@dataclass
class Encoder:
    """Turns traces into examples, and counts what it had to leave out.

    Args:
        tokenizer: the student's.
        same_tokens: whether the teacher's token ids are the student's too.
        max_length: longest sequence; a longer one loses its end.
        signals: whether the teacher's stored distribution is needed; only with `same_tokens`.
        answer_only: whether the reasoning before the final answer is left out.
    """

    tokenizer: PreTrainedTokenizerBase
    same_tokens: bool
    max_length: int
    signals: bool
    answer_only: bool = False
    cut: int = field(default=0, init=False)
    dropped: int = field(default=0, init=False)

    def encode(self, table: pa.Table, prompts: Mapping[str, Prompt], kept: set[str]) -> list[Example]:
        """The kept traces of a table of traces as examples, in its order.

        Raises:
            CapabilityError: a trace has no stored distribution and a loss needs one.
            InputError: no trace is left.
        """
        found = (self._example(trace, prompts[trace.prompt_id], signal) for trace, signal in _with_signals(table) if trace.id in kept)
        examples = [example for example in found if example is not None]
        if not examples:
            raise InputError("no kept trace fits", where="train", fix="raise train.max_length, or look at the filters' verdicts")
        return examples

    def _example(self, trace: Trace, prompt: Prompt, signal: tuple[np.ndarray, np.ndarray] | None) -> Example | None:
        rendered = self._render(trace, prompt)
        ids = np.array(rendered.input_ids[: self.max_length])
        self.cut += len(rendered.input_ids) > self.max_length
        if len(ids) <= rendered.loss_from:
            self.dropped += 1
            return None
        if not self.signals:
            return Example(ids, rendered.loss_from)
        targets = len(rendered.input_ids) - rendered.loss_from
        if signal is None or len(signal[0]) != targets:
            held = 0 if signal is None else len(signal[0])
            remedy = "generate again with top_k above 0 from a teacher that gives probabilities"
            raise CapabilityError(f"the stored distribution covers {held} of {targets} tokens", where=f"trace {trace.id}", fix=remedy)
        size = len(ids) - rendered.loss_from
        return Example(ids, rendered.loss_from, topk_ids=signal[0][:size], topk_log_p=signal[1][:size])

    def _render(self, trace: Trace, prompt: Prompt) -> Rendered:
        if not prompt.messages:
            return render(self.tokenizer, prompt, None)
        if self.answer_only:
            answer = without_reasoning(trace.text, trace.segments)
            return render(self.tokenizer, prompt, answer, end=trace.finish_reason == "stop")
        if self.same_tokens and trace.token_ids:
            return render(self.tokenizer, prompt, trace.token_ids)
        return render(self.tokenizer, prompt, trace.text, end=trace.finish_reason == "stop")


def _with_signals(table: pa.Table) -> Iterator[tuple[Trace, tuple[np.ndarray, np.ndarray] | None]]:
    """Each trace with its top-k ids and log-probabilities, [T, k] each; None where the teacher gave none."""
    for batch in table.to_batches(max_chunksize=1024):
        part = pa.Table.from_batches([batch])
        widths, ids, log_p = (part.column(name) for name in ("k", "topk_ids", "topk_log_p"))
        for line, trace in enumerate(rows(part, Trace)):
            k = widths[line].as_py() or 0
            yield trace, (_matrix(ids[line], k), _matrix(log_p[line], k)) if k else None


def _matrix(cell: pa.ListScalar, k: int) -> np.ndarray:
    return np.asarray(cell.values.to_numpy()).reshape(-1, k)
