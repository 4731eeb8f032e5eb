"""Where one row comes from and what became of it: from a decision back to the file and line of the prompt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from potstill.curate.policy import Ruling
from potstill.curate.rulings import rulings
from potstill.errors import InputError
from potstill.store.artifact import Artifact
from potstill.store.joining import Lookup
from potstill.store.run import Run

Row = dict[str, Any]
GATHERED = "prompts.gathered"
SHOWN = 160
"""Characters of a text that are shown to people."""
_OF_TRACE = ("id", "prompt_id", "teacher", "teacher_id", "sample", "text", "finish_reason", "sampling", "request", "response")


@dataclass(frozen=True)
class Origin:
    """All that a run folder knows of one prompt or one trace.

    Attributes:
        prompt: the columns of the prompt.
        said_of_prompt: the verdicts on the prompt alone.
        decided_of_prompt: the decision on it; None where prompts were not filtered.
        trace: the columns of the trace; None where the id is a prompt's.
        teacher: the card of the teacher that gave it.
        said, decided: the verdicts on the trace, and the decision.
        traces: ids of the answers to the prompt.
        ruling: what a person says of it.
        times: how often the prompt is drawn for training; None where prompts are not balanced.
    """

    prompt: Row
    said_of_prompt: list[Row] = field(default_factory=list)
    decided_of_prompt: Row | None = None
    trace: Row | None = None
    teacher: Row | None = None
    said: list[Row] = field(default_factory=list)
    decided: Row | None = None
    traces: list[str] = field(default_factory=list)
    ruling: Ruling | None = None
    times: int | None = None

    def facts(self) -> dict[str, Any]:
        """As plain values."""
        ruling = None if self.ruling is None else {"part": self.ruling.part, "why": self.ruling.why}
        return {
            "prompt": self.prompt,
            "prompt_verdicts": self.said_of_prompt,
            "prompt_decision": self.decided_of_prompt,
            "trace": self.trace,
            "teacher": self.teacher,
            "verdicts": self.said,
            "decision": self.decided,
            "traces": self.traces,
            "ruling": ruling,
            "times_drawn": self.times,
        }

    def lines(self) -> list[str]:
        """For people."""
        return list(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"source    {self.prompt['source'] or 'unknown'}  {self.prompt['licence'] or 'licence unknown'}"
        labels = ("domain", "skill", "intent", "family", "half", "wrapper", "language")
        told = ", ".join(f"{name} {self.prompt[name]}" for name in labels if self.prompt.get(name))
        yield f"prompt    {self.prompt['id']}  {told} ({self.prompt.get('labelled_by', 'given')})"
        if self.prompt.get("twin_of"):
            yield f"  the harmless twin of {self.prompt['twin_of']}"
        turns = self.prompt["messages"] or [{"role": "text", "content": self.prompt["reference"] or ""}]
        yield from (f"  {turn['role']}: {_short(turn['content'])}" for turn in turns)
        yield from _judged(self.said_of_prompt, self.decided_of_prompt)
        if self.times is not None:
            yield f"  drawn {self.times} times by prompts.balance" if self.times else "  not drawn by prompts.balance, so nobody was asked"
        if self.trace is not None:
            yield f"trace     {self.trace['id']}  draw {self.trace['sample']} of {self.trace['teacher']}, {self.trace['finish_reason']}"
            yield f"  {_short(self.trace['text'])}"
            yield from _revised(self.trace)
            yield from _judged(self.said, self.decided)
        elif self.traces:
            yield f"traces    {', '.join(self.traces)}"
        if self.ruling is not None:
            yield f"human     {self.ruling.part}: {self.ruling.why}"


def origin(run: Run, id_: str) -> Origin:
    """Where the prompt or trace with that id comes from, and what became of it.

    Args:
        run: its current artifacts are read.
        id_: of a trace or of a prompt, whole.

    Raises:
        InputError: the run has neither a trace nor a prompt of that id.
        StoreError: nothing was gathered yet, or a file is damaged.
    """
    made = run.artifacts()
    run.artifact("prompts")
    traces = _rows(made, "generate", "traces", "id", id_, _OF_TRACE)
    prompt_id = traces[0]["prompt_id"] if traces else id_
    prompt = _prompt(made, prompt_id)
    if prompt is None:
        fix = "give a whole id, as `potstill query` shows them"
        raise InputError("no prompt and no trace of the run has this id", where=id_, fix=fix)
    known = rulings(run)
    drawn = _first(_rows(made, "prompts", "balance", "prompt_id", prompt_id))
    whole = Origin(
        prompt,
        _rows(made, "prompts", "verdicts", "prompt_id", prompt_id),
        _first(_rows(made, "prompts", "decisions", "prompt_id", prompt_id)),
        ruling=known.get(id_, known.get(prompt_id)),
        traces=[row["id"] for row in _rows(made, "generate", "traces", "prompt_id", prompt_id, ("id", "prompt_id"))],
        times=None if drawn is None else drawn["times"],
    )
    return whole if not traces else _with_trace(whole, made, traces[0])


def _with_trace(whole: Origin, made: Mapping[str, Artifact], trace: Row) -> Origin:
    judged = "filter" if "filter" in made else "generate"
    return replace(
        whole,
        trace=trace,
        teacher=_first(_rows(made, "generate", "teachers", "id", trace["teacher_id"])),
        said=_rows(made, judged, "verdicts", "trace_id", trace["id"]),
        decided=_first(_rows(made, "filter", "decisions", "trace_id", trace["id"])),
    )


def _prompt(made: Mapping[str, Artifact], id_: str) -> Row | None:
    """The prompt's row: as it was asked, or as it validates, evaluates or was gathered."""
    places = [("prompts", table) for table in ("prompts", "validation", "evaluation")] + [(GATHERED, "candidates")]
    return next((rows[0] for stage, table in places if (rows := _rows(made, stage, table, "id", id_))), None)


def _rows(made: Mapping[str, Artifact], stage: str, table: str, key: str, value: str, columns: tuple[str, ...] = ()) -> list[Row]:
    if stage not in made:
        return []
    found = Lookup(made[stage].folder, table, key, columns).rows(pa.array([value]))
    return [] if found is None else found.to_pylist()


def _first(rows: list[Row]) -> Row | None:
    return rows[0] if rows else None


def _judged(said: list[Row], decided: Row | None) -> Iterator[str]:
    for verdict in said:
        if verdict["applies"]:
            score = "could not judge" if verdict["score"] is None else f"{verdict['score']:.3g}"
            yield f"  {verdict['part']:<6}  {verdict['by']} ({score}): {verdict['why']}{_shown(verdict)}"
    if decided is not None:
        yield f"  -> {decided['part']}" + (f" because of {'; '.join(decided['because'])}" if decided["because"] else "")


def _shown(verdict: Row) -> str:
    """Of a verdict that puts aside its evidence: where it stands, or the id of the other item."""
    if verdict["part"] == "keep" or not verdict["evidence"]:
        return ""
    if not verdict["within"]:
        return f" ({_short(verdict['evidence'])})"
    return f"; {verdict['within']} {verdict['start']} to {verdict['end']}: {_short(verdict['evidence'])}"


def _revised(trace: Row) -> Iterator[str]:
    """What a revision was made of."""
    made = json.loads(trace["sampling"] or "{}").get("revision")
    if made is not None:
        yield f"  revises {made['of']}, which breaks {', '.join(made['rules'])} (round {made['round']}, {made['how']})"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
