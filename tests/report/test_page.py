from potstill.report.page import page
from potstill.report.rendering import html
from potstill.report.sources import Material
from tests.report.reading import Reader


def names(written: str) -> list[str]:
    return [value for tag, name, value in Reader(written).attributes if (tag, name) == ("section", "id")]


def test_sections_stand_in_their_order(whole_page: str, plain_text: Material) -> None:
    assert names(whole_page) == [
        "accuracy", "fidelity", "safety", "cost", "asked", "cut", "training", "examples", "unjudged", "provenance", "recipe",
    ]  # fmt: skip
    assert names(html(page(plain_text))) == ["text", "cost", "asked", "cut", "training", "examples", "unjudged", "provenance", "recipe"]


def test_a_run_stopped_anywhere_has_a_whole_page(partial: dict[str, Material], empty: Material) -> None:
    pages = {stage: html(page(material)) for stage, material in {**partial, "": empty}.items()}
    for stage, material in {**partial, "": empty}.items():
        read = Reader(pages[stage])
        assert read.faults == []
        assert "Not done yet" in read.text
        assert all(stage in read.text for stage in material.missing)
    assert names(pages[""]) == ["missing", "recipe"]
    assert names(pages["train"]) == ["missing", "asked", "cut", "training", "unjudged", "provenance", "recipe"]
