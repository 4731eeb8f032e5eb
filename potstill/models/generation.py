"""Batched generation: prompts of like length together, finished rows dropped.

Every row draws from its own stream of uniform numbers, a function of the seed, the prompt's id, the draw's number and the step, so that an
answer does not depend on the batch that it was drawn in (beyond the rounding of floats).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.errors import ModelError
from potstill.models.base import NOTHING, Keep, Outlook, Sampling, TooLongError
from potstill.models.growing import growing
from potstill.models.scoring import Head, Seen, look
from potstill.models.streams import row_key, uniforms
from potstill.signal.codecs.base import open_codec
from potstill.signal.distribution import Distribution
from potstill.signal.drawing import invert
from potstill.types import FinishReason

_DROP_SHARE = 0.25
"""Finished rows leave the batch when they are at least this share of it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One prompt to continue: its token ids, and the key that with the seed fixes its draws."""

    token_ids: tuple[int, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One continuation, end token included, and what the network expected at each of its tokens."""

    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    outlook: Outlook


def choose(seen: Distribution, uniform: Float[Tensor, " N"], temperature: float, top_p: float) -> Int[Tensor, " N"]:
    """One token a row, by inverting the cumulative distribution at `uniform`; the most probable token at temperature 0."""
    if temperature == 0:
        return seen.logits.argmax(-1)
    p = seen.weights if temperature == 1 else torch.softmax(seen.logits / temperature, -1)
    if top_p < 1:
        ordered, order = (p / p.sum(-1, keepdim=True)).sort(dim=-1, descending=True, stable=True)
        before = ordered.cumsum(-1) - ordered
        p = torch.zeros_like(p).scatter_(-1, order, ordered.masked_fill(before >= top_p, 0.0))
    return invert(p, uniform[:, None])[:, 0]


def generate(
    head: Head,
    asks: Sequence[Ask],
    sampling: Sampling,
    keep: Keep = NOTHING,
    *,
    end_ids: Collection[int],
    context: int | None,
    batch_size: int = 64,
) -> list[list[Drawn]]:
    """`sampling.n` continuations of each prompt.

    Args:
        head: the network.
        asks: the prompts.
        sampling: how tokens are drawn.
        keep: what of each distribution is kept.
        end_ids: a continuation stops at any of these, which is its last token.
        context: positions that the network has; a continuation that reaches the last one ends with `length`.
        batch_size: most rows a forward pass; the n draws of a prompt are n rows, over several passes where they are more.

    Raises:
        ModelError: a prompt is empty or leaves no room in the context.
    """
    for ask in asks:
        _check(ask, context, head.network.name_or_path)
    results: list[list[Drawn]] = [[] for _ in asks]
    was_training = head.network.training
    head.network.eval()
    try:
        for batch, draws in _passes([len(ask.token_ids) for ask in asks], sampling.n, batch_size):
            some = replace(sampling, n=len(draws), first=sampling.first + draws.start)
            rows = _Rows(head, [asks[i] for i in batch], some, keep, end_ids, context).run()
            for place, index in enumerate(batch):
                results[index] += rows[place * len(draws) : (place + 1) * len(draws)]
    finally:
        head.network.train(was_training)
    return results


