from dataclasses import replace

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
    assert filters.rows[0] == ("correctness", "23", "1", "8", "1", *("uncalibrated",) * 3)
    assert isinstance(reasons, Table)
    assert reasons.rows[-1] == ("noise", "correctness: no answer", "1")
    assert isinstance(examples, Examples)
    assert len(examples.items) == 4


def summarised(material: Material, stage: str, **more: object) -> Material:
    """The same with more in a stage's summary."""
    artifact = material.artifacts[stage]
    told = replace(artifact, manifest=replace(artifact.manifest, summary={**artifact.manifest.summary, **more}))
    return replace(material, artifacts={**material.artifacts, stage: told})


SHARE = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 1200}
NONE = {"value": None, "low": None, "high": None, "n": 0}


def test_measured_filters_are_told_with_intervals_and_kinds_of_faults(material: Material) -> None:
    measured = {"correctness": {"recall": SHARE, "hard_recall": NONE, "false_positive_rate": NONE, "faults": {"empty": SHARE}}}
    made = section(summarised(material, "filter", measured=measured))
    _, filters, faults, *_ = made.blocks
    assert filters.head[-3:] == ("recall", "of hard faults", "false positives")
    assert filters.rows[0][-3:] == ("50.0% [25.0%, 75.0%]", "uncalibrated", "uncalibrated")
    assert filters.rows[1][-3:] == ("uncalibrated",) * 3
    assert faults.rows == (("correctness", "empty", "50.0% [25.0%, 75.0%]", "1,200"),)


def test_filters_on_prompts_have_a_table_too(material: Material) -> None:
    said = {"domain": {"keep": 30, "hazard": 2, "noise": 0, "unjudged": 1}}
    measured = {"domain": {"recall": SHARE, "hard_recall": SHARE, "false_positive_rate": SHARE, "faults": {}}}
    made = section(summarised(material, "prompts", filters=said, measured=measured))
    [table] = [block for block in made.blocks if isinstance(block, Table) and block.caption == "Verdicts on prompts by filter"]
    assert table.rows == (("domain", "30", "2", "0", "1", *("50.0% [25.0%, 75.0%]",) * 3),)


def test_hazards_are_counted_and_never_shown(material: Material) -> None:
    assert "FORBIDDEN" not in repr(section(material))
    assert "SECRET" not in repr(section(material))


def test_reasons_that_differ_in_particulars_only_are_one() -> None:
    because = {("noise", "answer: 'a b' was expected"): 2, ("noise", "answer: '7' was expected"): 3, ("noise", "same as 12"): 1}
    assert alike(because) == [("noise", "answer: … was expected", 5), ("noise", "same as 12", 1)]
    assert pattern('got 12.5, not "x1"; v2') == "got …, not …; v2"


def test_reasons_that_name_different_traces_are_counted_as_one() -> None:
    because = {("noise", f"revision: revises trace {i:016x}: no rule is broken"): 1 for i in (10, 11, 0xABCDEF)}
    assert alike(because) == [("noise", "revision: revises trace …: no rule is broken", 3)]


def test_nothing_filtered_nothing_shown(partial: dict[str, Material]) -> None:
    assert section(partial["generate"]) is None


def test_one_of_each_kind_comes_before_the_second_of_any() -> None:
    items = [{"by": by, "i": i} for i, by in enumerate("aaabbc")]
    assert [item["i"] for item in spread(items, ("by",), 4)] == [0, 3, 5, 1]
