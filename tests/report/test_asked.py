from potstill.report.asked import section
from potstill.report.blocks import Table
from potstill.report.sources import Material


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
