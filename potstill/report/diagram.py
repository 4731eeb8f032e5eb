"""Lineage as a drawing: artifacts one below the other, an arc from each to what was made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from potstill.report.charts import Drawing
from potstill.report.svg import clipped, element, number, text

PITCH = 46.0
"""Pixels from one artifact to the next."""


@dataclass(frozen=True, slots=True)
class Node:
    """One artifact.

    Attributes:
        name: its stage.
        detail: its hash and a few of its numbers.
        inputs: the nodes it was made of; names that are no node are passed over.
    """

    name: str
    detail: str
    inputs: tuple[str, ...]


def edges(nodes: Sequence[Node]) -> list[tuple[int, int]]:
    """From where to where an arc goes, by place in the list, the shortest first."""
    places: Mapping[str, int] = {node.name: i for i, node in enumerate(nodes)}
    found = [(places[name], i) for i, node in enumerate(nodes) for name in node.inputs if name in places]
    return sorted(found, key=lambda edge: (abs(edge[1] - edge[0]), edge))


def draw(nodes: Sequence[Node], width: float) -> Drawing:
    """The drawing: arcs at the left, the farther apart the wider; names and numbers at the right."""
    pairs = edges(nodes)
    reach = max((abs(b - a) for a, b in pairs), default=1)
    step = min(22.0, 0.24 * width / max(1, reach - 1))
    axis = 14 + step * max(0, reach - 1)
    arcs = [_arc(axis, a, b, step) for a, b in pairs]
    spots = [_spot(node, axis, 20 + i * PITCH, width) for i, node in enumerate(nodes)]
    return Drawing(len(nodes) * PITCH + 4, (*arcs, *spots))


def _arc(axis: float, a: int, b: int, step: float) -> Markup:
    """A straight line to the next, a bow to the left to those farther away."""
    y1, y2 = 20 + a * PITCH, 20 + b * PITCH
    bulge = axis - step * 1.25 * (abs(b - a) - 1)
    way = f"M{number(axis)},{number(y1)} C{number(bulge)},{number(y1)} {number(bulge)},{number(y2)} {number(axis)},{number(y2)}"
    return element("path", d=way, class_="arc")


def _spot(node: Node, axis: float, y: float, width: float) -> Markup:
    room = width - axis - 18
    return element(
        "g",
        element("title", f"{node.name}: {node.detail}"),
        element("circle", cx=axis, cy=y, r=6, class_="node"),
        text(axis + 16, y - 1, node.name, look="name"),
        text(axis + 16, y + 15, clipped(node.detail, room), look="tick"),
    )
