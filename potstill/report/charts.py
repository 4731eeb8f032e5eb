"""The page's charts: pure functions from numbers to SVG.

Whose a mark is shows in its colour and in its shape; every mark says its number when pointed at. A chart is drawn twice, wide and narrow,
so that its words are as large on a telephone as on a desk; the page's style shows one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from potstill.report.axes import Axis, Dot, Form, dot_group, margin, mark, x_axis, y_axis
from potstill.report.scale import Scale
from potstill.report.svg import clipped, element, join, line, number, path_of, picture, text, text_width

WIDE, NARROW = 540, 350
"""Pixels across the two drawings of a chart."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as the page shows it.

    Attributes:
        name: unique on the page.
        title: what it shows; the figure's caption.
        desc: what there is to see, for who does not see it.
        wide, narrow: the drawings.
        legend: look and name of each series.
        note: what to know when reading it.
        tall: it takes two rows of the page, beside two lower ones.
    """

    name: str
    title: str
    desc: str
    wide: Markup
    narrow: Markup
    legend: tuple[tuple[str, str], ...] = ()
    note: str = ""
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a drawing function made: its height and its elements."""

    height: float
    parts: tuple[Markup, ...]


def chart(
    name: str,
    title: str,
    desc: str,
    draw: Callable[[float], Drawing],
    *,
    legend: Sequence[tuple[str, str]] = (),
    note: str = "",
    tall: bool = False,
) -> Chart:
    """A chart from a function that draws it at a given width."""
    drawn = {width: draw(float(width)) for width in (WIDE, NARROW)}
    wide, narrow = (picture(f"{name}-{width}", title, desc, width, found.height, found.parts) for width, found in drawn.items())
    return Chart(name, title, desc, wide, narrow, tuple(legend), note, tall)


@dataclass(frozen=True, slots=True)
class Line:
    """A curve.

    Attributes:
        look: whose it is, a class of the page's style: `loss`, `student`.
        points: x and y, from left to right.
        faint: drawn thin, as the ground of a smoothed curve.
        marks: a mark at each point, with its number.
    """

    look: str
    name: str
    points: tuple[tuple[float, float], ...]
    faint: bool = False
    marks: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a dot chart; without dots, a heading.

    Attributes:
        limit: the value that the recipe demands; None for none.
    """

    label: str
    dots: tuple[Dot, ...] = ()
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from 0, its number written behind it."""

    look: str
    label: str
    value: float
    shown: str


def curve(drawn: Line, x: Scale, y: Scale, form: Form) -> Markup:
    """A line through its points, and the marks on it."""
    places = [(x(a), y(b)) for a, b in drawn.points]
    parts = [element("path", d=path_of(places), class_="stroke faint" if drawn.faint else "stroke")]
    if drawn.marks:
        for (_, value), (px, py) in zip(drawn.points, places, strict=True):
            parts.append(element("g", element("title", f"{drawn.name}: {form(value)}"), mark(drawn.look, px, py)))
    return element("g", *parts, class_=f"series {drawn.look}")


def lines(
    curves: Sequence[Line],
    x_scale: Callable[[float, float], Scale],
    y_scale: Callable[[float, float], Scale],
    x: Axis,
    y: Axis,
    *,
    height: float = 260,
) -> Callable[[float], Drawing]:
    """Curves over a common x axis. The scales are functions of the pixels at their ends."""

    def draw(width: float) -> Drawing:
        top, bottom = 26.0, height - (44 if x.label else 24)
        up = y_scale(bottom, top)
        left, right = margin(y, up), width - 12
        over = x_scale(left, right)
        drawn = (curve(one, over, up, y.form) for one in curves)
        return Drawing(height, (*y_axis(up, y, left, right), *x_axis(over, x, top, bottom, grid=False), *drawn))

    return draw


def dots(rows: Sequence[Row], x_scale: Callable[[float, float], Scale], x: Axis, *, pitch: float = 9.0) -> Callable[[float], Drawing]:
    """Estimates with intervals, a row a group; the series of a row stand one below the other."""

    def draw(width: float) -> Drawing:
        left = min(max(text_width(row.label) for row in rows) + 14, 0.42 * width)
        over, y, top = x_scale(left, width - 14), 8.0, 4.0
        parts: list[Markup] = []
        for row in rows:
            height = max(len(row.dots) * pitch, pitch) + 9
            parts += _dot_row(row, over, y, height, pitch, left)
            y += height
        return Drawing(y + (44 if x.label else 26), (*x_axis(over, x, top, y, grid=True), *parts))

    return draw


