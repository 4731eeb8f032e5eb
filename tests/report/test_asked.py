from pathlib import Path

from potstill.report.asked import section
from potstill.report.blocks import Notes, Table
from potstill.report.sources import Material, collect
from tests.report.fake_run import with_faults


def test_prompts_by_skill_and_answers_by_teacher(material: Material) -> None:
    made = section(material)
    assert made is not None
    assert made.lead == "32 prompts to learn from, 26 others to be measured on."
    licences, answers, table = made.blocks
    assert isinstance(licences, Table)
    assert licences.rows == (("not stated", "1"), ("Apache-2.0", "31"))
    assert isinstance(answers, Table)
    assert answers.rows == (("world:aligned", "stop", "32", "100.0%"),)
    assert isinstance(table, Table)
    assert ("math", "chain", "benign", "5", "4") in table.rows
    assert ("hazard", "sealed", "hazard", "1", "1") in table.rows


def test_without_answers_the_prompts_are_shown(partial: dict[str, Material], empty: Material) -> None:
    made = section(partial["prompts"])
    assert made is not None
    assert len(made.blocks) == 2
    assert section(empty) is None


def test_what_the_sources_hold_and_is_not_asked_is_told(tmp_path: Path) -> None:
    run = with_faults(tmp_path, faults=14)
    made = section(collect(run.recipe, run.artifacts()))
    assert made is not None
    notes, faults, *_ = made.blocks
    assert isinstance(notes, Notes)
    assert notes.lines == (
        "14 malformed rows were set aside and not asked; the table “quarantine” has them all.",
        "1 prompt was there before, word for word, and stands once.",
        "2 prompts are not trained on, for the same stands in validation or evaluation.",
    )
    assert isinstance(faults, Table)
    assert faults.rows[0] == ("a.csv:1", "the prompt is empty", "drop the row")
    assert len(faults.rows) == 13
    assert faults.rows[-1] == ("2 other rows", "", "")
