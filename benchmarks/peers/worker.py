"""One measurement of one contestant, in a process of its own: `worker.py CONTESTANT CASE.json TENSORS.pt`. Prints a line of JSON.

Runs in potstill's environment or in the peers'; each contestant imports only its own package. Each gives the sum of the divergence over all
rows and its gradients with respect to the student's hidden states and head.
"""

from __future__ import annotations

import gc
import json
import math
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

Loss = Callable[[dict[str, Any], dict[str, Tensor]], Tensor]
BETA = {"forward_kl": 0.0, "jsd": 0.5, "reverse_kl": 1.0}


def trl() -> tuple[Loss, str]:
    from trl.kernels.chunked_divergence import ChunkedDivergenceFunction

    def loss(case: dict[str, Any], t: dict[str, Tensor]) -> Tensor:
        per_token, _ = ChunkedDivergenceFunction.apply(
            t["hidden"], t["weight"], None, t["teacher_hidden"], t["teacher_weight"], None, BETA[case["divergence"]]
        )
        return per_token.sum()

    return loss, f"trl {version('trl')}"


def potstill() -> tuple[Loss, str]:
    Term, fused_loss, divergence, signal, head = _potstill_parts()

    def loss(case: dict[str, Any], t: dict[str, Tensor]) -> Tensor:
        teacher = signal.HiddenStates(t["teacher_hidden"], head(t["teacher_weight"]), len(t["weight"]))
        term = Term("loss", teacher, divergence(case["divergence"]), torch.ones(len(t["hidden"])))
        return fused_loss(t["hidden"], head(t["weight"]), [term])[0]

    return loss, "potstill"


def potstill_top64() -> tuple[Loss, str]:
    """The teacher's 64 likeliest tokens and the tail, as they would be stored: no product with the teacher's head."""
    Term, fused_loss, divergence, signal, head = _potstill_parts()

    def loss(case: dict[str, Any], t: dict[str, Tensor]) -> Tensor:
        term = Term("loss", signal.Sparse(t["top_ids"], t["top_log_p"]), divergence(case["divergence"]), torch.ones(len(t["hidden"])))
        return fused_loss(t["hidden"], head(t["weight"]), [term])[0]

    return loss, "potstill"


def _potstill_parts() -> tuple[Any, ...]:
    from potstill import signal
    from potstill.fit import OutputHead, Term, fused_loss
    from potstill.registry import find

    return Term, fused_loss, lambda name: find("divergence", name).factory(), signal, OutputHead


def naive() -> tuple[Loss, str]:
    """All logits of both at once, through autograd: what a training script does by itself."""

    def loss(case: dict[str, Any], t: dict[str, Tensor]) -> Tensor:
        log_q = torch.log_softmax(t["hidden"] @ t["weight"].t(), -1)
        with torch.no_grad():
            log_p = torch.log_softmax(t["teacher_hidden"] @ t["teacher_weight"].t(), -1)
        return definition(case["divergence"], log_p, log_q)

    return loss, f"torch {torch.__version__}"


def definition(divergence: str, log_p: Tensor, log_q: Tensor) -> Tensor:
    """The sum over all rows of the divergence between the teacher's log-probabilities and the student's, both [rows, vocabulary]."""
    if divergence == "forward_kl":
        return (log_p.exp() * (log_p - log_q)).sum()
    if divergence == "reverse_kl":
        return (log_q.exp() * (log_q - log_p)).sum()
    log_m = torch.logaddexp(log_q, log_p) - math.log(2.0)
    return 0.5 * (log_p.exp() * (log_p - log_m)).sum() + 0.5 * (log_q.exp() * (log_q - log_m)).sum()


CONTESTANTS: dict[str, Callable[[], tuple[Loss, str]]] = {f.__name__: f for f in (trl, potstill, potstill_top64, naive)}


def memory(field: str) -> int:
    """`VmRSS` or `VmHWM` of this process in bytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{field}:"))


def measure(loss: Loss, case: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Any]:
    """The first call's peak of resident memory above what was there before, and the CPU seconds of the calls that follow (all threads)."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    first, _ = call(loss, case, tensors)
    peak = memory("VmHWM") - before
    later = [call(loss, case, tensors) for _ in range(case["calls"])]
    norms = {f"{name}_grad_norm": tensors[name].grad.double().norm().item() for name in ("hidden", "weight")}
    return {"peak_bytes": peak, "first_cpu_seconds": first, "cpu_seconds": [seconds for seconds, _ in later], "loss": later[-1][1], **norms}


def call(loss: Loss, case: dict[str, Any], tensors: dict[str, Tensor]) -> tuple[float, float]:
    """CPU seconds of one forward and backward pass, and its loss."""
    tensors["hidden"].grad = tensors["weight"].grad = None
    start = time.process_time()
    value = loss(case, tensors)
    value.backward()
    return time.process_time() - start, value.item()


def few(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A few rows over a small vocabulary, to load every code path before the clock starts."""
    small = {name: t.detach()[:64].clone() for name, t in tensors.items()}
    small["top_ids"] = small["top_ids"][:, :8] * 0 + torch.arange(8)
    small["top_log_p"] = small["top_log_p"][:, :8]
    return {name: t.requires_grad_(name in ("hidden", "weight")) for name, t in small.items()}


def main() -> None:
    contestant, case_file, tensors_file = sys.argv[1:4]
    case = json.loads(Path(case_file).read_text())
    torch.set_num_threads(case["threads"])
    loss, name = CONTESTANTS[contestant]()
    tensors = torch.load(tensors_file, weights_only=True)
    for key in ("hidden", "weight"):
        tensors[key].requires_grad_()
    loss(case, few(tensors)).backward()
    print(json.dumps({"version": name, **measure(loss, case, tensors)}))


if __name__ == "__main__":
    main()
