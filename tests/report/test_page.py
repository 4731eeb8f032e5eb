from potstill.report.page import page
from potstill.report.rendering import html
from potstill.report.sources import Material
from tests.report.reading import Reader


def names(material: Material) -> list[str]:
    return [section.name for section in page(material).sections]


def test_sections_stand_in_their_order(material: Material, plain_text: Material) -> None:
    assert names(material) == [
        "accuracy", "fidelity", "safety", "cost", "asked", "cut", "training", "examples", "unjudged", "provenance", "recipe",
    ]  # fmt: skip
    assert names(plain_text) == ["text", "cost", "asked", "cut", "training", "examples", "unjudged", "provenance", "recipe"]


def test_a_run_stopped_anywhere_has_a_whole_page(partial: dict[str, Material], empty: Material) -> None:
    for material in (*partial.values(), empty):
        read = Reader(html(page(material)))
        assert read.faults == []
        assert "Not done yet" in read.text
        assert all(stage in read.text for stage in material.missing)
    assert names(empty) == ["missing", "recipe"]
    assert names(partial["train"]) == ["missing", "asked", "cut", "training", "unjudged", "provenance", "recipe"]
