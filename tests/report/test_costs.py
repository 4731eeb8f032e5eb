from dataclasses import replace

from potstill.report import costs
from potstill.report.blocks import Notes, Table
from potstill.report.charts import Chart
from potstill.report.findings import Findings
from potstill.report.sources import Material
from potstill.types import Finding


def test_size_speed_and_cost_against_the_teacher(material: Material) -> None:
    made = costs.section(material)
    assert made is not None
    assert made.lead == (
        "For a byte of text, one prompt at a time, safetensors costs 67.7% less than the teacher, int8 costs 54.5% less than the teacher."
    )
    charts = [block for block in made.blocks if isinstance(block, Chart)]
    assert [chart.desc for chart in charts][:2] == [
        "teacher 1,322,400, safetensors 123,144 (0.0931×), int8 123,144 (0.0931×)",
        "teacher 2.64 MB, safetensors 493 kB (0.186×), int8 151 kB (0.0572×)",
    ]
    table = next(block for block in made.blocks if isinstance(block, Table))
    assert table.head[:4] == ("form", "parameters", "weights", "all files")
    assert table.rows[0][:5] == ("teacher", "1,322,400", "2.64 MB", "–", "212 [191, 233]")
    assert "same top token" not in table.head


def test_without_a_teacher_that_runs_nothing_is_compared(material: Material) -> None:
    alone = replace(material, findings=Findings([Finding("export", "parameters", "int8", "all", 5.0, unit="parameters")]))
    made = costs.section(alone)
    assert made is not None
    assert made.lead == ""
    assert made.blocks[-1] == Notes((costs.NO_TEACHER,))


def test_nothing_exported_nothing_shown(partial: dict[str, Material]) -> None:
    assert costs.section(partial["train"]) is None
