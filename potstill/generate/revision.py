"""Revision: answers that break a rule of a constitution are revised by the teacher that gave them, and held against the rules again.

A teacher that can go on from a beginning rejects the first step that breaks a rule and draws anew from the last good step. Another is asked
to criticise its answer and to give a better one. Every version is kept as a trace, with a verdict that says what became of it; only one
that keeps every rule is kept, and it meets the same filters as any other answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson
import pyarrow as pa

from potstill.generate.asking import Asking, Voice
from potstill.generate.context import with_context
from potstill.generate.selection import Choice, Selected
from potstill.generate.traces import Drawn, trace_of
from potstill.judges.constitution import Checked, Constitution, Said
from potstill.models import Answer, Keep, Outlook, Sampling
from potstill.models.base import NOTHING, Begun
from potstill.recipe.sections import RevisionSection
from potstill.types import Message, Prompt, Verdict

NAME, VERSION = "revision", "1"
REVISIONS = pa.schema(
    [
        ("prompt_id", pa.string()),
        ("teacher_id", pa.string()),
        ("draws", pa.int32()),
        ("broken", pa.int32()),
        ("mended", pa.int32()),
        ("unjudged", pa.int32()),
        ("by_step", pa.int32()),
        ("by_whole", pa.int32()),
        ("rules", pa.list_(pa.string())),
    ]
)
"""A row for each prompt and teacher: the draws, how many of them broke a rule, for how many of these a revision keeps every rule, how many
could not be judged, how many revisions were made from the last good step and how many by criticism, and the rules that the draws broke,
each as often as draws broke it."""
REVISED = Choice("revisions", REVISIONS)
How = Literal["drawn", "step", "whole"]
"""`drawn`: no revision; `step`: the teacher went on from the last good step; `whole`: it criticised its answer and gave another."""
WITHHELD = ("content_filter", "error")
"""Answers that ended so are not what the teacher would say; they are not revised."""
CRITICISE = """Your last answer breaks these rules:
{rules}

