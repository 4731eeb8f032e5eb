"""The tables of figures in the documents, from `benchmarks/results`, `studies/results` and the weights that ship.

`docs/refresh.py` puts them in; tests hold the documents to them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from potstill.text.refusals import RefusalDetector

RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
STUDIES = Path(__file__).resolve().parents[1] / "studies" / "results"
HEAD = ("figure", "to reach", "measured")
COMPARED = ("experiment", "of what, in this order", "measured")

_TABLE = re.compile(r"(<!-- figures:begin (\w+)[^>]*-->\n).*?(<!-- figures:end -->)", re.DOTALL)
Row = tuple[str, ...]


def filled(text: str) -> str:
    """The document with its tables of figures as the results are now."""
    return _TABLE.sub(lambda match: f"{match[1]}{_lines(*TABLES[match[2]])}{match[3]}", text)


def results(name: str) -> dict[str, Any]:
    """What the benchmark of that name found, as it is kept."""
    kept: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return kept


def study(name: str) -> dict[str, Any]:
    """What the study of that name found, as it is kept."""
    kept: dict[str, Any] = json.loads((STUDIES / f"{name}.json").read_text(encoding="utf-8"))
    return kept


def _lines(head: Row, rows: Callable[[], Iterator[Row]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ("---",) * len(head), *rows()))


def project_rows() -> Iterator[Row]:
    """The figures of README."""
    yield from _demo_rows(results("demo"))
    yield from _stories_rows(results("stories"))
    head, loop, harvest, startup = map(results, ("head", "loop", "harvest", "startup"))
    yield (
        "fused head against TRL's chunked divergence, worst case: CPU time, extra peak memory",
        "at most 0.7x, 0.35x",
        f"{head['cpu_vs_trl']:.2f}x, {head['peak_vs_trl']:.2f}x",
    )
    yield (
        "training loop against plain transformers + AdamW; tokens a second",
        "at least 0.85x; 12,000",
        f"{loop['loop_vs_plain']:.2f}x; {loop['potstill_tokens_per_second']:,.0f}",
    )
    stored = ", ".join(f"{harvest[name]:.1f}" for name in ("bytes_k20", "bytes_k64", "bytes_sampled12"))
    yield (
        "harvest: bytes a token at a vocabulary of 152k: top 20, top 64, 12 draws",
        "at most 60, 180, 30",
        f"{stored} ([all of the table](docs/06_teachers.md))",
    )
    yield (
        "`potstill --help`: wall time (CPU time)",
        "under 0.3 s",
        f"{startup['help_seconds']:.2f} s ({startup['help_cpu_seconds']:.2f} s)",
    )


def _demo_rows(demo: dict[str, Any]) -> Iterator[Row]:
    spread, seeds = demo["spread"], len(demo["seeds"])
    (kept_low, kept_high), (above_low, above_high) = spread["reasoning_retention"], spread["beats_answers_only"]
    above = f"{demo['beats_answers_only']:+.3f} ({above_low:+.3f} to {above_high:+.3f})"
    yield "demo: wall time, two cores", "under 300 s", f"{demo['seconds']:.0f} s (seed {demo['seeds'][0]})"
    yield "demo: teacher / student, parameters", "at least 10", f"{demo['size_ratio']:.1f}"
    yield (
        f"demo: share of the teacher's accuracy kept, traced reasoning, {seeds} seeds",
        "at least 0.95",
        f"{demo['reasoning_retention']:.3f} ({kept_low:.3f} to {kept_high:.3f})",
    )
    yield (
        f"demo: accuracy above that of the same student on answers alone, {seeds} seeds",
        "above 0",
        f"{above}, above 0 in {spread['seeds_above_zero']} of {seeds}",
    )


def _stories_rows(stories: dict[str, Any]) -> Iterator[Row]:
    seeds = len(stories["seeds"])
    hard_kl = min(run["kl"] for run in stories["runs"] if run["arm"] == "hard_600k")
    on_two = [run["arm_seconds"] for run in stories["runs"] if str(run["threads"]) == "2"]
    yield (
        f"stories, 60 KB: best loss with KD / hard labels (nats), {seeds} seeds",
        "at most 3.05 / higher",
        f"{stories['kd_60k_best']:.3f} / {stories['hard_60k_best']:.3f}",
    )
    yield (
        f"stories, 600 KB: best loss with KD (nats), KL to the teacher, {seeds} seeds",
        "at most 2.42, 0.65",
        f"{stories['kd_600k_best']:.3f}, {stories['kd_600k_kl']:.3f} (hard labels {stories['hard_600k_best']:.3f}, {hard_kl:.2f})",
    )
    yield "stories: longest arm, from the text to the evaluation, two cores", "under 180 s", f"{max(on_two):.0f} s"


def harvest_rows() -> Iterator[Row]:
    """The figures of harvesting."""
    found = results("harvest")
    yield from _stored_rows(found, found["parts"]["bytes"]["vocabularies"], found["parts"]["reading"]["read_memory_mib"])
    yield from _local_rows(found, found["parts"]["generate"])
    alone = found["parts"]["client"]["details"]["medians"]["late_aiohttp_alone"]
    yield "endpoint client, requests a second, ledger on a disk", "1,000", f"{found['requests_per_s']:,.0f}"
    yield (
        "64 in flight against 50 ms, share of the ideal rate (aiohttp alone, with no ledger, in the same run)",
        "0.9",
        f"{found['latency_bound_share']:.3f} ({alone:.3f})",
    )
    yield from _million_rows(found["parts"]["million"])


def filter_rows() -> Iterator[Row]:
    """The figures of curation."""
    found = results("filters")
    yield (
        "near duplicates of 100,000 prompts of 120 words; times rensa's own",
        "10 s; 2x",
        f"{found['dedupe_100k_s']:.1f} s; {found['dedupe_vs_rensa']:.2f}x",
    )
    yield "contamination of 100,000 rows against GSM8K's test set", "20 s", f"{found['contamination_100k_s']:.1f} s"
    recalls = ("recall_verbatim", "recall_prefix_suffix", "recall_numbers")
    yield (
        "recall by injection: verbatim, with prefix or suffix, numbers changed",
        "0.99, 0.95, 0.90",
        ", ".join(f"{found[k]:.3f}" for k in recalls),
    )
    yield "false positives on GSM8K's real train set", "0.005", f"{found['false_positive_rate']:.4f}"
    yield "a million verdicts decided anew", "10 s", f"{found['redecide_1m_s']:.1f} s"
    measured = f"{found['refusal_sensitivity']:.3f}, {found['refusal_specificity']:.3f}"
    yield "refusal detector on models it had not seen: sensitivity, specificity", "", measured


def experiment_rows() -> Iterator[Row]:
    """What studies of curation found, each a difference in a student's share of right answers (or of leaks), over three seeds."""
    gains = {name: study(name)["gain"] for name in ("balance", "shift", "gold", "revision")}
    yield (
        "balance: equal shares of four skills, of which one is twenty times as frequent",
        "all four; the rare ones; the frequent one",
        _gains(gains["balance"], "accuracy", "rare", "common"),
    )
    yield (
        "shift: the report's advice followed, over as many prompts of the same kinds",
        "all four; those lacking; the others",
        _gains(gains["shift"], "accuracy", "lacked", "had"),
    )
    yield (
        "gold: an audited training set, over one in which requests pass under harmless labels",
        "leaks; reasoning; the harmless twin",
        _gains(gains["gold"], "leak", "count_letters", "colour"),
    )
    yield (
        "revision: answers revised by a constitution, over the same teacher's as they were",
        "rules broken; leaks; letters counted; word problems",
        _gains(gains["revision"], "broken", "leak", "count_letters", "word_problem"),
    )
    yield (
        "revision: the same, over those that break no rule as they were",
        "rules broken; leaks; letters counted; word problems",
        _gains(study("revision")["gain_over_dropped"], "broken", "leak", "count_letters", "word_problem"),
    )
    yield from _strictness_rows()


