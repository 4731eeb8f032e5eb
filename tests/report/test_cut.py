from potstill.report.blocks import Examples, Table
from potstill.report.charts import Chart
from potstill.report.cut import alike, count, pattern, section, spread
from potstill.report.sources import Material


def test_decisions_and_verdicts_are_counted(material: Material) -> None:
    counted = count(material.artifacts["filter"])
    assert counted.decided == {"hazard": 1, "keep": 23, "noise": 8}
    assert counted.said["correctness", "noise"] == 8
    assert counted.unjudged == {"correctness": 1}
    assert counted.because["hazard", "half B only evaluates"] == 1
    assert sum(n for (part, _), n in counted.because.items() if part == "noise") == 8


def test_the_section_shows_bar_filters_reasons_and_examples(material: Material) -> None:
    made = section(material)
    assert made is not None
    assert made.lead.startswith("23 of 32 traces were kept")
    bar, filters, reasons, examples = made.blocks
    assert isinstance(bar, Chart)
    assert ("hazard", "hazard 1 (3.1%)") in bar.legend
    assert isinstance(filters, Table)
    assert filters.rows[0] == ("correctness", "23", "1", "8", "1")
    assert isinstance(reasons, Table)
    assert reasons.rows[-1] == ("noise", "correctness: no answer", "1")
    assert isinstance(examples, Examples)
    assert len(examples.items) == 4


def test_hazards_are_counted_and_never_shown(material: Material) -> None:
    assert "FORBIDDEN" not in repr(section(material))
    assert "SECRET" not in repr(section(material))


def test_reasons_that_differ_in_particulars_only_are_one() -> None:
    because = {("noise", "answer: 'a b' was expected"): 2, ("noise", "answer: '7' was expected"): 3, ("noise", "same as 12"): 1}
    assert alike(because) == [("noise", "answer: … was expected", 5), ("noise", "same as 12", 1)]
    assert pattern('got 12.5, not "x1"; v2') == "got …, not …; v2"


def test_nothing_filtered_nothing_shown(partial: dict[str, Material]) -> None:
    assert section(partial["generate"]) is None


def test_one_of_each_kind_comes_before_the_second_of_any() -> None:
    items = [{"by": by, "i": i} for i, by in enumerate("aaabbc")]
    assert [item["i"] for item in spread(items, ("by",), 4)] == [0, 3, 5, 1]
