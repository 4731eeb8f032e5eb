"""From the page's data to its text, through the templates."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from potstill.report.axes import mark
from potstill.report.blocks import Page, kind_of
from potstill.report.model_card import Card
from potstill.report.svg import element, line
from potstill.report.words import shortened
from potstill.text.markdown import front_matter, plain, visible

LONGEST = 1200
"""Characters of a prompt or an answer that are shown."""
BARS = ("keep", "hazard", "noise")
CURVES = ("loss", "part-1", "part-2", "part-3", "part-4", "plain")


def html(page: Page) -> str:
    """The page as one HTML text that loads nothing; what comes from prompts, models and recipes is escaped."""
    return environment().get_template("page.html.j2").render(page=page).rstrip() + "\n"


def environment() -> Environment:
    """The templates' environment: escaping in HTML, control characters made visible everywhere, unknown names are errors."""
    found = Environment(
        loader=PackageLoader("potstill.report"),
        autoescape=lambda name: bool(name) and name.endswith(".html.j2"),  # type: ignore[union-attr]
        undefined=StrictUndefined,
        finalize=_shown,
        keep_trailing_newline=True,
    )
    found.filters |= {"shortened": lambda text: shortened(text, LONGEST), "plain": plain, "code": lambda text: text.replace("`", "'")}
    found.globals |= {"kind_of": kind_of, "swatches": _Swatches(), "front_matter": front_matter}
    return found


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class _Swatches:
    """Look -> the small picture of it in a legend."""

    def __getitem__(self, look: str) -> Markup:
        if look in BARS:
            inside = element("rect", x=1, y=1, width=24, height=12, class_="fill")
        elif look in CURVES:
            inside = line(1, 7, 25, 7, "stroke")
        else:
            inside = Markup("").join([line(1, 7, 25, 7, "stroke"), mark(look, 13, 7)])
        return element("svg", inside, viewBox="0 0 26 14", class_=f"series {look}", aria_hidden="true")


def markdown(card: Card) -> str:
    """The model card as Markdown with YAML in front."""
    return environment().get_template("card.md.j2").render(card=card).rstrip() + "\n"
