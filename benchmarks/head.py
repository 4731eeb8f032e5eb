"""The fused head against TRL's chunked divergence, on the same tensors: CPU seconds, extra memory, and the same numbers.

    python benchmarks/head.py [--quick] [--threads 2] [--repeats 3]

Every measurement is a process of its own; the contestants take turns. Memory is that of the first call, CPU seconds those of the calls
after it. Ratios are potstill's median over TRL's, and none is printed unless losses and gradient norms of both are those of float64. TRL
lives in an environment of its own, whose Python is $POTSTILL_PEERS (default .venv-peers/bin/python).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from common import ROOT, Aim, Spread, keep, show

HIDDEN, TOP_K, SEED = 256, 64, 0
TOLERANCE = 1e-5
"""Relative, of loss and gradient norms against float64; all of it but what float32 rounds off."""
CONTESTANTS = ("potstill", "trl", "naive", "potstill_top64")
COMPARED = ("potstill", "trl")
NUMBERS = ("loss", "hidden_grad_norm", "weight_grad_norm")
REFERENCE_ROWS = 32
"""Rows that the float64 reference takes at a time."""
SIZES = ((256, 32_000), (512, 151_936))
DIVERGENCES = ("forward_kl", "jsd", "reverse_kl")
WORKER = ROOT / "benchmarks" / "peers" / "worker.py"
MAKE_PEERS = """python3 -m venv .venv-peers
.venv-peers/bin/pip install "$(grep '^torch==' constraints.txt)"
.venv-peers/bin/pip install -c constraints.txt -r benchmarks/peers/requirements.txt"""


def main() -> None:
    options = arguments()
    peers = peers_python()
    results: dict[str, dict[str, Any]] = {}
    truths: dict[str, dict[str, float]] = {}
    for tokens, vocabulary in SIZES[:1] if options.quick else SIZES:
        with tempfile.TemporaryDirectory() as folder:
            make_tensors(Path(folder) / "tensors.pt", tokens, vocabulary)
            for divergence in DIVERGENCES:
                case = {"divergence": divergence, "threads": options.threads, "calls": options.calls}
                name = f"{divergence} N={tokens} V={vocabulary}"
                truths[name] = reference(Path(folder) / "tensors.pt", divergence)
                results[name] = measure(case, Path(folder), options.repeats, peers)
                show("One forward and backward pass", table_rows(name, results[name], truths[name]))
    ratios = {name: compared(measured, truths[name]) for name, measured in results.items()}
    figures = {key: max(ratio[key] for ratio in ratios.values()) for key in ("cpu_vs_trl", "peak_vs_trl")}
    print(f"worst case: CPU time {figures['cpu_vs_trl']:.2f} of TRL's, extra memory {figures['peak_vs_trl']:.2f}")
    cases = {name: {**ratios[name], "float64": truths[name], **as_json(measured)} for name, measured in results.items()}
    aims = {"cpu_vs_trl": Aim(at_most=0.7), "peak_vs_trl": Aim(at_most=0.35)}
    keep("head", figures, aims=aims, seeds=[SEED], threads=options.threads, cases=cases)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the small vocabulary only, into head.quick.json")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeats", type=int, default=3, help="processes a contestant and case")
    parser.add_argument("--calls", type=int, default=3, help="timed calls a process, after the first")
    return parser.parse_args()


def peers_python() -> str:
    """The peers' interpreter. Without it there is nothing to compare with: say how to make it and stop."""
    path = Path(os.environ.get("POTSTILL_PEERS") or ROOT / ".venv-peers" / "bin" / "python")
    if not path.exists():
        sys.exit(f"no environment of the peers at {path}; make it in the repository's root, or set POTSTILL_PEERS:\n{MAKE_PEERS}")
    return str(path)


def make_tensors(path: Path, tokens: int, vocabulary: int) -> None:
    """Hidden states and heads of a student and of a teacher that is like it; the teacher's entropy is 4 to 5 nats."""
    import torch

    generator = torch.Generator().manual_seed(SEED)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    tensors = {"weight": normal(vocabulary, HIDDEN) * 0.22, "hidden": normal(tokens, HIDDEN)}
    tensors["teacher_weight"] = tensors["weight"] + 0.07 * normal(vocabulary, HIDDEN)
    tensors["teacher_hidden"] = tensors["hidden"] + 0.3 * normal(tokens, HIDDEN)
    top = torch.log_softmax(tensors["teacher_hidden"] @ tensors["teacher_weight"].t(), -1).topk(TOP_K, -1)
    torch.save({**tensors, "top_ids": top.indices, "top_log_p": top.values}, path)


