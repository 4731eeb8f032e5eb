from potstill.report.blocks import Examples
from potstill.report.samples import grade_of, section
from potstill.report.sources import Material


def test_a_few_wrong_a_few_right_and_what_could_not_be_judged(material: Material) -> None:
    made = section(material)
    assert made is not None
    captions = {block.caption: len(block.items) for block in made.blocks if isinstance(block, Examples)}
    assert captions == {"The student was wrong": 4, "The student was right": 4, "Could not be judged": 1}
    first = made.blocks[0]
    assert isinstance(first, Examples)
    assert len({item.label for item in first.items}) == 4
    assert [answer.whose for answer in first.items[0].answers] == ["teacher", "student"]


def test_hazards_are_not_shown(material: Material) -> None:
    assert "FORBIDDEN" not in repr(section(material))
    assert "SECRET" not in repr(section(material))


def test_an_answer_that_is_not_there_is_said_not_to_be(material: Material) -> None:
    assert "(no answer)" in repr(section(material))


def test_grades() -> None:
    assert [grade_of(grade) for grade in (1.0, 0.5, 0.0, None)] == ["right", "right", "wrong", "unknown"]


def test_nothing_evaluated_nothing_shown(partial: dict[str, Material]) -> None:
    assert section(partial["train"]) is None
