from potstill.report import gaps
from potstill.report.blocks import Notes, Table
from potstill.report.sources import Material


def test_stages_that_were_not_done_are_listed(partial: dict[str, Material], material: Material) -> None:
    made = gaps.missing(partial["filter"])
    assert made is not None
    assert made.blocks == (
        Notes(
            (
                "train: the student and its training curves",
                "evaluate: accuracy, closeness to the teacher and safety",
                "export: size, speed and cost",
            )
        ),
    )
    assert gaps.missing(material) is None


def test_what_could_not_be_judged_is_counted(material: Material) -> None:
    made = gaps.unjudged(material)
    assert made is not None
    table = made.blocks[0]
    assert isinstance(table, Table)
    assert ("capability", "accuracy", "student", "all", "400", "1") in table.rows
    assert ("filter", "correctness", "traces", "all", "31", "1") in table.rows
    assert not any(row[3] == "half:B" for row in table.rows)


def test_what_was_not_measured_is_listed_with_why(plain_text: Material) -> None:
    made = gaps.unjudged(plain_text)
    assert made is not None
    table = made.blocks[-1]
    assert isinstance(table, Table)
    assert table.rows == (("text", "text_kl", "student", "all", "the teacher gives no probabilities"),)


def test_nothing_judged_nothing_shown(partial: dict[str, Material]) -> None:
    assert gaps.unjudged(partial["generate"]) is None
