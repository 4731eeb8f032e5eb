from __future__ import annotations

import pyarrow as pa
import pytest

from potstill.generate.selection import SELECTIONS
from potstill.generate.summary import best_of, counts, summary, unscored
from potstill.models.base import Outlook
from potstill.models.scorings import Scoring, to_table
from potstill.store import Workspace, from_rows
from potstill.types import TeacherCard, Trace


def test_numbers_are_those_of_all_shards(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.write_table("traces", from_rows([Trace("p", "a", 0, "x", token_ids=(1, 2)), Trace("p", "b", 0, "y")], Trace), 0)
    workspace.write_table("traces", from_rows([Trace("q", "a", 0, "z", token_ids=(3,), finish_reason="length")], Trace), 1)
    assert summary(workspace, 2) == {
        "prompts": 2,
        "traces": 3,
        "tokens": 3,
        "finish_reasons": {"length": 1, "stop": 2},
        "teachers": {"a": 2, "b": 1},
    }


def test_what_each_of_a_committee_left_unscored(tmp_path):
    workspace, one, other = Workspace(tmp_path), TeacherCard("a"), TeacherCard("b")
    for shard, scored in enumerate(([other.id], [])):
        traces = [Trace(f"p{shard}", card.name, 0, "x", teacher_id=card.id) for card in (one, other)]
        own = [Scoring(trace.id, trace.teacher_id, "sampled", Outlook()) for trace in traces]
        forced = [Scoring(traces[0].id, id_, "teacher_forced", Outlook()) for id_ in scored]
        workspace.write_table("scorings", to_table(own + forced), shard)
        workspace.write_table("traces", from_rows(traces, Trace), shard)
    assert unscored(workspace, [one, other]) == {"a": 2, "b": 1}


def row(chosen, draws, judged, bound):
    return {"prompt_id": "p", "teacher_id": "t", "chosen": chosen, "score": None, "draws": draws, "judged": judged, "kl_bound": bound}


def test_what_choosing_the_best_took(tmp_path):
    workspace = Workspace(tmp_path)
    for shard, rows in enumerate(([row("a", 4, 3, 0.5), row(None, 8, 8, None)], [row("b", 4, 4, 1.0)])):
        workspace.write_table("selections", pa.Table.from_pylist(rows, SELECTIONS), shard)
    assert best_of(workspace) == {
        "passed": 2,
        "none_passed": 1,
        "draws": 16,
        "unjudged": 1,
        "kl_bound_mean": pytest.approx(0.75),
        "kl_bound_max": 1.0,
    }


def test_where_none_passed_no_distance_was_spent(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.write_table("selections", pa.Table.from_pylist([row(None, 2, 0, None)], SELECTIONS), 0)
    found = best_of(workspace)
    assert (found["passed"], found["kl_bound_mean"], found["kl_bound_max"]) == (0, None, None)


def test_values_are_counted():
    assert counts(pa.chunked_array([["a", "b"], ["a"]])) == {"a": 2, "b": 1}
