"""A teacher of a large vocabulary that nobody has to download: distributions as a language model's are, on as many positions as wanted.

logits = unigram + sharpness * context. The unigram falls as a power of the token's id, as in a tokenizer whose ids are in the order of its
merges, with noise for each token; the context is a random direction of 64 dimensions a position; sharpness differs from position to
position. At a vocabulary of 151,936 the mean entropy is 2.5 nats (a tenth of the positions below 0.8, a tenth above 4.2) and the top 20
hold 0.87 of the mass. The bytes of drawn ids have the entropies 7.6, 3.9 and 0.2 bits; those of as many ids of English prose, sums and
questions in GPT-2's tokenizer (50,257 tokens) have 7.1, 4.3 and 0: the synthetic teacher is no easier to store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from potstill.models.base import Keep, Outlook
from potstill.models.scoring import look
from potstill.models.scorings import Scoring
from potstill.signal.codecs.base import open_codec
from potstill.signal.distribution import Distribution

TOKENS_A_TRACE, RANK = 160, 64


def distributions(vocabulary: int, traces: int, seed: int = 0) -> Iterator[torch.Tensor]:
    """Logits [160, V] of one trace after the other."""
    generator = torch.Generator().manual_seed(seed)
    unigram = -1.7 * torch.log(torch.arange(vocabulary) + 30.0) + 1.3 * torch.randn(vocabulary, generator=generator)
    directions = torch.randn(RANK, vocabulary, generator=generator) / RANK**0.5
    for _ in range(traces):
        sharpness = 4.2 * torch.exp(0.4 * torch.randn(TOKENS_A_TRACE, 1, generator=generator))
        yield unigram + sharpness * (torch.randn(TOKENS_A_TRACE, RANK, generator=generator) @ directions)


def scorings(vocabulary: int, traces: int, keeps: Sequence[Keep], seed: int = 0) -> list[list[Scoring]]:
    """What each `Keep` keeps of the same traces."""
    generator = torch.Generator().manual_seed(seed + 1)
    found: list[list[Scoring]] = [[] for _ in keeps]
    for number, logits in enumerate(distributions(vocabulary, traces, seed)):
        drawn = torch.multinomial(torch.softmax(logits, -1), 1, generator=generator)[:, 0]
        for keep, kept in zip(keeps, found, strict=True):
            codec = open_codec(keep.codec, keep.size)
            uniform = torch.rand(len(logits), codec.uniforms(), generator=generator, dtype=torch.float64)
            seen = look(Distribution.of(logits), drawn, logits[:, :1], codec, uniform)
            columns = (seen.log_p, seen.rank, seen.support.ids.int(), seen.support.log_p, seen.support.tail_mass)
            kept.append(Scoring(f"{number:016x}", "0" * 16, "sampled", Outlook(*(c.numpy() for c in columns), codec=keep.codec)))
    return found


def at_random(traces: int, vocabulary: int = 151_936, k: int = 20, seed: int = 0) -> list[Scoring]:
    """A top k of no teacher, made at once: log-uniform ids, and shares of sharpened exponential variates; about as many bytes a token."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(traces):
        ids = np.exp(generator.random((TOKENS_A_TRACE, k)) * np.log(vocabulary)).astype(np.int32)
        share = np.sort(generator.exponential(size=(TOKENS_A_TRACE, k)) ** generator.uniform(1, 6, (TOKENS_A_TRACE, 1)), -1)[:, ::-1]
        p = 0.87 * share / share.sum(-1, keepdims=True)
        tail = np.full(TOKENS_A_TRACE, 0.13, np.float32)
        ranks = np.ones(TOKENS_A_TRACE, np.int32)
        seen = Outlook(np.log(p[:, 0]).astype(np.float32), ranks, ids, np.log(np.maximum(p, 1e-12)).astype(np.float32), tail)
        found.append(Scoring(f"{number:016x}", "0" * 16, "sampled", seen))
    return found


def probability_error(given: Sequence[Outlook], back: Sequence[Outlook]) -> float:
    """The largest absolute difference between the probabilities that were kept and those that came back."""
    pairs = zip(given, back, strict=True)
    return max(float(np.abs(np.exp(a.support_log_p.astype(float)) - np.exp(b.support_log_p.astype(float))).max()) for a, b in pairs)