def reference(path: Path, divergence: str) -> dict[str, float]:
    """The loss and the norms of its gradients in float64, by the divergence's definition and autograd."""
    import torch
    from peers.worker import definition

    t = {name: tensor.double() for name, tensor in torch.load(path, weights_only=True).items() if name not in ("top_ids", "top_log_p")}
    weight, total, squares = t["weight"].requires_grad_(), 0.0, 0.0
    for rows in torch.arange(len(t["hidden"])).split(REFERENCE_ROWS):
        hidden = t["hidden"][rows].requires_grad_()
        log_q = (hidden @ weight.t()).log_softmax(-1)
        log_p = (t["teacher_hidden"][rows] @ t["teacher_weight"].t()).log_softmax(-1)
        value = definition(divergence, log_p, log_q)
        value.backward()
        total += value.item()
        squares += hidden.grad.square().sum().item()
    return {"loss": total, "hidden_grad_norm": squares**0.5, "weight_grad_norm": weight.grad.norm().item()}


def measure(case: dict[str, Any], folder: Path, repeats: int, peers: str) -> dict[str, dict[str, Any]]:
    """contestant -> its measurements, and the numbers that must agree."""
    case_file, tensors = folder / "case.json", folder / "tensors.pt"
    case_file.write_text(json.dumps(case))
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(repeats):
        for contestant in CONTESTANTS:
            python = peers if contestant == "trl" else sys.executable
            found[contestant].append(run_worker([python, str(WORKER), contestant, str(case_file), str(tensors)], case["threads"]))
    return {contestant: gathered(runs) for contestant, runs in found.items()}


def run_worker(command: list[str], threads: int) -> dict[str, Any]:
    """A process of its own, so that one measurement's memory and caches are not another's."""
    settings = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "TRL_EXPERIMENTAL_SILENCE": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def gathered(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "version": runs[0]["version"],
        "cpu_seconds": Spread.of(seconds for run in runs for seconds in run["cpu_seconds"]),
        "first_cpu_seconds": Spread.of(run["first_cpu_seconds"] for run in runs),
        "peak_bytes": Spread.of(run["peak_bytes"] for run in runs),
        **{key: runs[0][key] for key in NUMBERS},
    }


def compared(measured: dict[str, dict[str, Any]], truth: dict[str, float]) -> dict[str, float]:
    """potstill's medians over TRL's, after a look at whether both computed what was asked."""
    for contestant in COMPARED:
        for key in NUMBERS:
            if abs(measured[contestant][key] / truth[key] - 1.0) > TOLERANCE:
                sys.exit(f"no figures: {key} is {truth[key]!r} in float64 and {measured[contestant][key]!r} for {contestant}")
    ours, theirs = (measured[contestant] for contestant in COMPARED)
    return {
        "cpu_vs_trl": ours["cpu_seconds"].median / theirs["cpu_seconds"].median,
        "peak_vs_trl": ours["peak_bytes"].median / theirs["peak_bytes"].median,
    }


def table_rows(name: str, measured: dict[str, dict[str, Any]], truth: dict[str, float]) -> list[dict[str, object]]:
    """`off by`: relative, of the loss against float64 (for the 64 likeliest tokens the loss is another, and the difference its price)."""
    theirs = measured["trl"]
    return [
        {
            "case": name,
            "contestant": contestant,
            "CPU s": m["cpu_seconds"].median,
            "from": min(m["cpu_seconds"].values),
            "to": max(m["cpu_seconds"].values),
            "/ TRL": m["cpu_seconds"].median / theirs["cpu_seconds"].median,
            "extra MiB": round(m["peak_bytes"].median / 2**20),
            "/ TRL's": m["peak_bytes"].median / theirs["peak_bytes"].median,
            "off by": f"{abs(m['loss'] / truth['loss'] - 1.0):.0e}",
        }
        for contestant, m in measured.items()
    ]


def as_json(measured: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {who: {key: v.to_json() if isinstance(v, Spread) else v for key, v in m.items()} for who, m in measured.items()}


if __name__ == "__main__":
    main()