Say in a few sentences what is wrong with it, and at which step."""
REVISE = "Now answer the first request again, so that every rule is kept. Give the answer alone, in the same form as before."


@dataclass(frozen=True, slots=True)
class Version:
    """A draw, or a revision of one.

    Attributes:
        drawn: the trace.
        checked: what the rules say of it.
        how: it was made.
    """

    drawn: Drawn
    checked: Checked
    how: How = "drawn"


@dataclass
class Line:
    """A draw with its revisions.

    Attributes:
        asked: the prompt.
        versions: the draw, then each revision of the one before it.
        ended: why no further revision could be made; empty while one can.
    """

    asked: Asking
    versions: list[Version] = field(default_factory=list)
    ended: str = ""

    @property
    def last(self) -> Version:
        """The version that would be revised next."""
        return self.versions[-1]

    @property
    def open(self) -> bool:
        """Whether there is something to revise: a rule is broken, at a step that is known."""
        withheld = self.last.drawn.trace.finish_reason in WITHHELD
        return not self.ended and bool(self.last.checked.violations) and not withheld


@dataclass(frozen=True, slots=True)
class Telling:
    """A conversation that a teacher is asked to end with a revision, and all that it was told beside the prompt."""

    prompt: Prompt
    context: str


def revise(
    asked: Sequence[Asking], answers: Sequence[Sequence[Drawn]], voice: Voice, constitution: Constitution, settings: RevisionSection
) -> list[Selected]:
    """The draws of each prompt with their revisions, each with its verdict.

    Args:
        asked: the prompts.
        answers: the draws of each.
        voice: the teacher that gave them; it is the critic of rules that ask a teacher, and revises.
        constitution: the rules.
        settings: how often and how.
    """
    lines = [[Line(one) for _ in some] for one, some in zip(asked, answers, strict=True)]
    every = [line for some in lines for line in some]
    work = _Revising(voice, constitution, settings)
    work.check(every, [drawn for some in answers for drawn in some], ["drawn"] * len(every))
    for number in range(settings.rounds):
        work.round(every, number)
    return [_selected(one, some, voice) for one, some in zip(asked, lines, strict=True)]


@dataclass(frozen=True)
class _Revising:
    """The revisions of one teacher's answers."""

    voice: Voice
    constitution: Constitution
    settings: RevisionSection

    def check(self, lines: Sequence[Line], drawn: Sequence[Drawn], how: Sequence[How]) -> None:
        """Hold a new version of each line against the rules, and put it in its line."""
        said = [Said(line.asked.prompt, one.trace.text, one.trace.segments) for line, one in zip(lines, drawn, strict=True)]
        for line, one, way, checked in zip(lines, drawn, how, self.constitution.check(said, self._critic), strict=True):
            line.versions.append(Version(one, checked, way))

    def round(self, lines: Sequence[Line], number: int) -> None:
        """A revision of each line that is still open."""
        left = [line for line in lines if line.open]
        goes_on = [self._kept_tokens(line) for line in left]
        stepwise = [(line, kept) for line, kept in zip(left, goes_on, strict=True) if kept is not None]
        whole = [line for line, kept in zip(left, goes_on, strict=True) if kept is None]
        made = [*self._from_steps(stepwise, number), *self._by_criticism(whole, number)]
        if made:
            self.check([line for line, _, _ in made], [drawn for _, drawn, _ in made], [how for _, _, how in made])

    def _critic(self, prompts: Sequence[Prompt]) -> list[str | None]:
        """The teacher's replies to questions about answers, the likeliest ones."""
        return [None if reply is None else reply[0].text for reply in self.voice.reply(prompts, 0.0)]

    def _kept_tokens(self, line: Line) -> int | None:
        """How many of its tokens stand before the first step that breaks a rule; None where the teacher cannot go on from there."""
        trace = line.last.drawn.trace
        if self.settings.mode == "whole" or not self.voice.goes_on or len(trace.token_ends) != len(trace.token_ids):
            return None
        if not trace.token_ids:
            return None
        start = line.last.checked.violations[0].step.start
        return bisect_right(trace.token_ends, len(trace.text[:start].encode())) if start else 0

    def _from_steps(self, left: Sequence[tuple[Line, int]], number: int) -> list[tuple[Line, Drawn, How]]:
        """Each answer drawn anew from its last good step."""
        if not left:
            return []
        begun = [self._begun(line, kept, self._sample(line, number)) for line, kept in left]
        answers = self.voice.go_on(begun, self._temperature)
        return [
            (line, self._drawn(line, one.sample, answer, sampling, {"how": "step", "kept_tokens": kept}), "step")
            for (line, kept), one, (answer, sampling) in zip(left, begun, answers, strict=True)
        ]

    def _begun(self, line: Line, kept: int, sample: int) -> Begun:
        drawn = line.last.drawn
        outlook = drawn.outlook.first(kept) if len(drawn.outlook) == len(drawn.trace.token_ids) else Outlook()
        return Begun(line.asked.prompt, drawn.trace.token_ids[:kept], outlook, sample)

    def _by_criticism(self, left: Sequence[Line], number: int) -> list[tuple[Line, Drawn, How]]:
        """Each answer criticised, and given anew. What does not fit the teacher's context is not revised."""
        for line in left:
            if not line.asked.prompt.messages:
                line.ended = "a plain text cannot be asked about"
        can = [line for line in left if not line.ended]
        critiques = self._told(can, [self._questioned(line) for line in can], 0.0, number, NOTHING)
        heard = [(line, telling, reply) for line, telling, reply in critiques if reply is not None]
        tellings = [_turns(telling, reply[0].text, REVISE) for _, telling, reply in heard]
        revised = self._told([line for line, _, _ in heard], tellings, self._temperature, number, self.voice.keep)
        return [
            (line, self._drawn(line, self._sample(line, number), *reply, {"how": "whole"}, telling.context), "whole")
            for line, telling, reply in revised
            if reply is not None
        ]

    def _told(
        self, lines: Sequence[Line], tellings: Sequence[Telling], temperature: float, number: int, keep: Keep
    ) -> list[tuple[Line, Telling, tuple[Answer, Sampling] | None]]:
        """The conversations with the teacher's replies; a line whose conversation does not fit ends."""
        replies = self.voice.reply([one.prompt for one in tellings], temperature, number, keep) if tellings else []
        for line, reply in zip(lines, replies, strict=True):
            if reply is None:
                line.ended = "the criticism does not fit the teacher's context"
        return list(zip(lines, tellings, replies, strict=True))

    def _questioned(self, line: Line) -> Telling:
        """The prompt, the answer, and the question what is wrong with it."""
        last = line.last
        first = {one.rule.name: one for one in reversed(last.checked.violations)}
        rules = "\n".join(f"- {first[name].rule.text} (here: “{first[name].evidence}”)" for name in last.checked.broken)
        told = self.voice.settings.context
        return _turns(Telling(with_context(line.asked.prompt, told), told), last.drawn.trace.text, CRITICISE.format(rules=rules))

    def _drawn(
        self, line: Line, sample: int, answer: Answer, sampling: Sampling, made: dict[str, Any], context: str | None = None
    ) -> Drawn:
        """A revision as a trace of its own, which tells how it was made and of which trace."""
        before = line.last
        told = self.voice.settings.context if context is None else context
        trace = trace_of(line.asked.id, self.voice.card, sample, answer, sampling, context=told)
        facts = {"of": before.drawn.id, "rules": list(before.checked.broken), "round": len(line.versions), **made}
        drawn = {**orjson.loads(trace.sampling), "revision": facts}
        trace = replace(trace, sampling=orjson.dumps(drawn, option=orjson.OPT_SORT_KEYS).decode())
        return Drawn(trace.id, trace, answer.outlook)

    def _sample(self, line: Line, number: int) -> int:
        """The number of a revision among its prompt's draws: behind those of all that are asked for, another for each."""
        return self.voice.settings.n + line.versions[0].drawn.trace.sample * self.settings.rounds + number

    @property
    def _temperature(self) -> float:
        chosen = self.settings.temperature
        return self.voice.settings.temperature if chosen is None else chosen


