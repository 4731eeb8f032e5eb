"""What charts have in common: axes with their labels, marks that tell whose they are, error bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from potstill.report.scale import Scale
from potstill.report.svg import element, line, path_of, text, text_width

CAP = 3.0
"""Half the width of an error bar's ends."""

Form = Callable[[float], str]
"""From a value to its words."""


@dataclass(frozen=True, slots=True)
class Axis:
    """How an axis is labelled."""

    label: str
    form: Form


@dataclass(frozen=True, slots=True)
class Dot:
    """An estimate with its interval.

    Attributes:
        look: whose it is: `teacher`, `student`, `base`.
        note: what is said when it is pointed at.
    """

    look: str
    value: float
    low: float | None
    high: float | None
    note: str


def mark(look: str, x: float, y: float) -> Markup:
    """The mark of a series: the teacher's is a circle, the student's a diamond, the base's a hollow triangle, others' a square."""
    if look == "teacher":
        return element("circle", cx=x, cy=y, r=4.5, class_="fill")
    if look == "student":
        return element("path", d=path_of([(x, y - 5.5), (x + 5.5, y), (x, y + 5.5), (x - 5.5, y)]) + " Z", class_="fill")
    if look == "base":
        return element("path", d=path_of([(x, y - 5), (x + 5, y + 4), (x - 5, y + 4)]) + " Z", class_="hollow")
    return element("rect", x=x - 4, y=y - 4, width=8, height=8, class_="fill")


def y_axis(scale: Scale, axis: Axis, left: float, right: float) -> list[Markup]:
    """Grid lines across, with their values at the left and the axis' label above them."""
    parts = [text(0, 11, axis.label, look="axis")]
    for value in scale.marks:
        y = scale(value)
        parts += [line(left, y, right, y, "grid"), text(left - 7, y + 4, axis.form(value), look="tick", anchor="end")]
    return parts


def x_axis(scale: Scale, axis: Axis, top: float, bottom: float, *, grid: bool) -> list[Markup]:
    """Values below the plot and the axis' label below them; with `grid`, lines up through the plot."""
    parts = [line(scale.start, bottom, scale.stop, bottom, "rule")]
    for value in scale.marks:
        x = scale(value)
        parts += [line(x, top, x, bottom, "grid")] if grid else [line(x, bottom, x, bottom + 4, "rule")]
        parts.append(text(x, bottom + 18, axis.form(value), look="tick", anchor="middle"))
    if axis.label:
        parts.append(text((scale.start + scale.stop) / 2, bottom + 37, axis.label, look="axis", anchor="middle"))
    return parts


def margin(axis: Axis, scale: Scale) -> float:
    """The room that the values of a vertical axis need."""
    return 10 + max(text_width(axis.form(value)) for value in scale.marks)


def error_bar(dot: Dot, across: float, scale: Scale, *, upright: bool) -> list[Markup]:
    """The interval of a dot, with ends; nothing where none is known."""
    if dot.low is None or dot.high is None:
        return []
    ends = scale(dot.low), scale(dot.high)
    if upright:
        strokes = [(across, ends[0], across, ends[1]), *((across - CAP, end, across + CAP, end) for end in ends)]
    else:
        strokes = [(ends[0], across, ends[1], across), *((end, across - CAP, end, across + CAP) for end in ends)]
    return [line(*stroke, "stroke") for stroke in strokes]


def dot_group(dot: Dot, x: float, y: float, scale: Scale, *, upright: bool) -> Markup:
    """A mark, its interval and its words."""
    bars = error_bar(dot, x if upright else y, scale, upright=upright)
    return element("g", element("title", dot.note), *bars, mark(dot.look, x, y), class_=f"series {dot.look}")