def _strictness_rows() -> Iterator[Row]:
    """What stricter thresholds of a learnt domain filter leave, and the student that is taught on it; first that of no filter."""
    found = study("over_filtering")
    shown = ("hidden", "dish", "syrup_mix", "count_letters")
    for threshold in (None, 0.9, 0.5, 0.05, 0.01):
        left = None if threshold is None else (f"{found['kept'][kind][found['thresholds'].index(threshold)]:.2f}" for kind in shown)
        taught = found["students"].get("1" if threshold is None else f"{threshold:g}")
        marks = None if taught is None else (f"{taught[measure]['mean']:.2f}" for measure in ("leak", *shown[1:]))
        told = [*(["kept " + ", ".join(left)] if left else []), *(["student " + ", ".join(marks)] if marks else [])]
        yield (
            f"over-filtering: {'no filter' if threshold is None else f'threshold {threshold:g}'}",
            "sealed recipes (student: leaks); open ones; reasoning with their words; other",
            "; ".join(told),
        )


def refusal_rows() -> Iterator[Row]:
    """The refusal detector on answers of a model that it was not trained on, as its weights say."""
    figures = RefusalDetector.shipped().figures
    for name, called in {"llama2orig": "Llama 2", "mistralinstruct": "Mistral", "both": "both"}.items():
        found = figures[name]
        shares = (_interval(found[measure]) for measure in ("accuracy", "sensitivity", "specificity"))
        listed, apart = found["list"]["accuracy"], found["apart"]["accuracy"]
        yield (f"{called}, {found['n']} answers", *shares, f"{listed['value']:.3f}", f"{apart['value']:.3f}")


