"""The findings of evaluation and export, looked up by measure, subject and group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from potstill.report.axes import Dot
from potstill.report.words import interval, measured, plural
from potstill.types import Finding

WHOSE = ("teacher", "student", "base")
"""Subjects of an evaluation, in the order in which they are shown."""


def called(subject: str) -> str:
    """What a subject is called on the page."""
    return "before training" if subject == "base" else subject


class Findings:
    """Findings by measure, subject and group; the first of several alike counts."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._all: dict[tuple[str, str, str], Finding] = {}
        for finding in findings:
            self._all.setdefault((finding.name, finding.subject, finding.group), finding)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._all.values())

    def get(self, name: str, subject: str = "student", group: str = "all") -> Finding | None:
        """The finding; None when it was not looked for."""
        return self._all.get((name, subject, group))

    def value(self, name: str, subject: str = "student", group: str = "all") -> float | None:
        """The finding's value; None when it was not looked for or could not be measured."""
        finding = self.get(name, subject, group)
        return None if finding is None else finding.value

    def groups(self, name: str, fits: Callable[[str], bool] = bool) -> list[str]:
        """The groups in which a measure was looked for, in the order of the findings."""
        return list(dict.fromkeys(f.group for f in self if f.name == name and fits(f.group)))

    def subjects(self, name: str) -> list[str]:
        """Whose a measure was looked for: teacher, student, base, then others in the order of the findings."""
        found = dict.fromkeys(f.subject for f in self if f.name == name)
        return [subject for subject in WHOSE if subject in found] + [subject for subject in found if subject not in WHOSE]

    def dots(self, name: str, group: str) -> tuple[Dot, ...]:
        """A dot for each subject whose measure has a value in this group."""
        found = (self.get(name, subject, group) for subject in self.subjects(name))
        return tuple(Dot(f.subject, f.value, f.low, f.high, explained(f)) for f in found if f is not None and f.value is not None)

    def legend(self, name: str) -> tuple[tuple[str, str], ...]:
        """Look and name of everyone of whom the measure has a value."""
        known = {f.subject for f in self if f.name == name and f.value is not None}
        return tuple((subject, called(subject)) for subject in self.subjects(name) if subject in known)

    def measured(self, name: str) -> bool:
        """Whether the measure has a value anywhere."""
        return any(f.name == name and f.value is not None for f in self)


def explained(finding: Finding) -> str:
    """A finding in words: `carry_addition, student: 97.0% [91.5, 99.0], n = 100, 2 could not be judged`."""
    value = "not measured" if finding.value is None else measured(finding.value, finding.unit)
    unit = f" {finding.unit}" if finding.unit in ("nats/token", "bits/byte", "tokens/s") else ""
    parts = [f"{finding.group}, {called(finding.subject)}: {' '.join(filter(None, (value + unit, interval(finding))))}"]
    parts += [f"n = {finding.n:,}"] if finding.n else []
    parts += [f"{plural(finding.unjudged, 'answer')} could not be judged"] if finding.unjudged else []
    return ", ".join(parts)
