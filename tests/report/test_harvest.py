from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from potstill.report.blocks import Notes, Table
from potstill.report.harvest import section
from potstill.report.sources import Material, collect
from potstill.store import Quiet, Run, Workspace, from_rows
from potstill.types import Segment, TeacherCard, Trace, Usage
from tests.report.fake_run import recipe

HOSTED = TeacherCard("https://example.org/v1#big", endpoint="https://example.org/v1", licence="other", train_on_outputs="restricted")
LOCAL = TeacherCard("world:aligned")
REFUSAL = (Segment("refusal", 0, 8),)
TRACES = [
    Trace("p", HOSTED.name, 0, "seven", (Segment("answer", 0, 5),), (1, 2), teacher_id=HOSTED.id, usage=Usage(9, 2, cost_microusd=1500)),
    Trace("q", HOSTED.name, 0, "I cannot", REFUSAL, (3,), "length", teacher_id=HOSTED.id, usage=Usage(cost_microusd=500)),
    Trace("p", LOCAL.name, 0, "7", (), (4,), "content_filter", teacher_id=LOCAL.id),
]
CHOSEN = {"passed": 3, "none_passed": 1, "draws": 16, "unjudged": 2, "kl_bound_mean": 0.5, "kl_bound_max": 1.25}
SEEN = [{"name": "a", "outcome": "ok", "seen": ""}, {"name": "seed", "outcome": "unknown", "seen": "no"}]
DOCTOR = [{"teacher": "world:aligned", "results": SEEN}]


def material(folder: Path, context: str = "", cards: tuple[TeacherCard, ...] = (HOSTED, LOCAL), **summary: object) -> Material:
    """A run whose teachers said three things, the first two of them under `context`."""
    said = [*(replace(trace, context=context) for trace in TRACES[:2]), *TRACES[2:]]
    run = Run.open(recipe(), out=folder, log=Quiet())

    def work(workspace: Workspace) -> dict[str, object]:
        workspace.write_table("traces", from_rows(said, Trace), 0)
        workspace.write_table("teachers", from_rows(cards, TeacherCard))
        if summary:
            (workspace.log / "doctor.json").write_text(json.dumps(DOCTOR))
        return dict(summary)

    run.perform("generate", section={}, inputs={}, parts={}, work=work)
    return collect(run.recipe, run.artifacts())


def test_a_row_a_teacher(tmp_path: Path) -> None:
    made = section(material(tmp_path))
    assert made is not None
    assert "sensitivity 0." in made.lead
    (table,) = made.blocks
    assert isinstance(table, Table)
    hosted, local = table.rows
    assert hosted[1:] == ("other", "restricted", "2", "3", "0.0020 USD", "1", "1", "0")
    assert local[1:] == ("not stated", "not known", "1", "1", "–", "0", "0", "1")


def test_accepted_terms_are_told(tmp_path: Path) -> None:
    cards = (HOSTED, replace(LOCAL, train_on_outputs="forbidden", accept_terms="we own it"))
    made = section(material(tmp_path, cards=cards))
    assert made is not None
    (table,) = made.blocks
    assert isinstance(table, Table)
    assert [row[2] for row in table.rows] == ["restricted", "forbidden, accepted: we own it"]


def test_what_choosing_took_and_what_the_doctor_said(tmp_path: Path) -> None:
    made = section(material(tmp_path, best_of=CHOSEN))
    assert made is not None
    notes, doctor = made.blocks[-2:]
    assert isinstance(notes, Notes)
    assert isinstance(doctor, Table)
    assert "16 draws for 4 prompts" in notes.lines[0]
    assert "2 draws could not be judged" in notes.lines[1]
    assert "0.50 nats" in notes.lines[2]
    assert "75.0% of the prompts" in notes.lines[3]
    assert len(notes.lines) == 4
    assert (doctor.folded, doctor.rows) == (True, (("world:aligned", "unknown", "seed", "no"),))
    assert doctor.caption.endswith(": 1 finding")


def test_a_hidden_context_is_told(tmp_path: Path) -> None:
    made = section(material(tmp_path, context="Be kind."))
    assert made is not None
    (notes,) = (block for block in made.blocks if isinstance(block, Notes))
    (line,) = notes.lines
    assert line.startswith("2 answers were given under a system turn that the student never sees: “Be kind.” ")


def test_a_permissive_licence_allows_training(tmp_path: Path) -> None:
    made = section(material(tmp_path, cards=(replace(LOCAL, licence="Apache-2.0"),)))
    assert made is not None
    (table,) = made.blocks
    assert isinstance(table, Table)
    assert table.rows[0][1:3] == ("Apache-2.0", "allowed")


def test_without_teachers_nothing_is_shown(empty: Material) -> None:
    assert section(empty) is None


def test_what_revision_did_is_told(tmp_path: Path) -> None:
    counts = {"draws": 40, "broken": 7, "mended": 5, "unjudged": 2, "by_step": 8, "by_whole": 1, "rules": {"sums": 6, "tone": 1}}
    made = section(material(tmp_path, revision=counts))
    assert made is not None
    told = str(made)
    assert "Of 40 answers 7 broke a rule of the constitution (“sums” 6, “tone” 1), and 5 of them have a revision" in told
    assert "8 revisions from the last good step and 1 after criticism" in told
    assert "2 answers could not be judged by a rule, and did not pass." in told
