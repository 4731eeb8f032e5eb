"""How the training went: losses, validation, learning rate and gradient over the tokens seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from potstill.report.axes import Axis
from potstill.report.blocks import Section, Table
from potstill.report.charts import Chart, Line, chart, lines
from potstill.report.scale import Scale, fixed, linear, logarithmic
from potstill.report.sources import Material
from potstill.report.words import compact, plural, significant

OTHERS = ("step", "tokens", "loss", "learning_rate", "grad_norm", "validation_loss")
"""The columns of the metrics that are no part of the loss."""
LOOKS = ("part-1", "part-2", "part-3", "part-4")
NOTE, VALIDATED = "Thin: each step. Thick: a moving mean.", " Validation is the cross-entropy on texts and answers that are held out."
"""How to read the curves, without a validation and with one."""
POINTS = 300
"""The most points that a curve is drawn with."""

Points = tuple[tuple[float, float], ...]


def section(material: Material) -> Section | None:
    """The section; None when nothing was trained."""
    artifact = material.artifacts.get("train")
    if artifact is None:
        return None
    table = artifact.table("metrics")
    metrics: dict[str, list[float | None]] = {name: table[name].to_pylist() for name in table.column_names}
    if not metrics.get("tokens"):
        return Section("training", "Training", "The training logged no step.", ())
    tokens = metrics["tokens"]
    seen = tokens[-1] or 0
    lead = f"{plural(len(tokens), 'step')} over {compact(seen)} tokens."
    validated = _points(metrics, "validation_loss")
    if validated:
        best = min(validated, key=lambda point: point[1])
        lowest = "at the end" if best == validated[-1] else f"after {compact(best[0])} tokens, {validated[-1][1]:.3f} at the end"
        lead += f" Lowest validation loss: {best[1]:.3f} nats a token {lowest}."
    charts = [
        _losses(metrics),
        _plain(metrics, "learning_rate", "Learning rate", "rate"),
        _plain(metrics, "grad_norm", "Gradient norm", "norm"),
    ]
    return Section("training", "Training", lead, (*(c for c in charts if c is not None), _numbers(metrics)))


def _points(metrics: Mapping[str, Sequence[float | None]], name: str) -> Points:
    both = zip(metrics["tokens"], metrics.get(name, ()), strict=False)
    return tuple((float(t), float(v)) for t, v in both if t is not None and v is not None and math.isfinite(v))


def _losses(metrics: Mapping[str, Sequence[float | None]]) -> Chart | None:
    parts = [name for name in metrics if name not in OTHERS]
    series = [("loss", "loss", "total loss")] if len(parts) != 1 else []
    series += [(name, LOOKS[i % len(LOOKS)], name) for i, name in enumerate(parts)]
    curves: list[Line] = []
    for name, look, title in series:
        points = _points(metrics, name)
        if points:
            window = max(1, len(points) // 40)
            curves += [
                Line(look, title, extremes(points, POINTS), faint=True),
                Line(look, title, thinned(smoothed(points, window), POINTS)),
            ]
    validation = thinned(_points(metrics, "validation_loss"), 60)
    if validation:
        curves.append(Line("validation", "validation loss", validation, marks=True))
    if not curves:
        return None
    legend = [(curve.look, curve.name) for curve in curves if not curve.faint]
    ends = ", ".join(f"{c.name} from {c.points[0][1]:.3f} to {c.points[-1][1]:.3f}" for c in curves if not c.faint)
    scale = _loss_scale([value for curve in curves for _, value in curve.points])
    draw = lines(curves, _tokens(metrics), scale, Axis("tokens seen", compact), Axis("nats a token", significant_2), height=385)
    note = NOTE + VALIDATED if validation else NOTE
    return chart("loss", "Loss over the tokens seen", ends, draw, legend=legend, note=note, tall=True)


def _plain(metrics: Mapping[str, Sequence[float | None]], name: str, title: str, unit: str) -> Chart | None:
    points = thinned(_points(metrics, name), POINTS)
    if not points:
        return None
    values = [value for _, value in points]
    draw = lines(
        [Line("plain", title, points)],
        _tokens(metrics),
        lambda start, stop: linear(values, start, stop, count=3, zero=True),
        Axis("tokens seen", compact),
        Axis(unit, significant_2),
        height=170,
    )
    desc = f"from {significant(values[0])}, at most {significant(max(values))}, {significant(values[-1])} at the end"
    return chart(name.replace("_", "-"), title, desc, draw)


def _tokens(metrics: Mapping[str, Sequence[float | None]]) -> Callable[[float, float], Scale]:
    last = float(metrics["tokens"][-1] or 1)
    return lambda start, stop: fixed(0.0, last, start, stop, count=5 if stop - start > 350 else 3)


def _loss_scale(values: Sequence[float]) -> Callable[[float, float], Scale]:
    """Logarithmic when the largest value is more than 8 times the smallest and all are above 0; else linear."""
    if min(values) > 0 and max(values) > 8 * min(values):
        return lambda start, stop: logarithmic(values, start, stop)
    return lambda start, stop: linear(values, start, stop)


def _numbers(metrics: Mapping[str, Sequence[float | None]]) -> Table:
    """About ten steps, evenly spaced, the last one among them."""
    total = len(metrics["tokens"])
    shown = sorted({round(i * (total - 1) / 9) for i in range(10)})
    names = tuple(metrics)
    lines_shown = tuple(tuple(_cell(metrics[name][i]) for name in names) for i in shown)
    return Table("Some of the steps", tuple(name.replace("_", " ") for name in names), lines_shown, folded=True, words=0)


def _cell(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else significant(value, 4)


def significant_2(value: float) -> str:
    """A tick's value, without zeros that say nothing: `0.5`, `2e-05`."""
    return f"{value:.3g}"


def smoothed(points: Points, window: int) -> Points:
    """Each value as the mean of itself and of up to `window` neighbours on each side."""
    sums = [0.0]
    for _, value in points:
        sums.append(sums[-1] + value)
    result = []
    for i, (place, _) in enumerate(points):
        first, last = max(0, i - window), min(len(points), i + window + 1)
        result.append((place, (sums[last] - sums[first]) / (last - first)))
    return tuple(result)


def thinned(points: Points, most: int) -> Points:
    """At most `most` of the points, evenly spaced, the first and the last among them."""
    if len(points) <= most:
        return points
    return tuple(points[round(i * (len(points) - 1) / (most - 1))] for i in range(most))


def extremes(points: Points, most: int) -> Points:
    """At most `most` points that keep every peak: the lowest and the highest of each stretch, in their order."""
    if len(points) <= most:
        return points
    stretches = most // 2
    kept: list[tuple[float, float]] = []
    for i in range(stretches):
        part = points[i * len(points) // stretches : (i + 1) * len(points) // stretches]
        ends = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        kept += sorted(ends)
    return tuple(kept)