def _passes(lengths: Sequence[int], n: int, batch_size: int) -> Iterator[tuple[list[int], range]]:
    """Which prompts, and which of their n draws, are rows together: prompts of like length, and never more than `batch_size` rows."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], i))
    draws = min(n, batch_size)
    prompts = batch_size // draws
    for start in range(0, len(order), prompts):
        for first in range(0, n, draws):
            yield order[start : start + prompts], range(first, min(first + draws, n))


def _check(ask: Ask, context: int | None, name: str | None) -> None:
    if not ask.token_ids:
        raise ModelError(f"prompt {ask.key} has no tokens", where=name or "", fix="give it text, or a tokenizer that begins with BOS")
    if context is not None and len(ask.token_ids) >= context:
        raise TooLongError(
            f"prompt {ask.key} has {len(ask.token_ids)} tokens and the model's context holds {context}",
            where=name or "",
            fix="shorten or drop the prompt ([prompts] limit or template), or use a model with a longer context",
        )


class _Rows:
    """The rows of one batch while they grow. `live[j]` is the row that stands at place j of the text that the network reads."""

    def __init__(
        self, head: Head, asks: Sequence[Ask], sampling: Sampling, keep: Keep, end_ids: Collection[int], context: int | None
    ) -> None:
        self.head, self.sampling, self.device = head, sampling, head.weight.device
        self.keep, self.codec = keep, open_codec(keep.codec, keep.size)
        self.end_ids = torch.tensor(sorted(end_ids), dtype=torch.long, device=self.device)
        lengths = torch.tensor([len(ask.token_ids) for ask in asks]).repeat_interleave(sampling.n)
        room = torch.full_like(lengths, sampling.max_new_tokens)
        self.limit = room if context is None else torch.minimum(room, context - lengths)
        draws = [(ask.key, sample) for ask in asks for sample in range(sampling.first, sampling.first + sampling.n)]
        self.keys = np.array([row_key(sampling.seed, key, sample) for key, sample in draws], dtype=np.uint64)
        self.codec_keys = np.array([row_key(keep.seed, f"{key}/codec", sample) for key, sample in draws], dtype=np.uint64)
        self.text, self.live = growing(head, [ask.token_ids for ask in asks]), torch.arange(len(draws))
        steps = int(self.limit.max())
        width = self.codec.width(head.weight.shape[0])
        self.tokens = torch.zeros(len(draws), steps, dtype=torch.long)
        self.log_p, self.tail_mass = torch.zeros(2, len(draws), steps)
        self.rank = torch.zeros(len(draws), steps, dtype=torch.int32)
        self.support_ids = torch.zeros(len(draws), steps, width, dtype=torch.int32)
        self.support_log_p = torch.zeros(len(draws), steps, width)
        self.hidden: Tensor | None = None
        self.length = torch.zeros(len(draws), dtype=torch.long)
        self.stopped = torch.zeros(len(draws), dtype=torch.bool)

    @torch.inference_mode()
    def run(self) -> list[Drawn]:
        states = self.text.start(self.sampling.n)
        going = torch.ones(len(self.live), dtype=torch.bool)
        step = 0
        while True:
            chosen = self._step(states, step, going)
            step += 1
            if not going.any():
                return self._collect()
            if going.float().mean() <= 1 - _DROP_SHARE:
                kept = going.nonzero()[:, 0]
                self.text.keep(kept.to(self.device))
                self.live, chosen, going = self.live[kept], chosen[kept.to(self.device)], going[kept]
            states = self.text.grow(chosen)

    def _step(self, states: Float[Tensor, "N H"], step: int, going: Tensor) -> Int[Tensor, " N"]:
        """Choose and record one token for every going row; rows that end leave `going`."""
        seen = Distribution.of(self.head.logits(states))
        uniform = torch.from_numpy(uniforms(self.keys[self.live.numpy()], step)).to(self.device)
        chosen = choose(seen, uniform, self.sampling.temperature, self.sampling.top_p)
        self._record(look(seen, chosen, states, self.codec, self._codec_uniforms(step)), step, going)
        rows = self.live[going]
        self.tokens[rows, step] = chosen.cpu()[going]
        self.length[rows] = step + 1
        ended = torch.isin(chosen, self.end_ids).cpu()
        self.stopped[rows] = ended[going]
        going &= ~ended & (step + 1 < self.limit[self.live])
        return chosen

    def _codec_uniforms(self, step: int) -> Float[Tensor, "N u"]:
        """The codec's random numbers of a step."""
        width = self.codec.uniforms()
        numbers = uniforms(self.codec_keys[self.live.numpy()][:, None], step * width + np.arange(width))
        return torch.from_numpy(numbers).to(self.device)

    def _record(self, seen: Seen, step: int, going: Tensor) -> None:
        """Write down what was expected at a step of every going row."""
        rows = self.live[going]
        support = seen.support
        pairs = [(self.log_p, seen.log_p), (self.rank, seen.rank), (self.tail_mass, support.tail_mass)]
        pairs += [(self.support_ids, support.ids), (self.support_log_p, support.log_p)]
        if support.hidden is not None:
            if self.hidden is None:
                self.hidden = torch.zeros(*self.tokens.shape, support.hidden.shape[-1])
            pairs.append((self.hidden, support.hidden))
        for column, values in pairs:
            column[rows, step] = values.cpu()[going].to(column.dtype)

    def _collect(self) -> list[Drawn]:
        names = ("log_p", "rank", "tail_mass", "support_ids", "support_log_p", *(("hidden",) if self.hidden is not None else ()))
        columns = {name: getattr(self, name).numpy() for name in names}
        drawn = []
        for row, (length, stopped) in enumerate(zip(self.length.tolist(), self.stopped.tolist(), strict=True)):
            seen = Outlook(**{name: column[row, :length].copy() for name, column in columns.items()}, codec=self.keep.codec)
            drawn.append(Drawn(tuple(self.tokens[row, :length].tolist()), "stop" if stopped else "length", seen))
        return drawn
