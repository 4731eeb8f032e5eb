"""The stage's few numbers, read off the tables a column at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from potstill.generate.revision import REVISED
from potstill.generate.selection import CHOSEN
from potstill.generate.shards import SCORINGS, TRACES
from potstill.store.artifact import Workspace
from potstill.types import TeacherCard


def summary(workspace: Workspace, prompts: int) -> dict[str, Any]:
    """How many prompts, traces and tokens, why answers ended and whose they are."""
    reasons: Counter[str] = Counter()
    teachers: Counter[str] = Counter()
    tokens = 0
    for table in workspace.stream(TRACES, ["teacher", "finish_reason", "token_ids"]):
        reasons.update(counts(table["finish_reason"]))
        teachers.update(counts(table["teacher"]))
        tokens += pc.sum(pc.list_value_length(table["token_ids"])).as_py() or 0
    return {
        "prompts": prompts,
        "traces": reasons.total(),
        "tokens": tokens,
        "finish_reasons": dict(sorted(reasons.items())),
        "teachers": dict(sorted(teachers.items())),
    }


def unscored(workspace: Workspace, cards: Sequence[TeacherCard]) -> dict[str, int]:
    """How many answers of the others each teacher of a committee left unscored: they do not fit its context, or have no token."""
    drawn: Counter[str] = Counter()
    scored: Counter[str] = Counter()
    for table in workspace.stream(TRACES, ["teacher_id"]):
        drawn.update(counts(table["teacher_id"]))
    for table in workspace.stream(SCORINGS, ["teacher_id", "mode"]):
        scored.update(counts(table.filter(pc.equal(table["mode"], "teacher_forced"))["teacher_id"]))
    return {card.name: drawn.total() - drawn[card.id] - scored[card.id] for card in cards}


def best_of(workspace: Workspace) -> dict[str, Any]:
    """What choosing the best took: for how many prompts one passed, the draws, those not judged, the distance spent in nats a prompt."""
    passed = asked = draws = judged = 0
    spent, most = 0.0, 0.0
    for table in workspace.stream(CHOSEN.name, ["chosen", "draws", "judged", "kl_bound"]):
        asked += len(table)
        passed += len(table) - table["chosen"].null_count
        draws += pc.sum(table["draws"]).as_py()
        judged += pc.sum(table["judged"]).as_py()
        spent += pc.sum(table["kl_bound"]).as_py() or 0.0
        most = max(most, pc.max(table["kl_bound"]).as_py() or 0.0)
    distance = {"kl_bound_mean": spent / passed if passed else None, "kl_bound_max": most if passed else None}
    return {"passed": passed, "none_passed": asked - passed, "draws": draws, "unjudged": draws - judged, **distance}


def revised(workspace: Workspace) -> dict[str, Any]:
    """What revision took: the draws, how many broke a rule and which, how many were mended, and how the revisions were made."""
    names = ("draws", "broken", "mended", "unjudged", "by_step", "by_whole")
    found = dict.fromkeys(names, 0)
    rules: Counter[str] = Counter()
    for table in workspace.stream(REVISED.name, [*names, "rules"]):
        for name in names:
            found[name] += pc.sum(table[name]).as_py() or 0
        rules.update(name for row in table["rules"].to_pylist() for name in row)
    return {**found, "rules": dict(sorted(rules.items()))}


def counts(column: pa.ChunkedArray) -> Mapping[str, int]:
    """How often each value stands in a column."""
    return {pair["values"]: pair["counts"] for pair in pc.value_counts(column).to_pylist()}
