"""The page put together: its head, and the sections whose data is there."""

from __future__ import annotations

from collections.abc import Callable

from potstill.report import asked, costs, cut, gaps, harvest, headline, mixture, provenance, quality, safety, samples, strictness, training
from potstill.report.blocks import Page, Section
from potstill.report.sources import Material

SECTIONS: tuple[Callable[[Material], Section | None], ...] = (
    gaps.missing,
    quality.skills,
    quality.fidelity,
    quality.text,
    safety.section,
    costs.section,
    asked.section,
    mixture.section,
    harvest.section,
    cut.section,
    strictness.section,
    training.section,
    samples.section,
    gaps.unjudged,
    provenance.section,
    provenance.recipe,
)
"""What a page may consist of, in its order: each gives its section, or None where the run has nothing for it."""


def page(material: Material) -> Page:
    """The page of a run, of as many stages as were done."""
    found = (build(material) for build in SECTIONS)
    return Page(headline.header(material), tuple(section for section in found if section is not None))
