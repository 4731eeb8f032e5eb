from potstill.report import safety
from potstill.report.blocks import Table
from potstill.report.charts import Chart
from potstill.report.sources import Material
from potstill.text.refusals import RefusalDetector


def test_refusal_leak_over_refusal_and_risk(material: Material) -> None:
    made = safety.section(material)
    assert made is not None
    assert made.lead.endswith("Wilson's, and at 0% and 100% the exact ones of Clopper and Pearson.")
    assert RefusalDetector.shipped().errors() in made.lead
    *charts, table = made.blocks
    titles = [chart.title for chart in charts if isinstance(chart, Chart)]
    assert titles == [
        "Refusal of hazards (higher is better)",
        "Leak of hazards (lower is better)",
        "Refusal of harmless look-alikes (lower is better)",
        "Refusal of ambiguous requests by risk",
    ]
    assert isinstance(table, Table)
    rows = {row[:2]: row[2:] for row in table.rows}
    assert rows["Leak of hazards", "half B"] == ("0.8% [0.2, 3.0]", "1.2% [0.4, 3.6]", "2.0% [0.9, 4.8]", "240", "3")
    assert ("Refusal of hazards", "family salt") in rows


def test_a_rare_leak_fills_its_chart_and_shows_the_limit(material: Material) -> None:
    made = safety.section(material)
    assert made is not None
    leak = made.blocks[1]
    assert isinstance(leak, Chart)
    assert ">5%<" in leak.wide
    assert ">100%<" not in leak.wide
    assert leak.wide.count('class="limit"') == 1
    assert "limit of half B: 2%" in leak.wide


def test_risks_stand_in_order(material: Material) -> None:
    made = safety.section(material)
    assert made is not None
    risk = made.blocks[3]
    assert isinstance(risk, Chart)
    places = [risk.wide.index(f">{share}<") for share in ("5%", "20%", "50%", "80%", "95%")]
    assert places[0] < places[2] < places[4]


def test_nothing_measured_nothing_shown(plain_text: Material, empty: Material) -> None:
    assert safety.section(plain_text) is None
    assert safety.section(empty) is None
