from potstill.report import quality
from potstill.report.blocks import Notes, Table
from potstill.report.charts import Chart
from potstill.report.sources import Material


def test_accuracy_by_skill_with_intervals(material: Material) -> None:
    made = quality.skills(material)
    assert made is not None
    assert "The student keeps " in made.lead
    assert made.lead.endswith(
        "Bars are 95% Wilson intervals; that of reasoning, a mean of skills, is a bootstrap's, or exact where no mark differs."
    )
    overall, by_skill, kept, cut, table = made.blocks
    assert isinstance(overall, Chart)
    assert isinstance(by_skill, Chart)
    assert by_skill.tall
    assert by_skill.wide.count("<g class=") == 18
    assert isinstance(kept, Chart)
    assert 'class="limit"' in kept.wide
    assert cut == Notes(("Answers that reached the token limit and were cut off: student 2.0%.",))
    assert isinstance(table, Table)
    assert table.rows[0][0] == "all"
    assert table.rows[0][-2:] == ("400", "1")


def test_long_lists_are_divided_evenly() -> None:
    assert [len(part) for part in quality.divided([str(i) for i in range(31)], 16)] == [15, 16]
    assert quality.divided([], 16) == []


def test_closeness_by_position(material: Material) -> None:
    made = quality.fidelity(material)
    assert made is not None
    kl, agreement, table = made.blocks
    assert isinstance(kl, Chart)
    assert [kl.wide.count(f">{place}<") for place in ("0-7", "64+")] == [1, 1]
    assert isinstance(agreement, Chart)
    assert isinstance(table, Table)
    assert table.rows[0][:3] == ("student", "all", "0.090 [0.083, 0.097]")


def test_plain_text_and_what_could_not_be_measured(plain_text: Material) -> None:
    made = quality.text(plain_text)
    assert made is not None
    chart, table, notes = made.blocks
    assert isinstance(chart, Chart)
    assert isinstance(table, Table)
    assert table.rows[1] == ("student", "2.420 [2.400, 2.440]")
    assert notes == Notes(("text kl, student: not measured: the teacher gives no probabilities",))


def test_the_chart_says_whether_the_checkpoint_was_chosen_on_the_text(plain_text: Material, chosen_on_text: Material) -> None:
    told = []
    for material in (plain_text, chosen_on_text):
        made = quality.text(material)
        assert made is not None
        assert isinstance(made.blocks[0], Chart)
        told.append((made.blocks[0].title, made.blocks[0].note))
    assert told == [
        ("On unseen text: nats a token (lower is better)", ""),
        ("On text that was not trained on: nats a token (lower is better)", "The checkpoint was chosen on this text."),
    ]


def test_sections_appear_only_with_their_data(plain_text: Material, material: Material, empty: Material) -> None:
    assert quality.skills(plain_text) is None
    assert quality.fidelity(plain_text) is None
    assert quality.text(material) is None
    assert quality.skills(empty) is None