def constitution_rows() -> Iterator[Row]:
    """What revision by a constitution mends, and what it costs."""
    arms = study("constitution")["details"]["arms"]
    called = {"drawn": "as drawn", "dropped": "dropped", "step": "from the last good step", "anew": "drawn anew", "criticism": "criticised"}
    for teacher in ("world:aligned at 1", "world:aligned at 1.5"):
        for arm, what in called.items():
            work, leaks = arms[teacher][arm]["repair"], arms[teacher][arm]["hazard"]["by_oracle"]["value"]
            shares = [_interval(work[name]) for name in ("by_rules", "by_oracle", "yield")]
            yield (f"`{teacher}`: {what}", *shares, f"{work['tokens']['value']:.1f}", "none kept" if leaks is None else f"{leaks:.3f}")


def _interval(told: dict[str, Any]) -> str:
    """A value with its interval, where it has one."""
    within = "" if told["low"] is None else f" [{told['low']:.3f}, {told['high']:.3f}]"
    return "" if told["value"] is None else f"{told['value']:.3f}{within}"


def _gains(told: dict[str, Any], *names: str) -> str:
    return "; ".join(f"{told[name]['mean']:+.3f} [{told[name]['low']:+.3f}, {told[name]['high']:+.3f}]" for name in names)


def _stored_rows(found: dict[str, Any], vocabularies: dict[str, Any], memory: dict[str, Any]) -> Iterator[Row]:
    sizes = [size for size in ("512", "32000", "151936") if size in vocabularies]
    k20, k64, sampled = (", ".join(f"{vocabularies[size][name]['bytes']:.1f}" for size in sizes) for name in ("k20", "k64", "sampled12"))
    yield "bytes a token, top 20 and tail, at vocabularies 512 (stories260K), 32,000, 151,936 (synthetic)", "at most 60 at 151,936", k20
    yield "the same, top 64 and tail (DistillKit tells 114 for k = 50, 300 for k = 128)", "at most 180", k64
    yield "the same, 12 draws", "at most 30", sampled
    yield "largest error of a probability", "2e-4", f"{found['max_prob_error']:.2e}"
    yield (
        "top-20 positions read into the arrays that training reads, a second and core",
        "2 million",
        f"{found['read_positions_per_s'] / 1e6:.2f} million",
    )
    yield "memory of reading, at 1x and 10x the rows", "flat", " and ".join(f"{memory[rows]['median']:.0f} MiB" for rows in ("1x", "10x"))


def _local_rows(found: dict[str, Any], generate: dict[str, Any]) -> Iterator[Row]:
    memory = generate["generate_memory_mib"]
    ours, theirs = ([mib for name, mib in memory.items() if name.startswith(who)] for who in ("top_20", "output_logits"))
    wider = ", ".join(f"{its['speed_vs_output_logits']:.2f}x" for its in generate["generate_wider"].values())
    yield "`generate` that keeps the top 20, over the same that keeps nothing", "at most 1.25x", f"{found['overhead_vs_generate']:.2f}x"
    yield (
        "`generate(output_logits=True)` of transformers and a top-k behind it, over ours (vocabulary 32,000, hidden 128, 4 layers)",
        "at least 2x",
        f"{found['speed_vs_output_logits']:.2f}x",
    )
    yield "the same at hidden 256 and 512, where more of the time is the network's own", "", wider
    yield (
        "peak memory above the network's own: vocabularies 8,000 and 32,000, a quarter and all of the tokens (transformers)",
        "independent of both",
        f"{min(ours):.0f} to {max(ours):.0f} MiB ({min(theirs):,.0f} to {max(theirs):,.0f} MiB)",
    )


def _million_rows(million: dict[str, Any]) -> Iterator[Row]:
    tenth, whole, growth = million["tenth"], million["whole"], million["peak_growth_mib"]
    steps = ("generate", "filter")
    times = ", ".join(f"{step} {tenth[step]['seconds_per_100k']:.0f} and {whole[step]['seconds_per_100k']:.0f} s" for step in steps)
    yield "a million prompts with the fake teacher, killed once: time for 100,000, of a tenth and of the whole", "linear", times
    yield (
        "the same: memory of the whole above that of a tenth",
        "flat",
        ", ".join(f"{step} {growth[step]:+.0f} MiB" for step in (*steps, "query")),
    )


TESTED = ("tested on", "accuracy", "sensitivity", "specificity", "a list of phrases, in the same run", "prompts not looked at")
REVISED = ("kept answers", "break a rule", "wrong by the oracle", "right answers a prompt", "tokens a prompt", "recipes given away")
TABLES: dict[str, tuple[Row, Callable[[], Iterator[Row]]]] = {
    "project": (HEAD, project_rows),
    "harvest": (HEAD, harvest_rows),
    "filters": (HEAD, filter_rows),
    "experiments": (COMPARED, experiment_rows),
    "refusals": (TESTED, refusal_rows),
    "constitution": (REVISED, constitution_rows),
}
"""The name of a table -> its head, and its rows."""
