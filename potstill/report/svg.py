"""SVG elements as text: every attribute and every child is escaped, numbers are short and always written alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from potstill.text.markdown import visible

Attribute = str | float | int | None
BROAD = 0.58
"""Width of a letter to its height, on average, in a broad typeface."""


def number(value: float) -> str:
    """At most two decimals, without trailing zeros: `12.5`, `3`, `0`."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(tag: str, *children: str, **attributes: Attribute) -> Markup:
    """One element. `class_` is the attribute `class`, `stroke_width` is `stroke-width`; attributes that are None are left out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(visible(value) if isinstance(value, str) else number(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{written}>{join(children)}</{tag}>")


def join(parts: Iterable[str]) -> Markup:
    """The parts one after the other; text is escaped, markup is not."""
    return Markup("".join(part if isinstance(part, Markup) else escape(visible(part)) for part in parts))


def text(x: float, y: float, words: str, *, look: str = "", anchor: str = "start") -> Markup:
    """A line of text whose baseline starts, is centred or ends at a point."""
    return element("text", words, x=x, y=y, class_=look or None, text_anchor=None if anchor == "start" else anchor)


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=look)


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """The path through the points: `M0,0 L10,5`."""
    return " ".join(f"{'L' if i else 'M'}{number(x)},{number(y)}" for i, (x, y) in enumerate(points))


def picture(name: str, title: str, desc: str, width: float, height: float, children: Iterable[str]) -> Markup:
    """A whole SVG that a screen reader reads as an image with a title and a description; `name` is unique on the page."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", desc, id=f"{name}-desc"),
        *children,
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_="chart",
    )


def text_width(words: str, size: float = 12.0) -> float:
    """About how wide a text is set, in pixels."""
    return BROAD * size * len(words)


def clipped(words: str, width: float, size: float = 12.0) -> str:
    """The text, its end cut where it would be wider than `width`."""
    most = max(1, int(width / (BROAD * size)))
    return words if len(words) <= most else words[: most - 1] + "…"
