"""What the probes found, as plain values and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

Outcome = Literal["ok", "warning", "refused", "unknown"]
"""`refused`: training on it would be training on garbage. `unknown`: the probe could not tell, which is no `ok`."""
Group = Literal["teacher", "pair"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Result:
    """What one probe found.

    Attributes:
        name: the probe (`repeatable`).
        outcome: what it means.
        seen: what was seen, with the number.
        advice: what to do; empty when nothing is.
        group: whether it is of the teacher alone or of teacher and student.
        signal: whether it concerns the log-probabilities only: a recipe that trains on text alone is not harmed.
    """

    name: str
    outcome: Outcome
    seen: str
    advice: str = ""
    group: Group = "teacher"
    signal: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was found of one teacher, and of it with the student.

    Attributes:
        teacher: its name in the recipe.
        student: the student's; None: the teacher was probed alone.
        results: in the probes' order.
        requests: how many texts it was asked to answer or to score; of a server, how many requests it was sent.
        tokens: how many tokens it wrote and scored; of a server, how many are charged.
        microusd: what these cost at most, in millionths of a US dollar; None: not known, or nothing is paid.
    """

    teacher: str
    student: str | None
    results: tuple[Result, ...]
    requests: int = 0
    tokens: int = 0
    microusd: int | None = None

    def of(self, outcome: Outcome) -> tuple[Result, ...]:
        """The results with that outcome."""
        return tuple(result for result in self.results if result.outcome == outcome)

    def for_text_alone(self) -> Diagnosis:
        """The same for a recipe that does not train on log-probabilities: what is wrong with them is a warning."""
        milder = [replace(r, outcome="warning") if r.signal and r.outcome == "refused" else r for r in self.results]
        return replace(self, results=tuple(milder))

    def facts(self) -> dict[str, Any]:
        """The diagnosis as plain values."""
        return {**asdict(self), "results": [asdict(result) for result in self.results]}

    def summary(self) -> str:
        """One line: how many probes had which outcome, and what they took."""
        counts = [f"{len(self.of(outcome))} {outcome}" for outcome in OUTCOMES if self.of(outcome)]
        cost = "" if self.microusd is None else f", {self.microusd / 1e6:.6f} US dollars"
        return f"{', '.join(counts)}; {self.requests} requests, {self.tokens} tokens{cost}"

    def lines(self) -> list[str]:
        """The diagnosis for people: a table, and what to do."""
        pair = f" -> {self.student}" if self.student else ""
        return [f"{self.teacher}{pair}", *_table(self.results), self.summary(), *self._advice()]

    def _advice(self) -> Iterator[str]:
        told = [r for outcome in ("refused", "warning", "unknown") for r in self.of(outcome) if r.advice]
        width = max((len(f"{r.outcome}: {r.name}") for r in told), default=0)
        yield from (f"{f'{r.outcome}: {r.name}':<{width}}  {r.advice}" for r in told)


def _table(results: Sequence[Result]) -> Iterator[str]:
    """A line a result, the probes' names in a column."""
    width = max((len(result.name) for result in results), default=0)
    yield from (f"  {result.outcome:<7}  {result.name:<{width}}  {result.seen}" for result in results)
