"""Traces as sequences of tokens to learn from, each target with what the teacher expected there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat

import numpy as np
import pyarrow as pa
from transformers import PreTrainedTokenizerBase

from potstill.errors import CapabilityError, InputError
from potstill.fit import Example
from potstill.models.scorings import Support
from potstill.store.tables import rows
from potstill.text.chat import Rendered, render
from potstill.text.segments import goes_on_thinking, without_opening, without_reasoning
from potstill.text.thoughts import OPEN, ends_thinking, may_think
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

    def encode(
        self,
        traces: pa.Table,
        supports: Iterable[Support],
        prompts: Mapping[str, Prompt],
        kept: set[str],
        times: Mapping[str, int] | None = None,
    ) -> list[Example]:
        """The kept traces of a table of traces as examples, in its order.

        Args:
            traces: of the stage `generate`.
            supports: what the teachers expected; of a trace that several scored, the one that drew it counts.
            prompts: prompt id -> prompt.
            kept: ids of the kept traces.
            times: trace id -> how often it stands among the examples; None: each once.

        Raises:
            CapabilityError: a trace has no stored distribution and a loss needs one, or they were kept by different codecs.
            InputError: no trace is left.
        """
        drew = dict(zip(traces["id"].to_pylist(), traces["teacher_id"].to_pylist(), strict=True))
        own = (one for one in supports if one.trace_id in kept and one.teacher_id == drew.get(one.trace_id))
        seen = {one.trace_id: one for one in own} if self.signals else {}
        wanted = (trace for trace in rows(traces, Trace) if trace.id in kept and (times is None or times[trace.id]))
        found = ((trace.id, self._example(trace, prompts[trace.prompt_id], seen.get(trace.id))) for trace in wanted)
        often = (repeat(example, 1 if times is None else times[id_]) for id_, example in found if example is not None)
        examples = list(chain.from_iterable(often))
        if not examples:
            raise InputError("no kept trace fits", where="train", fix="raise train.max_length, or look at the filters' verdicts")
        codecs = sorted({example.codec for example in examples})
        if len(codecs) > 1:
            what = f"the teachers' distributions were kept in different ways: {', '.join(codecs)}"
            raise CapabilityError(what, where="teachers.codec", fix="give all teachers the same codec, and generate again")
        return examples

    def _example(self, trace: Trace, prompt: Prompt, seen: Support | None) -> Example | None:
        rendered = self._render(trace, prompt)
        ids = np.array(rendered.input_ids[: self.max_length])
        self.cut += len(rendered.input_ids) > self.max_length
        if len(ids) <= rendered.loss_from:
            self.dropped += 1
            return None
        if not self.signals:
            return Example(ids, rendered.loss_from)
        targets = len(rendered.input_ids) - rendered.loss_from
        held = 0 if seen is None else len(seen.hidden) or (len(seen.ids) if seen.ids.size else 0)
        if seen is None or held != targets:
            remedy = "generate again with top_k above 0 from a teacher that gives probabilities"
            raise CapabilityError(f"the stored distribution covers {held} of {targets} tokens", where=f"trace {trace.id}", fix=remedy)
        size = len(ids) - rendered.loss_from
        return Example(
            ids,
            rendered.loss_from,
            support_ids=seen.ids[:size],
            support_log_p=seen.log_p[:size],
            tail_mass=seen.tail_mass[:size],
            hidden=seen.hidden[:size] if len(seen.hidden) else None,
            codec=seen.codec,
        )

    def _render(self, trace: Trace, prompt: Prompt) -> Rendered:
        if not prompt.messages and trace.scored:
            return render(self.tokenizer, prompt, None)
        if self.answer_only:
            answer = without_reasoning(trace.text, trace.segments)
            return render(self.tokenizer, prompt, answer, end=trace.finish_reason == "stop")
        if self.same_tokens and trace.token_ids:
            return render(self.tokenizer, prompt, trace.token_ids)
        return render(self.tokenizer, prompt, self._text(trace, prompt), end=trace.finish_reason == "stop")

    def _text(self, trace: Trace, prompt: Prompt) -> str:
        """The answer's text, with the mark that begins its thought exactly where the student's chat template does not write it."""
        begun = may_think(self.tokenizer) and ends_thinking(self.tokenizer, render(self.tokenizer, prompt, None).input_ids)
        behind = without_opening(trace.text)
        if begun and behind is not None:
            return behind
        return f"{OPEN}\n{trace.text}" if not begun and goes_on_thinking(trace.text, trace.segments) else trace.text
