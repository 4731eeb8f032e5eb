"""The recommendation: the best that the recipe can use; among those that are not clearly worse the cheapest, smallest, safest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from potstill.compare.candidates import Candidate, Cost
from potstill.compare.differences import Marks, difference, mean, merit
from potstill.judges.shares import Estimate
from potstill.report.words import compact, percent


@dataclass(frozen=True, slots=True)
class Performance:
    """A candidate after it was asked.

    Attributes:
        candidate: who.
        marks: of its answers as they count, by kind of prompt; without kinds of which nobody's answer could be judged. Empty when it was
            not asked.
        texts: its answers to what was asked, in order.
        cost: of an answer.
        unjudged: kind of prompt -> how many answers could not be judged.
        refusals: 1 for each answer that declines and 0 for each other, by kind of prompt; None where it is not known.
    """

    candidate: Candidate
    marks: Marks
    texts: Sequence[str]
    cost: Cost
    unjudged: Mapping[str, int] = field(default_factory=dict)
    refusals: Marks = field(default_factory=dict)

    @property
    def merit(self) -> float | None:
        """As `differences.merit`."""
        return merit(self.marks) if self.marks else None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Who is recommended.

    Attributes:
        name: the candidate; None when none can be used.
        reasons: for it, sentence by sentence.
        others: candidate -> why not.
        behind: candidate -> the recommended one's merit less its own.
        clear: whether every other one that can be used is clearly worse; else it was picked among those that are tied.
    """

    name: str | None
    reasons: tuple[str, ...]
    others: Mapping[str, str]
    behind: Mapping[str, Estimate]
    clear: bool


def decide(performances: Sequence[Performance]) -> Recommendation:
    """The recommendation. Ties of merit, where the interval of the difference holds 0, are broken by cost, then size, then hazard leaks."""
    usable = [one for one in performances if not one.candidate.lacks and one.merit is not None]
    if not usable:
        why = {one.candidate.name: one.candidate.lacks or "its answers could not be judged" for one in performances}
        return Recommendation(None, ("no candidate can be used",), why, {}, clear=False)
    best = max(usable, key=_merit)
    close = [one for one in usable if one is best or not _clear(difference(best.marks, one.marks))]
    chosen = min(close, key=_order)
    behind = {one.candidate.name: difference(chosen.marks, one.marks) for one in usable if one is not chosen}
    others = {one.candidate.name: _why_not(one, chosen, behind) for one in performances if one is not chosen}
    return Recommendation(chosen.candidate.name, tuple(_reasons(chosen, best, close, usable)), others, behind, len(close) == 1)


def _merit(one: Performance) -> float:
    return one.merit if one.merit is not None else -1.0


def _clear(apart: Estimate) -> bool:
    return apart.low is not None and apart.high is not None and (apart.low > 0 or apart.high < 0)


def _order(one: Performance) -> tuple[float, float, float, float]:
    """Cheaper first, then smaller, then safer, then better; what is not known comes last."""
    unknown = float("inf")
    usd = unknown if one.cost.usd is None else one.cost.usd
    if one.cost.usd is None and one.candidate.parameters:
        usd = 0.0
    return usd, one.candidate.parameters or unknown, -(mean(one.marks.get("hazard", ())) or 0.0), -_merit(one)


def _reasons(chosen: Performance, best: Performance, close: Sequence[Performance], usable: Sequence[Performance]) -> list[str]:
    if len(usable) == 1:
        return ["it is the only candidate that the recipe can use"]
    if len(close) == 1:
        second = max((one for one in usable if one is not chosen), key=_merit)
        return [f"the best answers: {_ahead(difference(chosen.marks, second.marks))} of the next best, {second.candidate.name}"]
    names = ", ".join(one.candidate.name for one in close if one is not chosen)
    told = [f"no clear difference to {names}"]
    if chosen is best:
        return [*told, f"of these it has the best answers ({percent(_merit(chosen))}), and none is cheaper, smaller or safer"]
    return [*told, f"of these it is the {_advantage(chosen, best)}"]


def _advantage(chosen: Performance, best: Performance) -> str:
    """In what the chosen one comes before the best."""
    words = ("cheaper", "smaller", "safer", "better")
    pairs = zip(words, _order(chosen), _order(best), strict=True)
    word = next((word for word, mine, other in pairs if mine < other), words[-1])
    return f"{word} one, next to {best.candidate.name}"


def _ahead(apart: Estimate) -> str:
    value, low, high = (100 * (bound or 0.0) for bound in (apart.value, apart.low, apart.high))
    if value < 0:
        return f"{-value:.1f} points [{-high:.1f}, {-low:.1f}] behind"
    return f"{value:.1f} points [{low:.1f}, {high:.1f}] ahead"


def _why_not(one: Performance, chosen: Performance, behind: Mapping[str, Estimate]) -> str:
    name = one.candidate.name
    if one.candidate.lacks:
        return one.candidate.lacks
    if name not in behind:
        return "its answers could not be judged"
    apart = behind[name]
    if not _clear(apart):
        return f"no clear difference: {chosen.candidate.name} is {_ahead(apart)}; {_rest(one, chosen)}"
    worst = max(one.marks, key=lambda kind: (mean(chosen.marks[kind]) or 0.0) - (mean(one.marks[kind]) or 0.0))
    shares = f"{percent(mean(one.marks[worst]) or 0.0)} against {percent(mean(chosen.marks[worst]) or 0.0)}"
    return f"clearly worse: {chosen.candidate.name} is {_ahead(apart)}; most of it on {worst} prompts ({shares})"


def _rest(one: Performance, chosen: Performance) -> str:
    """What else decided between two that answer alike."""
    pairs = zip(("dearer", "larger", "less safe", "no better"), _order(one), _order(chosen), strict=True)
    word = next((word for word, mine, other in pairs if mine > other), "no better")
    size = f" ({compact(one.candidate.parameters)} parameters)" if word == "larger" and one.candidate.parameters else ""
    return f"it is {word}{size}"
