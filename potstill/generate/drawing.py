"""Drawing: every prompt to its teachers, a shard at a time, each shard written whole. What is in memory does not grow with the prompts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from potstill.endpoints.account import account
from potstill.errors import StoreError
from potstill.generate.asking import Asking, Voice, voices
from potstill.generate.committee import scored_by_others
from potstill.generate.fitting import check_revisers, check_scorers, expected
from potstill.generate.revision import NAME as REVISION
from potstill.generate.revision import REVISED, revise
from potstill.generate.revision import VERSION as REVISION_VERSION
from potstill.generate.routing import takers
from potstill.generate.selection import CHOSEN, NAME, VERSION, Bar, Choice, Selected, select
from potstill.generate.shards import Gathered, Shard, done, left, together, tokens
from potstill.generate.summary import best_of, revised, summary, unscored
from potstill.judges import open_judge
from potstill.judges.constitution import Constitution, Said
from potstill.judges.opening import open_constitution
from potstill.models import Teacher, open_teacher, spending_of
from potstill.registry import find
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import from_rows
from potstill.types import ScoringMode, TeacherCard

TEACHERS = "teachers"
"""The table of who the teachers are."""
Examine: TypeAlias = Callable[[Sequence[Teacher], Path], None]
"""Looks at the teachers before anything is paid, and writes what it found in a folder."""
IN_FLIGHT = 32
"""An endpoint is handed about this many times its limit of requests before a shard is written: few wait at the end for the slowest."""
IN_MEMORY = 256_000_000
"""Bytes of what teachers expected that such a group may hold, unless a single shard holds more."""
OUTCOME = 8
"""Bytes of one outcome: its id and its log-probability."""
TRIAL = ("Answer: 5", "")
"""Texts that a judge scores before there are answers."""


def draw(run: Run, prompts: Artifact, *, examine: Examine | None = None) -> Artifact:
    """Traces of the teachers on the prompts, in shards; shards that an interrupted run left whole are not drawn again.

    Args:
        run: its recipe names the teachers and how they answer.
        prompts: what `prompts.gather` made.
        examine: is handed the teachers and the artifact's log folder before the first of them is asked; what it raises ends the stage.

    Returns:
        the artifact: `traces-00000.parquet`, …; `scorings-00000.parquet`, …, joined to them by `trace_id`; where the best of several is
        kept `verdicts-00000.parquet`, … on every draw and `selections-00000.parquet`, …; where answers are revised
        `verdicts-00000.parquet`, … on every version and `revisions-00000.parquet`, …; `teachers.parquet`; and `log/seconds.json`.

    Raises:
        RecipeError: a prompt has no teacher, there is no such judge, or it fails.
        ModelError: a teacher or judge cannot be found, loaded or used.
        CapabilityError: a teacher cannot score texts, or cannot be asked for a revision.
        InputError: the prompts do not fit the mode, or the file of rules is not there.
    """
    recipe, settings = run.recipe, run.recipe.generate
    teachers = [open_teacher(section, settings.batch_size, spending_of(run)) for section in recipe.teachers]
    check_scorers(teachers, settings)
    check_revisers(teachers, settings)
    bar, constitution = _bar(run), _constitution(run)
    section = {"generate": settings.decisive(), "teachers": [teacher.decisive() for teacher in recipe.teachers]}
    codecs = {f"codec {one.codec}": find("codec", one.codec, "teachers.codec").version for one in recipe.teachers}
    parts = {**_teacher_parts(teachers), **codecs, **_bar_parts(bar), **_constitution_parts(constitution)}
    work = _Drawing(run, voices(recipe, teachers), bar, constitution, examine).work
    return run.perform("generate", section=section, inputs={"prompts": prompts}, parts=parts, work=lambda w: work(w, prompts))


def _bar(run: Run) -> Bar | None:
    """What an answer must pass to be kept; None where every answer is."""
    chosen = run.recipe.generate.best_of
    return None if chosen is None else Bar(open_judge(chosen.judge, spending=spending_of(run)), chosen.least)


def _constitution(run: Run) -> Constitution | None:
    """The rules by which answers are revised; None where none are."""
    chosen = run.recipe.generate.revision
    return None if chosen is None else open_constitution(chosen.constitution, "generate.revision.constitution", spending_of(run))


def _teacher_parts(teachers: Sequence[Teacher]) -> dict[str, str]:
    parts = {}
    for place, teacher in enumerate(teachers):
        kind = teacher.name.partition(":")[0]
        parts[f"model {kind}"] = find("model", kind).version
        parts.update({f"teachers.{place} {key}": value for key, value in teacher.identity().items()})
    return parts


def _bar_parts(bar: Bar | None) -> dict[str, str]:
    return {} if bar is None else {NAME: VERSION, **{f"{bar.judge.name} {key}": value for key, value in bar.judge.identity().items()}}


def _constitution_parts(constitution: Constitution | None) -> dict[str, str]:
    return {} if constitution is None else {REVISION: REVISION_VERSION, **constitution.identity()}


@dataclass
class _Drawing:
    """The work of the stage."""

    run: Run
    voices: Sequence[Voice]
    bar: Bar | None
    constitution: Constitution | None = None
    examine: Examine | None = None

    @property
    def choice(self) -> Choice | None:
        """How it is said which draws are kept; None where all are."""
        return CHOSEN if self.bar is not None else REVISED if self.constitution is not None else None

    def work(self, workspace: Workspace, prompts: Artifact) -> Mapping[str, Any]:
        wanted, asked = expected(prompts, self.run.recipe), prompts.count("prompts")
        size = self.run.recipe.generate.shard
        sizes = {number: min(size, asked - start) for number, start in enumerate(range(0, asked, size))}
        missing = {number: some for number, some in sizes.items() if not done(workspace, number, choice=self.choice)}
        remaining = sum(missing.values())
        try:
            if remaining:
                self._try_judge(next(left(prompts, size, set(missing))).asked[0])
            if remaining < asked:
                self.run.log.say(f"generate: going on, {asked - remaining} of {asked} prompts are done")
            elif self.examine is not None:
                self.examine([voice.teacher for voice in self.voices], workspace.log)
            self._draw(workspace, together(left(prompts, size, set(missing)), self._at_a_time()), remaining)
        finally:
            self._tell_spent()
        workspace.write_table(TEACHERS, from_rows([voice.card for voice in self.voices], TeacherCard))
        return self._summary(workspace, asked, wanted)

    def _tell_spent(self) -> None:
        """What the run's requests to servers took so far, however the stage ends."""
        spending = spending_of(self.run)
        if spending.ledger is None or not spending.ledger.is_file():
            return
        with suppress(StoreError):  # a ledger that cannot be read has stopped the stage with an error of its own
            totals = account(spending).ledger.totals()
            if totals.requests:
                self.run.log.say(f"generate: in the ledger are {totals.line()}")

    def _draw(self, workspace: Workspace, groups: Iterator[list[Shard]], prompts: int) -> None:
        """Answer the shards and write them."""
        started, heard = time.monotonic(), 0
        with self.run.log.task("generate", prompts, "prompts") as task:
            for group in groups:
                for shard, gathered in zip(group, self._answers(group), strict=True):
                    gathered.write(workspace, shard.number, choice=self.choice)
                    heard += tokens(gathered.drawn)
                    task.advance(len(shard.asked), tokens_a_second=heard / max(time.monotonic() - started, 1e-9))
        seconds = {"seconds": time.monotonic() - started, "prompts": prompts, "tokens": heard}
        (workspace.log / "seconds.json").write_text(json.dumps(seconds) + "\n")

    def _try_judge(self, first: Asking) -> None:
        """The judge scores something before a teacher is asked: a missing key, a wrong address or a mistake in it costs no answers."""
        if self.bar is not None:
            self.bar.judge.scores([(first.prompt, text) for text in TRIAL])
        if self.constitution is not None:
            self.constitution.check([Said.of(first.prompt, text) for text in TRIAL], lambda prompts: [None for _ in prompts])

    def _at_a_time(self) -> int:
        """Prompts that are answered before any is written: more of an endpoint's, so that requests stay in flight, as far as memory
        allows. 1 where no teacher is an endpoint; a shard is the least that is answered all the same.
        """
        recipe = self.run.recipe
        settings, sections = recipe.generate, recipe.teachers
        limits = [one.concurrency for one in sections if one.served]
        if not limits:
            return 1
        rounds = settings.best_of.rounds if settings.best_of else 1 + settings.revision.rounds if settings.revision else 1
        scorers = len(self.voices) if settings.committee else 1
        width = max((voice.keep.size for voice in self.voices), default=0)
        a_prompt = settings.n * rounds * settings.max_new_tokens * max(width, 1) * OUTCOME * scorers
        return max(min(IN_FLIGHT * max(limits) // settings.n, IN_MEMORY // a_prompt), 1)

    def _answers(self, group: Sequence[Shard]) -> list[Gathered]:
        """What the teachers answer to some shards."""
        asked = [one for shard in group for one in shard.asked]
        answers = self._heard(asked)
        heard = [(one, drawn) for one, some in zip(asked, answers, strict=True) for each in some for drawn in each.drawn]
        others = scored_by_others(self.voices, heard) if self.run.recipe.generate.committee else {}
        mode: ScoringMode = "teacher_forced" if self.run.recipe.generate.mode == "score" else "sampled"
        rest = iter(answers)
        return [Gathered.of([selected for _ in shard.asked for selected in next(rest)], mode, others) for shard in group]

    def _heard(self, asked: Sequence[Asking]) -> list[list[Selected]]:
        """What is answered to each prompt, teacher by teacher."""
        answers: list[list[Selected]] = [[] for _ in asked]
        tasks: list[list[int]] = [[] for _ in self.voices]
        for place, one in enumerate(asked):
            for number in takers(one.prompt, self.run.recipe.teachers):
                tasks[number].append(place)
        for voice, places in zip(self.voices, tasks, strict=True):
            for place, selected in zip(places, self._of(voice, [asked[place] for place in places]), strict=True):
                answers[place].append(selected)
        return answers

    def _of(self, voice: Voice, asked: Sequence[Asking]) -> list[Selected]:
        """What one teacher answers."""
        settings = self.run.recipe.generate
        if self.bar is not None and settings.best_of is not None:
            return select(asked, voice.draw, self.bar, settings.best_of.rounds)
        answers = voice.read(asked) if settings.mode == "score" else voice.draw(asked)
        if self.constitution is not None and settings.revision is not None:
            return revise(asked, answers, voice, self.constitution, settings.revision)
        return [Selected(drawn) for drawn in answers]

    def _summary(self, workspace: Workspace, asked: int, wanted: int) -> Mapping[str, Any]:
        found = summary(workspace, asked)
        if wanted > found["traces"]:
            less = wanted - found["traces"]
            self.run.log.say(f"generate: {less} answers fewer than asked for; some prompts have fewer recorded ones")
        if self.run.recipe.generate.committee:
            found["unscored"] = unscored(workspace, [voice.card for voice in self.voices])
            for name, answers in found["unscored"].items():
                if answers:
                    why = "they do not fit its context, or have no token"
                    self.run.log.say(f"generate: {name} did not score {answers} answers of the others: {why}")
        if self.constitution is not None:
            found[REVISION] = revised(workspace)
            self.run.log.say(f"generate: {_told_revised(found[REVISION])}")
        return found | ({NAME: best_of(workspace)} if self.bar is not None else {})


def _told_revised(found: Mapping[str, Any]) -> str:
    """What revision did, in a line."""
    words = {"by_step": "from the last good step", "by_whole": "after criticism"}
    ways = [f"{found[key]} {how}" for key, how in words.items() if found[key]]
    made = f", by revisions {' and '.join(ways)}" if ways else ""
    unjudged = f"; {found['unjudged']} could not be judged" if found["unjudged"] else ""
    return f"{found['broken']} of {found['draws']} answers broke a rule, {found['mended']} of them are mended{made}{unjudged}"
