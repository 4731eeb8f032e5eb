import re

import pytest
from markupsafe import Markup

from potstill.report.rendering import environment
from tests.report.fake_run import HOSTILE
from tests.report.reading import Reader

LOADING = {"src", "srcset", "data", "action", "poster", "background", "xlink:href"}


def test_the_page_is_well_formed_and_its_ids_are_unique(whole_page: str) -> None:
    read = Reader(whole_page)
    assert read.faults == []
    assert len(read.ids()) == len(set(read.ids()))
    named = {word for _, name, value in read.attributes if name in ("aria-labelledby", "href") for word in value.replace("#", "").split()}
    assert named <= set(read.ids())


def test_the_page_loads_nothing_and_runs_nothing(whole_page: str) -> None:
    read = Reader(whole_page)
    assert not {"script", "link", "iframe", "img", "object", "embed", "base", "form"} & set(read.tags)
    assert not [entry for entry in read.attributes if entry[1] in LOADING or entry[1].startswith("on")]
    assert all(value.startswith("#") for _, name, value in read.attributes if name == "href")
    assert set(re.findall(r"url\(([^)]*)\)", whole_page)) <= {"#hatch-hazard", "#hatch-noise"}
    assert "@import" not in read.style
    assert "http" not in read.style


def test_what_a_prompt_holds_is_shown_and_never_obeyed(whole_page: str) -> None:
    read = Reader(whole_page)
    shown = HOSTILE.replace("\x1b", "␛").replace("\u202e", "⟨U+202E⟩")
    assert shown in read.text
    assert "<script>" not in whole_page
    assert "\u202e" not in whole_page
    assert "b" not in read.tags[read.tags.index("main") :]
    assert "two <b>bold</b> & co" in read.text


def test_every_chart_has_a_title_and_a_description(whole_page: str) -> None:
    read = Reader(whole_page)
    images = sum((tag, name, value) == ("svg", "role", "img") for tag, name, value in read.attributes)
    assert images >= 30
    assert read.tags.count("desc") == images
    assert sum(name == "aria-labelledby" and tag == "svg" for tag, name, _ in read.attributes) == images


def luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(whole_page: str, theme: int) -> None:
    style = Reader(whole_page).style
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", style.split(":root {")[1 + theme].split("}")[0]))
    for words in ("ink", "muted", "accent", "teacher", "student", "base"):
        assert min(contrast(colours[words], colours[ground]) for ground in ("paper", "card")) >= 4.5, words
    for words, ground in (("good", "good-soft"), ("bad", "bad-soft"), ("muted", "open-soft"), ("accent", "open-soft")):
        assert contrast(colours[words], colours[ground]) >= 4.5, words
    for drawn in ("keep", "hazard", "loss", "validation", "part-1", "part-2", "part-3", "part-4", "teacher", "student", "base"):
        assert contrast(colours[drawn], colours["card"]) >= 3, drawn


def test_templates_escape_by_their_name() -> None:
    made = environment()
    assert made.from_string("{{ x }}").render(x="a\x1b") == "a␛"
    assert made.get_template("blocks.html.j2").module.grade("right") == Markup('<span class="grade right">✓ right</span>')  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="undefined"):
        made.from_string("{{ nothing }}").render()
