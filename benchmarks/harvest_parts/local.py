"""What keeping the top 20 costs beside generating alone, and beside transformers' own way to it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from common import Spread
from transformers import LlamaConfig, LlamaForCausalLM

from harvest_parts.memory import peak_mib
from potstill.models.base import NOTHING, Keep, Sampling
from potstill.models.generation import Ask, generate
from potstill.models.scoring import Head, body_and_head

VOCABULARY, ROWS, PROMPT, TOP = 32_000, 32, 16, 20
HIDDEN = 128
WIDER = (256, 512)
"""Widths at which the same is measured once more: the wider, the more of the time is the network's own."""
SIZES = {"num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2}
SPREAD = 0.3
"""Standard deviation of the weights: with it the distributions are peaked, as those of a model that has learnt something."""


def network_of(vocabulary: int, hidden: int = HIDDEN) -> LlamaForCausalLM:
    """A small network with random weights."""
    torch.manual_seed(0)
    sizes = {"vocab_size": vocabulary, "hidden_size": hidden, "intermediate_size": 2 * hidden, **SIZES}
    return LlamaForCausalLM(LlamaConfig(max_position_embeddings=2048, initializer_range=SPREAD, **sizes)).eval()


def prompts(vocabulary: int) -> torch.Tensor:
    """Random prompts of equal length, [32, 16]."""
    return torch.randint(5, vocabulary, (ROWS, PROMPT), generator=torch.Generator().manual_seed(0))


def measure_generate(quick: bool) -> dict[str, Any]:
    """What the top 20 cost at each width, and how much memory generating takes at two vocabularies and lengths."""
    tokens, repeats = (24, 3) if quick else (128, 5)
    widths = {hidden: measure_width(hidden, tokens, repeats) for hidden in (HIDDEN, *WIDER)}
    return {
        **widths[HIDDEN],
        "generate_wider": {str(hidden): widths[hidden] for hidden in WIDER},
        "generate_tokens": tokens * ROWS,
        "generate_memory_mib": {
            f"{who} V={v} tokens={t}": _memory_apart(who, v, t)
            for who in MAKERS
            for v in (8_000, VOCABULARY)
            for t in (tokens // 4, tokens)
        },
    }


def measure_width(hidden: int, tokens: int, repeats: int) -> dict[str, Any]:
    """CPU seconds of the same answers: without and with the top 20 and its tail, and by `generate(output_logits=True)` and top-k."""
    network = network_of(VOCABULARY, hidden)
    head, ids = body_and_head(network), prompts(VOCABULARY)
    contestants: dict[str, Callable[[], object]] = {
        "alone": lambda: ours(head, ids, tokens, NOTHING),
        "top_20": lambda: ours(head, ids, tokens, Keep(size=TOP)),
        "output_logits": lambda: theirs(network, ids, tokens),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for round_ in range(repeats + 1):
        for name, contestant in contestants.items():
            started = time.process_time()
            contestant()
            if round_:
                seconds[name].append(time.process_time() - started)
    spreads = {name: Spread(tuple(values)) for name, values in seconds.items()}
    return {
        "overhead_vs_generate": spreads["top_20"].median / spreads["alone"].median,
        "speed_vs_output_logits": spreads["output_logits"].median / spreads["top_20"].median,
        "generate_cpu_seconds": {name: spread.to_json() for name, spread in spreads.items()},
    }


def ours(head: Head, ids: torch.Tensor, tokens: int, keep: Keep) -> object:
    """potstill's own generation, with no end token."""
    asks = [Ask(tuple(row), str(n)) for n, row in enumerate(ids.tolist())]
    return generate(head, asks, Sampling(max_new_tokens=tokens), keep, end_ids=(), context=None, batch_size=ROWS)


@torch.inference_mode()
def theirs(network: LlamaForCausalLM, ids: torch.Tensor, tokens: int) -> object:
    """transformers' generation with all logits, of which the top 20, the tail and the realised token's are taken, step by step."""
    torch.manual_seed(0)
    settings = {"do_sample": True, "top_k": 0, "eos_token_id": None, "max_new_tokens": tokens, "pad_token_id": 0}
    made = network.generate(ids, attention_mask=torch.ones_like(ids), output_logits=True, return_dict_in_generate=True, **settings)
    return [_reduced(logits, chosen) for logits, chosen in zip(made.logits, made.sequences[:, ids.shape[1] :].T, strict=True)]


def _reduced(logits: torch.Tensor, chosen: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Of logits [rows, V]: the ids and log-probabilities of the top 20, the tail's mass, and the log-probabilities of what was chosen."""
    total = logits.logsumexp(-1, keepdim=True)
    top = logits.topk(TOP, -1)
    log_p = top.values - total
    return top.indices, log_p, 1 - log_p.exp().sum(-1), logits.gather(-1, chosen[:, None]) - total


MAKERS = {
    "top_20": lambda network, ids, tokens: ours(body_and_head(network), ids, tokens, Keep(size=TOP)),
    "output_logits": theirs,
}


def _memory_apart(who: str, vocabulary: int, tokens: int) -> float:
    """MiB that generating takes at its peak above what making the network and two tokens took, in a process of its own."""
    code = f"import sys; sys.path[:0] = {sys.path!r}; from harvest_parts.local import memory; memory({who!r}, {vocabulary}, {tokens})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def memory(who: str, vocabulary: int, tokens: int) -> None:
    """Generate after a warm-up of two tokens, and print how far the peak rose in MiB."""
    network, ids = network_of(vocabulary), prompts(vocabulary)
    MAKERS[who](network, ids, 2)
    before = peak_mib()
    MAKERS[who](network, ids, tokens)
    print(json.dumps(peak_mib() - before))