def _turns(telling: Telling, answer: str, request: str) -> Telling:
    """The conversation with another answer of the teacher and another request behind it."""
    more = (Message("assistant", answer), Message("user", request))
    said = "\n\n".join(f"{one.role}: {one.content}" for one in more)
    prompt = replace(telling.prompt, messages=(*telling.prompt.messages, *more))
    return Telling(prompt, f"{telling.context}\n\n{said}" if telling.context else said)


def _selected(asked: Asking, lines: Sequence[Line], voice: Voice) -> Selected:
    versions = [version for line in lines for version in line.versions]
    broken = [line for line in lines if line.versions[0].checked.violations]
    row: dict[str, object] = {
        "prompt_id": asked.id,
        "teacher_id": voice.card.id,
        "draws": len(lines),
        "broken": len(broken),
        "mended": sum(line.last.checked.kept for line in broken),
        "unjudged": sum(line.versions[0].checked.score is None for line in lines),
        "by_step": sum(version.how == "step" for version in versions),
        "by_whole": sum(version.how == "whole" for version in versions),
        "rules": [name for line in broken for name in line.versions[0].checked.broken],
    }
    verdicts = [_verdict(line, i) for line in lines for i in range(len(line.versions))]
    return Selected([version.drawn for version in versions], verdicts, row)


def _verdict(line: Line, i: int) -> Verdict:
    """What became of one version."""
    version, checked = line.versions[i], line.versions[i].checked
    why = checked.why if version.how == "drawn" else f"revises trace {line.versions[i - 1].drawn.id} ({_MADE[version.how]}): {checked.why}"
    first = checked.violations[0] if checked.violations else None
    if first is not None:
        why = f"{why}; {_outcome(line)}"
    return Verdict(
        version.drawn.id,
        checked.part,
        NAME,
        why,
        checked.score,
        evidence="" if first is None else version.drawn.trace.text[first.step.start : first.step.end],
        version=VERSION,
        prompt_id=line.asked.id,
        within="" if first is None else "answer",
        start=None if first is None else first.step.start,
        end=None if first is None else first.step.end,
    )


_MADE = {"step": "from its last good step", "whole": "after criticism"}


def _outcome(line: Line) -> str:
    """What came of a line in which a rule was broken."""
    if line.last.checked.kept:
        return f"revised, see trace {line.last.drawn.id}"
    if line.ended:
        return f"not revised: {line.ended}"
    made = len(line.versions) - 1
    return f"none of {made} revision{'s' * (made != 1)} keeps every rule" if made else "not revised, for it was withheld"
