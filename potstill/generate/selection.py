"""Rejection sampling: of several draws the best that passes is kept; where none does, as many are drawn again.

Every draw is kept as a trace, with a verdict that says why it was chosen or not. Filters that a draw must also pass belong into
`_missed`, which says why one does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from potstill.generate.asking import Asking
from potstill.generate.traces import Drawn
from potstill.judges import BatchJudge
from potstill.types import Verdict

NAME, VERSION = "best_of", "1"
SELECTIONS = pa.schema(
    [
        ("prompt_id", pa.string()),
        ("teacher_id", pa.string()),
        ("chosen", pa.string()),
        ("score", pa.float64()),
        ("draws", pa.int32()),
        ("judged", pa.int32()),
        ("kl_bound", pa.float64()),
    ]
)
"""A row for each prompt and teacher: the trace chosen (null: none passed), its score, how many draws were made and judged, and `kl_bound`
of those judged (null where none was chosen)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to say which draws are kept: beside verdicts on all of them it leaves a table with a row for each prompt and teacher.

    Attributes:
        name: of the table.
        schema: of its rows.
    """

    name: str
    schema: pa.Schema


CHOSEN = Choice("selections", SELECTIONS)

Draw = Callable[[Sequence[Asking], int], list[list[Drawn]]]
"""Prompts, and the number of the first draw -> the next draws of each."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a draw must pass.

    Attributes:
        judge: scores it.
        least: a lower score does not pass, and no score does not either.
    """

    judge: BatchJudge
    least: float


@dataclass
class Heard:
    """What a teacher gave to a prompt so far.

    Attributes:
        asked: the prompt.
        drawn: the draws, in order.
        scores: of each draw; None where the judge could not judge.
    """

    asked: Asking
    drawn: list[Drawn] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Selected:
    """What one teacher gave to one prompt.

    Attributes:
        drawn: in order.
        verdicts: of each draw; none where every draw is kept.
        row: of the `Choice`'s table; None where every draw is kept.
    """

    drawn: list[Drawn]
    verdicts: list[Verdict] = field(default_factory=list)
    row: dict[str, object] | None = None


def kl_bound(draws: int) -> float:
    """Most that the best of so many draws may differ from one draw: KL(best of m || one) <= log m - (m - 1) / m nats.

    Stiennon et al. 2020 state it as an equality; Beirami et al. 2024 (arXiv 2401.01879) show that it is an upper bound. It is what taking
    the best costs. That draws must pass a bar as well, and prompts fall away where none does, is not in it: see the share that passed.
    """
    return math.log(draws) - (draws - 1) / draws


def select(asked: Sequence[Asking], draw: Draw, bar: Bar, rounds: int) -> list[Selected]:
    """The best draw of each prompt.

    Args:
        asked: the prompts.
        draw: gives the next draws.
        bar: what a draw must pass; its score ranks those that do, and of equals the first drawn is taken.
        rounds: most times that a prompt is drawn for.
    """
    heard = [Heard(one) for one in asked]
    left = heard
    for _ in range(rounds):
        _draw(left, draw, bar.judge)
        left = [one for one in left if not _passing(one, bar)]
        if not left:
            break
    return [_selected(one, bar) for one in heard]


def _draw(left: Sequence[Heard], draw: Draw, judge: BatchJudge) -> None:
    """Another round for the prompts left, drawn and judged. All are at the same draw, but where a file of answers holds no more."""
    new = draw([one.asked for one in left], max(len(one.drawn) for one in left))
    pairs = [(one.asked.prompt, drawn.trace.text) for one, some in zip(left, new, strict=True) for drawn in some]
    scores = iter(judge.scores(pairs))
    for one, some in zip(left, new, strict=True):
        one.drawn += some
        one.scores += [next(scores) for _ in some]


def _passing(heard: Heard, bar: Bar) -> dict[int, float]:
    """The draws that pass, with their scores."""
    return {i: score for i, score in enumerate(heard.scores) if score is not None and _missed(score, bar) is None}


def _missed(score: float | None, bar: Bar) -> str | None:
    """Why a draw does not pass; None when it does."""
    if score is None:
        return f"could not be judged by {bar.judge.name}"
    return f"did not pass {bar.least:g} by {bar.judge.name}" if score < bar.least else None


def _selected(heard: Heard, bar: Bar) -> Selected:
    judged = sum(score is not None for score in heard.scores)
    ranked = _passing(heard, bar)
    best = max(ranked, key=lambda i: ranked[i], default=None)
    verdicts = [_verdict(heard, i, best, judged, bar) for i in range(len(heard.drawn))]
    chosen = None if best is None else heard.drawn[best].id
    row: dict[str, object] = {
        "prompt_id": heard.asked.id,
        "teacher_id": heard.drawn[0].trace.teacher_id if heard.drawn else "",
        "chosen": chosen,
        "score": None if best is None else ranked[best],
        "draws": len(heard.drawn),
        "judged": judged,
        "kl_bound": None if best is None else kl_bound(judged),
    }
    return Selected(heard.drawn, verdicts, row)


def _verdict(heard: Heard, i: int, best: int | None, judged: int, bar: Bar) -> Verdict:
    score = heard.scores[i]
    if i == best:
        return Verdict(heard.drawn[i].id, "keep", NAME, f"the best of {judged}: {score:.3g}", score, version=VERSION)
    return Verdict(heard.drawn[i].id, "noise", NAME, _missed(score, bar) or "passed, not the best", score, version=VERSION)
