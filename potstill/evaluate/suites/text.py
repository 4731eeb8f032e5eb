"""Plain text: how well each subject predicts it, and how far student and base are from the teacher on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from potstill.errors import CapabilityError
from potstill.evaluate.engine import Engine
from potstill.evaluate.probabilities import COMPARED, Scores
from potstill.evaluate.statistics import cluster_mean
from potstill.evaluate.subjects import NAMES
from potstill.evaluate.suites.base import ALL, NOT_MEASURED, Better, filled, gap_mean
from potstill.judges.shares import Estimate
from potstill.registry import part
from potstill.types import Finding, Prompt

SUITE = "text"


@part("suite", "text", needs=("full",))
class Text:
    """Nats a token, bits a byte and perplexity on plain texts, and the KL divergence from the teacher there."""

    measures: ClassVar[Mapping[str, Better | None]] = {
        "nats_per_token": "lower",
        "bits_per_byte": "lower",
        "perplexity": "lower",
        "text_kl": "lower",
    }

    def lack(self, prompts: Sequence[Prompt]) -> str:
        """Why nothing can be measured on these prompts; empty when something can."""
        return "" if any(not prompt.messages for prompt in prompts) else "none of the evaluation prompts is plain text"

    def measure(self, engine: Engine) -> list[Finding]:
        """The losses of all subjects; the divergences of student and base, without a value when their tokens are not the teacher's."""
        findings = [finding for subject in NAMES for finding in _losses(subject, engine.text_scores(subject), engine.seed)]
        return findings + [_divergence(engine, subject) for subject in COMPARED]


def _losses(subject: str, scores: Scores, seed: int) -> list[Finding]:
    """Bits a byte can be compared across tokenizers: nats / (ln 2 x bytes). The other two cannot."""
    read = ~np.isnan(scores.nats)
    nats = scores.nats[read]
    a_token = cluster_mean(nats, scores.tokens[read], seed)
    a_byte = cluster_mean(nats / math.log(2), scores.bytes[read], seed)
    estimates = {
        "nats_per_token": (a_token, "nats/token"),
        "bits_per_byte": (a_byte, "bits/byte"),
        "perplexity": (_exp(a_token), "perplexity"),
    }
    n, left_out = int(scores.tokens[read].sum()), int((~read).sum())
    by = f"its own tokens; {left_out} texts do not fit its context" if left_out else "its own tokens"
    return [
        filled(Finding(SUITE, name, subject, ALL, None, unit=unit, by=by), estimate, n, n, "no text fits its context")
        for name, (estimate, unit) in estimates.items()
    ]


def _exp(estimate: Estimate) -> Estimate:
    return Estimate(*(None if bound is None else math.exp(bound) for bound in (estimate.value, estimate.low, estimate.high)))


def _divergence(engine: Engine, subject: str) -> Finding:
    blank = Finding(SUITE, "text_kl", subject, ALL, None, unit="nats/token", by="over the whole vocabulary")
    try:
        gaps = engine.text_gaps
    except CapabilityError as error:
        return replace(blank, by=f"{NOT_MEASURED}{error}")
    return gap_mean(blank, gaps, np.ones(len(gaps.position), bool), "kl_forward", engine.seed)
