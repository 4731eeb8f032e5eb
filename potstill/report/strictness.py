"""Strictness: what each filter would leave of each kind at other thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from potstill.curate.strictness import Curve, curve_of, judged_by
from potstill.report.axes import Axis
from potstill.report.blocks import Block, Section, Table
from potstill.report.charts import Line, chart, lines
from potstill.report.scale import Scale, fixed
from potstill.report.sources import Material
from potstill.report.words import percent, short

FEWEST = 4
"""Thresholds of a curve that is worth drawing."""
LOOKS = ("part-1", "part-2", "part-3", "part-4")
BY = ("broad_domain",)


def section(material: Material) -> Section | None:
    """The section; None where no filter gave scores that a threshold could part otherwise."""
    blocks = tuple(block for name, curve in _curves(material) for block in _blocks(name, curve))
    if not blocks:
        return None
    lead = "What each filter alone would leave of each kind, by its threshold: from what it thought, with nothing judged anew."
    return Section("strictness", "How strict the filters are", lead, blocks)


def _curves(material: Material) -> Iterator[tuple[str, Curve]]:
    prompts = material.artifacts.get("prompts")
    if prompts is None:
        return
    for name, opinions in judged_by(material.opinions, "filter").items():
        found = curve_of(prompts, "prompts", opinions, BY)
        if len(found.thresholds) >= FEWEST:
            yield name, found


def _blocks(name: str, curve: Curve) -> list[Block]:
    """The kinds that lose most as curves over the thresholds in their order, and all of them as a table."""
    losing = sorted(curve.kept, key=lambda group: (sum(curve.kept[group]), group))[: len(LOOKS)]
    places = range(len(curve.thresholds))
    drawn = [
        Line(look, group, tuple((float(i), curve.kept[group][i]) for i in places), marks=True)
        for look, group in zip(LOOKS, losing, strict=False)
    ]

    def over(start: float, stop: float) -> Scale:
        return fixed(0, len(curve.thresholds) - 1, start, stop)

    def up(start: float, stop: float) -> Scale:
        return fixed(0, 1, start, stop)

    desc = "; ".join(f"{group} {percent(curve.kept[group][0])} to {percent(curve.kept[group][-1])}" for group in losing)
    axes = (
        Axis("threshold, strictest at the right", lambda place: _at(curve.thresholds, place)),
        Axis("kept", lambda share: percent(share, 0)),
    )
    figure = chart(
        f"strictness-{name}",
        f"Kept by the threshold of {name}",
        desc,
        lines(drawn, over, up, *axes),
        legend=tuple(zip(LOOKS, losing, strict=False)),
    )
    head = ("kind", "answers", *(short(threshold) for threshold in curve.thresholds))
    rows = tuple((group, f"{curve.counts[group]:,}", *(percent(share) for share in shares)) for group, shares in curve.kept.items())
    return [figure, Table(f"Kept by the threshold of {name}", head, rows, folded=True, wide=True)]


def _at(thresholds: Sequence[float], place: float) -> str:
    whole = round(place)
    return short(thresholds[whole]) if abs(place - whole) < 1e-6 and 0 <= whole < len(thresholds) else ""