def _dot_row(row: Row, over: Scale, y: float, height: float, pitch: float, left: float) -> list[Markup]:
    middle = y + height / 2
    if not row.dots:
        return [text(0, middle + 5, row.label, look="heading")]
    label = element(
        "g", element("title", row.label), text(left - 10, middle + 4, clipped(row.label, left - 10), look="label", anchor="end")
    )
    parts = [line(over.start, y + height, over.stop, y + height, "hair"), label]
    if row.limit is not None:
        place = over(row.limit)
        limit = line(place, y + 2, place, y + height - 2, "limit")
        parts.append(element("g", element("title", f"limit of {row.label}: {number(100 * row.limit)}%"), limit))
    first = middle - (len(row.dots) - 1) * pitch / 2
    return parts + [dot_group(dot, over(dot.value), first + i * pitch, over, upright=False) for i, dot in enumerate(row.dots)]


def columns(
    groups: Sequence[Row], y_scale: Callable[[float, float], Scale], x: Axis, y: Axis, *, height: float = 260
) -> Callable[[float], Drawing]:
    """Estimates with upright intervals over ordered groups; a thin line joins those of a series from group to group."""

    def draw(width: float) -> Drawing:
        top, bottom = 26.0, height - 44
        up = y_scale(bottom, top)
        left, right = margin(y, up), width - 12
        step = (right - left) / len(groups)
        centres = tuple(left + (i + 0.5) * step for i in range(len(groups)))
        parts = [*y_axis(up, y, left, right), line(left, bottom, right, bottom, "rule")]
        parts += [text(c, bottom + 18, group.label, look="tick", anchor="middle") for c, group in zip(centres, groups, strict=True)]
        parts.append(text((left + right) / 2, bottom + 37, x.label, look="axis", anchor="middle"))
        return Drawing(height, (*parts, *_joined(groups, centres, up)))

    return draw


def _joined(groups: Sequence[Row], centres: Sequence[float], up: Scale) -> list[Markup]:
    looks = list(dict.fromkeys(dot.look for group in groups for dot in group.dots))
    parts: list[Markup] = []
    for i, look in enumerate(looks):
        shift = (i - (len(looks) - 1) / 2) * 10
        own = [(centre + shift, dot) for centre, group in zip(centres, groups, strict=True) for dot in group.dots if dot.look == look]
        links = (line(x1, up(a.value), x2, up(b.value), "stroke faint") for (x1, a), (x2, b) in pairwise(own))
        marks = (dot_group(dot, x, up(dot.value), up, upright=True) for x, dot in own)
        parts += [element("g", *links, class_=f"series {look}"), *marks]
    return parts


def bars(rows: Sequence[Bar], *, thickness: float = 20) -> Callable[[float], Drawing]:
    """Bars from 0 on a common scale, the number behind each."""

    def draw(width: float) -> Drawing:
        left = min(max(text_width(row.label) for row in rows) + 12, 0.36 * width)
        room = width - left - max(text_width(row.shown) for row in rows) - 14
        most = max(max(row.value for row in rows), 1e-300)
        parts = [line(left, 0, left, len(rows) * (thickness + 8), "rule")]
        for i, row in enumerate(rows):
            y = 4 + i * (thickness + 8)
            middle, length = y + thickness / 2 + 4, max(1.0, room * row.value / most)
            rect = element("rect", x=left, y=y, width=length, height=thickness, class_="fill")
            parts += [
                text(left - 10, middle, clipped(row.label, left - 10), look="label", anchor="end"),
                element("g", element("title", f"{row.label}: {row.shown}"), rect, class_=f"series {row.look}"),
                text(left + length + 8, middle, row.shown, look="value"),
            ]
        return Drawing(len(rows) * (thickness + 8), tuple(parts))

    return draw


def stack(parts: Sequence[Bar], *, thickness: float = 38) -> Callable[[float], Drawing]:
    """One bar of parts side by side, each as wide as its share; a part that is there is never narrower than 2 pixels."""

    def draw(width: float) -> Drawing:
        there = [part for part in parts if part.value > 0]
        total = sum(part.value for part in there)
        spare = width - 2.0 * len(there)
        drawn, x = [], 0.0
        for part in there:
            length = 2 + spare * part.value / total
            rect = element("rect", x=x, y=0, width=max(length - 1, 1), height=thickness, class_="fill")
            inside = (
                [text(x + 8, thickness / 2 + 4, part.shown, look="inside")]
                if part.look == "keep" and text_width(part.shown) + 14 < length
                else []
            )
            title = element("title", f"{part.label}: {part.shown}")
            drawn.append(element("g", title, rect, *inside, class_=f"series {part.look}"))
            x += length
        return Drawing(thickness, (join(drawn),))

    return draw
