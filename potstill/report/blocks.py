"""What a page consists of: plain data, ready to be written by the templates."""

from __future__ import annotations

from dataclasses import dataclass

from potstill.report.charts import Chart


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first column names the rows.

    Attributes:
        folded: shown when it is opened: the numbers behind a chart.
        words: how many columns hold words; the others hold numbers and are set to the right.
        wide: it holds long texts, and takes the page's whole width.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False
    words: int = 1
    wide: bool = False

    @property
    def slim(self) -> bool:
        """Whether it fits beside another block."""
        return not self.wide and len(self.head) <= 5 and self.words <= 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered, and what it is worth: `right`, `wrong`, `cut`, `unknown` or nothing."""

    whose: str
    look: str
    text: str
    grade: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt with the answers to it."""

    label: str
    grade: str
    turns: tuple[tuple[str, str], ...]
    reference: str | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """Several prompts with answers."""

    caption: str
    items: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A text that is shown letter by letter."""

    caption: str
    text: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Notes:
    """A list of plain sentences; `look` is `note`, `good` or `bad`."""

    lines: tuple[str, ...]
    look: str = "note"


Block = Chart | Table | Examples | Code | Notes


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a heading of its own; `name` is its anchor."""

    name: str
    title: str
    lead: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the head of the page."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class Step:
    """One station of the run: what it made, or None where it has not been done."""

    stage: str
    amount: str | None
    unit: str


@dataclass(frozen=True, slots=True)
class Header:
    """The head of the page.

    Attributes:
        verdict: `passed`, `failed` or `open`.
        missed: the limits that were missed.
    """

    title: str
    recipe: str
    teacher: str
    student: str
    verdict: str
    verdict_text: str
    missed: tuple[str, ...]
    summary: str
    tiles: tuple[Tile, ...]
    steps: tuple[Step, ...]
    finished: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    header: Header
    sections: tuple[Section, ...]


def kind_of(block: Block) -> str:
    """The name of the macro that writes a block."""
    return type(block).__name__.lower()
