"""Drawing: every prompt to its teachers, a shard at a time, each shard written whole."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from potstill.errors import CapabilityError, InputError
from potstill.generate.routing import route
from potstill.generate.traces import card_of, table_of, trace_of
from potstill.models import Answer, Given, Sampling, Spending, Teacher, keep_of, open_teacher
from potstill.models.scorings import Scoring, to_table
from potstill.recipe.sections import GenerateSection
from potstill.registry import find
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import from_rows, rows
from potstill.types import Prompt, ScoringMode, TeacherCard, Trace

TRACES, SCORINGS, TEACHERS = "traces", "scorings", "teachers"
"""The tables of the stage."""
LEDGER = "ledger.sqlite"
"""The request ledger, in the run folder."""


def draw(run: Run, prompts: Artifact) -> Artifact:
    """Traces of the teachers on the prompts, in shards; shards that an interrupted run left whole are not drawn again.

    Args:
        run: its recipe names the teachers and how they answer.
        prompts: what `prompts.gather` made.

    Returns:
        the artifact: `traces-00000.parquet`, …; `scorings-00000.parquet`, …, joined to them by `trace_id`; `teachers.parquet`; and
        `log/seconds.json`.

    Raises:
        RecipeError: a prompt has no teacher.
        ModelError: a teacher cannot be found, loaded or used.
        CapabilityError: a teacher cannot score texts.
        InputError: the prompts do not fit the mode.
    """
    settings = run.recipe.generate
    spending = Spending(run.folder / LEDGER, settings.token_budget, settings.usd_budget)
    teachers = [open_teacher(section, settings.batch_size, spending) for section in run.recipe.teachers]
    parts = {}
    for place, teacher in enumerate(teachers):
        kind = teacher.name.partition(":")[0]
        parts[f"model {kind}"] = find("model", kind).version
        parts.update({f"teachers.{place} {key}": value for key, value in teacher.identity().items()})
    if settings.mode == "score":
        for teacher in teachers:
            if "score" not in teacher.gives:
                raise CapabilityError("this teacher cannot score texts", where=teacher.name, fix='use mode = "draw", or another teacher')
    section = {"generate": settings.decisive(), "teachers": [teacher.decisive() for teacher in run.recipe.teachers]}
    drawing = _Drawing(run, teachers)
    return run.perform("generate", section=section, inputs={"prompts": prompts}, parts=parts, work=lambda w: drawing.work(w, prompts))


@dataclass
class _Drawing:
    """The work of the stage."""

    run: Run
    teachers: Sequence[Teacher]

    @cached_property
    def cards(self) -> list[TeacherCard]:
        """Who the teachers are."""
        return [card_of(section, teacher) for section, teacher in zip(self.run.recipe.teachers, self.teachers, strict=True)]

    def work(self, workspace: Workspace, prompts: Artifact) -> Mapping[str, Any]:
        settings = self.run.recipe.generate
        asked = list(rows(prompts.table("prompts"), Prompt))
        check_mode(asked, settings)
        route(asked, self.run.recipe.teachers)
        started, drawn, tokens = time.monotonic(), 0, 0
        shards = [asked[start : start + settings.shard] for start in range(0, len(asked), settings.shard)]
        left = {shard: some for shard, some in enumerate(shards) if not workspace.has_table(TRACES, shard)}
        remaining = sum(map(len, left.values()))
        if remaining < len(asked):
            self.run.log.say(f"generate: going on, {len(asked) - remaining} of {len(asked)} prompts are done")
        with self.run.log.task("generate", remaining, "prompts") as task:
            for shard, some in left.items():
                table, scorings = self._shard(some)
                workspace.write_table(SCORINGS, scorings, shard)
                workspace.write_table(TRACES, table, shard)
                drawn += len(some)
                tokens += _tokens(table)
                task.advance(len(some), tokens_a_second=tokens / max(time.monotonic() - started, 1e-9))
        workspace.write_table(TEACHERS, from_rows(self.cards, TeacherCard))
        seconds = {"seconds": time.monotonic() - started, "prompts": drawn, "tokens": tokens}
        (workspace.log / "seconds.json").write_text(json.dumps(seconds) + "\n")
        return self._summary(workspace, asked)

    def _shard(self, prompts: Sequence[Prompt]) -> tuple[pa.Table, pa.Table]:
        """The shard's traces and scorings: prompt by prompt, teacher by teacher, draw by draw."""
        places = {prompt.id: place for place, prompt in enumerate(prompts)}
        found: list[tuple[int, int, Trace, Answer]] = []
        for number, task in enumerate(route(prompts, self.run.recipe.teachers)):
            for trace, answer in self._answers(number, task):
                found.append((places[trace.prompt_id], number, trace, answer))
        found.sort(key=lambda entry: (entry[0], entry[1], entry[2].sample))
        scored = [(trace, answer.outlook) for _, _, trace, answer in found if len(answer.outlook)]
        mode: ScoringMode = "teacher_forced" if self.run.recipe.generate.mode == "score" else "sampled"
        scorings = to_table([Scoring(trace.id, trace.teacher_id, mode, outlook) for trace, outlook in scored])
        return table_of([entry[2] for entry in found]), scorings

    def _answers(self, number: int, prompts: Sequence[Prompt]) -> Iterator[tuple[Trace, Answer]]:
        """The answers of one teacher."""
        settings, seed = self.run.recipe.generate, self.run.recipe.seed
        teacher, section = self.teachers[number], self.run.recipe.teachers[number]
        keep, sampling, scored = keep_of(section, teacher, seed), _sampling(settings, seed), settings.mode == "score"
        if scored:
            groups = [[answer] for answer in teacher.score([Given(prompt) for prompt in prompts], keep)]
        else:
            groups = teacher.draw(prompts, sampling, keep)
        for prompt, answers in zip(prompts, groups, strict=True):
            for sample, answer in enumerate(answers):
                yield trace_of(prompt.id, self.cards[number], sample, answer, sampling, scored=scored), answer

    def _summary(self, workspace: Workspace, prompts: Sequence[Prompt]) -> Mapping[str, Any]:
        table = workspace.table(TRACES).select(["prompt_id", "teacher", "finish_reason", "token_ids"])
        reasons = Counter(table["finish_reason"].to_pylist())
        by_teacher = Counter(table["teacher"].to_pylist())
        wanted = self.run.recipe.generate.n * sum(map(len, route(prompts, self.run.recipe.teachers)))
        if wanted > len(table):
            self.run.log.say(f"generate: {wanted - len(table)} answers fewer than asked for; some prompts have fewer recorded ones")
        return {
            "prompts": len(prompts),
            "traces": len(table),
            "tokens": _tokens(table),
            "finish_reasons": dict(sorted(reasons.items())),
            "teachers": dict(sorted(by_teacher.items())),
        }


def _sampling(settings: GenerateSection, seed: int) -> Sampling:
    return Sampling(settings.n, settings.temperature, settings.top_p, settings.max_new_tokens, seed)


def check_mode(prompts: Sequence[Prompt], settings: GenerateSection) -> None:
    """Whether the prompts can be answered, or scored, as `generate.mode` says.

    Raises:
        InputError: a conversation is to be scored.
    """
    if settings.mode == "score":
        for prompt in prompts:
            if prompt.messages:
                fix = 'use mode = "draw", or sources of plain text (text:PATH)'
                raise InputError('mode = "score" scores plain texts, and this prompt is a conversation', where=prompt.source, fix=fix)


def _tokens(table: pa.Table) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(pc.list_value_length(table["token_ids"])).as_py() or 0)
