"""Whether a recipe's parts are there, get from its teachers what they need, and fit its prompts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from transformers import PreTrainedConfig

from potstill.attacks import only_evaluates, withheld
from potstill.check.reading import Reader
from potstill.check.sizes import context_of, student_config, student_size, teacher_config
from potstill.curate.base import ready
from potstill.curate.judging import check_reads
from potstill.endpoints.teacher import EndpointTeacher
from potstill.errors import CapabilityError, RecipeError
from potstill.evaluate.card import read_limits
from potstill.evaluate.stage import choose, open_suites
from potstill.export.formats.base import read_format
from potstill.generate.context import with_context
from potstill.generate.fitting import check_mode, check_revisers
from potstill.generate.routing import route
from potstill.judges import BatchJudge, open_judge
from potstill.judges.constitution import VERSION
from potstill.judges.opening import open_constitution
from potstill.models import Sampling, Teacher, keep_of, open_teacher, student_tokenizer, teacher_tokenizer
from potstill.models.base import Spending
from potstill.models.hf import classifies
from potstill.models.recorded import RecordedTeacher
from potstill.prompts.opening import open_sources
from potstill.recipe import LossSection, Recipe, TeacherSection
from potstill.recipe.curation import SourceSection
from potstill.registry import PartInfo, find
from potstill.sources.labels import ready_labellers
from potstill.store import Artifact, rows
from potstill.train.tokens import check_divergences
from potstill.types import Message, Prompt

TELLS = {
    "text": "answers",
    "top_k": "probabilities of the likeliest tokens",
    "score": "probabilities of given texts",
    "full": "the whole distribution, live",
    "classes": "probabilities of classes",
    "hidden_states": "hidden states",
    "gradients": "gradients, live",
}
"""What a teacher may give, in words."""


LATER = ("evaluate", "export")
"""The stages that a run may stop before, and that nothing before them depends on."""
DUMMY = Prompt((Message("user", "a"),))
"""A question for requests that are never sent."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that a recipe names.

    Attributes:
        where: the place in the recipe: `train.losses.0`.
        kind, name, version: as in the registry.
        needs: what a teacher must give for it: `text`, `top_k`, `full`.
    """

    where: str
    kind: str
    name: str
    version: str
    needs: frozenset[str]


def parts(recipe: Recipe, stages: Collection[str] = LATER) -> tuple[Part, ...]:
    """Every part that the recipe names for these stages, in its order; a filter's own settings are validated.

    What training needs is named for the harvest too: once it is made it has what it has.

    Raises:
        RecipeError: no part of that name, or a setting that a filter does not have.
    """
    measured = _of_evaluation(recipe) if "evaluate" in stages else ()
    written = _of_export(recipe) if "export" in stages else ()
    return (*_of_harvest(recipe), *measured, *written)


def agree(recipe: Recipe, stages: Collection[str] = LATER) -> None:
    """Hold what the parts need against what each teacher gives, and the student against both. No weights and no prompts are read.

    Args:
        recipe: to be checked.
        stages: those that will be performed. Of `evaluate` and `export` nothing is looked at unless they are among them; where the student
            is evaluated, there must be something to measure it on.

    Raises:
        RecipeError: a part or setting that does not exist, a template without its slot, a limit on what no suite measures, or no
            evaluation.
        InputError: a file of prompts that is not there.
        ModelError: a teacher that is not there, or a student that cannot be.
        CapabilityError: a teacher does not give what a part needs, or speaks other tokens than the student and a divergence compares them.
    """
    split = recipe.prompts.split
    evaluated = "evaluate" in stages
    if evaluated and not recipe.evaluate.sources and not (split is not None and split.evaluation):
        fix = 'name some, as in sources = ["world:math?n=200"], or stop before it with --to train'
        raise RecipeError("there is nothing to measure on", where="evaluate.sources", fix=fix)
    _check_terms(recipe)
    teachers = [open_teacher(section) for section in recipe.teachers]
    check_revisers(teachers, recipe.generate)
    for part in parts(recipe, stages):
        for teacher in teachers:
            lacking = sorted(part.needs - teacher.gives)
            if lacking:
                what = f"{part.kind} {part.name!r} needs {' and '.join(TELLS.get(need, need) for need in lacking)}"
                has = ", ".join(TELLS.get(gift, gift) for gift in sorted(teacher.gives))
                fix = f"{teacher.name} gives {has}; take another teacher, or {_instead(part)}"
                raise CapabilityError(what, where=part.where, fix=fix)
    if evaluated:
        read_limits(recipe.evaluate.limits, {name: find("suite", name).factory() for name in recipe.evaluate.suites})
    open_sources(recipe)
    student_size(recipe)
    _check_k(recipe, teachers)
    _check_requests(recipe, teachers)
    check_divergences(recipe)


def fit_prompts(recipe: Recipe, asked: Sequence[Prompt] | None, held: Sequence[Prompt] | None) -> list[str]:
    """Hold the prompts against what is done with them; no model is asked, but answers on file are looked up.

    Args:
        recipe: says what is done.
        asked: of the teachers; None: not known.
        held: that are measured on; None: not known, or not measured.

    Returns:
        what is wrong with some of them and does not stop a run.

    Raises:
        RecipeError: a prompt without a teacher, or a suite with nothing to measure.
        InputError: a prompt that does not fit `generate.mode` or is no valid Unicode, or nothing to measure on.
        ModelError: prompts that a teacher or the student cannot read, or no recorded answer to a prompt.
    """
    fit = _Fit(recipe)
    if asked is not None:
        fit.ask(asked)
    if held is not None:
        fit.hold(held)
    return fit.finish()


class _Fit:
    """Prompts against a recipe, some at a time."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.readers = [_reader(section, answers=recipe.generate.mode == "draw") for section in recipe.teachers]
        self.recorded = {i: one for i, one in enumerate(map(open_teacher, recipe.teachers)) if isinstance(one, RecordedTeacher)}
        tokenizer = student_tokenizer(recipe.student, teacher_tokenizer(recipe.teachers[0]))
        self.learner = Reader(recipe.student.model, tokenizer, None)
        self.measured = Reader(recipe.student.model, tokenizer, context_of(student_config(recipe)))

    def ask(self, prompts: Sequence[Prompt]) -> None:
        """Prompts that the teachers are asked, and that the student learns from; what is too long to learn is cut, and counted there."""
        check_mode(prompts, self.recipe.generate)
        _check_halves(prompts)
        for place, mine in enumerate(route(prompts, self.recipe.teachers)):
            reader = self.readers[place]
            if reader is not None:
                reader.see(with_context(prompt, self.recipe.generate.context) for prompt in mine)
            if place in self.recorded:
                self.recorded[place].draw(mine, Sampling())
        self.learner.see(prompts)

    def hold(self, prompts: Sequence[Prompt]) -> None:
        """Prompts that are measured on, all of them; the teachers answer the conversations too."""
        chosen = choose(prompts, self.recipe.evaluate.per_skill)
        open_suites(self.recipe, chosen)
        talks = [prompt for prompt in chosen if prompt.messages]
        self.measured.see(talks)
        for section, reader in zip(self.recipe.teachers, self.readers, strict=True):
            if reader is not None:
                reader.see(prompt for prompt in talks if not section.domains or prompt.within(section.domains))

    def finish(self) -> list[str]:
        """The warnings of all readers."""
        readers = [*(reader for reader in self.readers if reader is not None), self.learner, self.measured]
        return list(dict.fromkeys(warning for reader in readers for warning in reader.finish()))


def _reader(section: TeacherSection, *, answers: bool) -> Reader | None:
    """Who reads a teacher's prompts here; None where its tokenizer is not known."""
    tokenizer = teacher_tokenizer(section)
    return None if tokenizer is None else Reader(section.model, tokenizer, context_of(teacher_config(section)), answers=answers)


def _check_halves(asked: Sequence[Prompt]) -> None:
    """Nothing is asked for that may only evaluate: it would be paid for and never trained on."""
    for prompt in asked:
        if only_evaluates(prompt):
            what = f"{withheld(prompt)} only evaluates: {prompt.question or prompt.id}"
            fix = "ask for half A (world:hazard?half=A, stress:all), or move the prompt to [evaluate]"
            raise RecipeError(what, where="prompts.sources", fix=fix)


def fit_gathered(recipe: Recipe, gathered: Artifact, *, evaluated: bool = True) -> list[str]:
    """As `fit_prompts`, with the artifact of the stage `prompts`, a part of it in memory at a time."""
    fit = _Fit(recipe)
    for table in gathered.stream("prompts"):
        fit.ask(list(rows(table, Prompt)))
    if evaluated:
        fit.hold(list(rows(gathered.table("evaluation"), Prompt)))
    return fit.finish()


def fit_servers(recipe: Recipe, gathered: Artifact, teachers: Sequence[Teacher]) -> None:
    """Hold every prompt against the contexts of servers, before the first is sent; a server is asked for its length, which costs nothing.

    Args:
        recipe: says who is asked what.
        gathered: the artifact of the stage `prompts`.
        teachers: of the recipe, opened; those that are no servers, or that are asked in text, are passed over.

    Raises:
        ModelError: prompts are longer than a context, or a server cannot be reached.
    """
    answers = recipe.generate.mode == "draw"
    readers = {
        place: Reader(teacher.name, teacher.tokenizer, teacher.context, answers=answers, when_too_long=teacher.when_too_long)
        for place, teacher in enumerate(teachers)
        if isinstance(teacher, EndpointTeacher) and teacher.tokenizer is not None
    }
    for table in gathered.stream("prompts") if readers else ():
        tasks = route(list(rows(table, Prompt)), recipe.teachers)
        for place, reader in readers.items():
            reader.see(with_context(prompt, recipe.generate.context) for prompt in tasks[place])
    for reader in readers.values():
        reader.finish()


def _check_terms(recipe: Recipe) -> None:
    """No teacher's terms forbid what the recipe is for, unless it says why it goes on; found before it is asked anything."""
    for i, section in enumerate(recipe.teachers):
        if section.train_on_outputs == "forbidden" and not section.accept_terms:
            what = f"{section.model}: its terms forbid training on its outputs"
            fix = 'take another teacher; if you have the right all the same, say why: accept_terms = "…", which is written down'
            raise CapabilityError(what, where=f"teachers.{i}.train_on_outputs", fix=fix)


def _check_requests(recipe: Recipe, teachers: Sequence[Teacher]) -> None:
    """A request of each kind can be written for every server; none is sent. A parameter that potstill sets itself is found here."""
    settings = recipe.generate
    sampling = Sampling(1, settings.temperature, settings.top_p, settings.max_new_tokens)
    for i, (section, teacher) in enumerate(zip(recipe.teachers, teachers, strict=True)):
        if not isinstance(teacher, EndpointTeacher):
            continue
        keep = keep_of(section, teacher, recipe.seed)
        ids = (0,) if teacher.dialect.takes_ids and teacher.tokenizer is not None else None
        try:
            if settings.mode == "draw":
                teacher.dialect.draw(teacher.model, DUMMY, ids, 0, sampling, keep)
            if settings.mode == "score" or settings.committee:
                teacher.dialect.score(teacher.model, (0, 0), 1, keep)
        except RecipeError as error:
            place = error.where.replace("teachers.", f"teachers.{i}.", 1)
            raise RecipeError(error.what, where=place, fix=error.fix) from error


def _check_k(recipe: Recipe, teachers: Sequence[Teacher]) -> None:
    """No teacher gives more outcomes than its vocabulary or its dialect has; fewer would be kept than the recipe says."""
    for i, (section, teacher) in enumerate(zip(recipe.teachers, teachers, strict=True)):
        most = teacher.dialect.max_top_k if isinstance(teacher, EndpointTeacher) and "top_k" in teacher.gives else None
        if most is not None and section.codec == "top_k" and section.top_k > most:
            what = f"top_k is {section.top_k} and the dialect {section.dialect} gives at most {most} tokens a position"
            raise RecipeError(what, where=f"teachers.{i}.top_k", fix=f"set it to {most} or less")
        config = teacher_config(section)
        if section.codec != "top_k" or (config is not None and classifies(config)):
            continue
        vocabulary = _vocabulary(config, teacher)
        if vocabulary is None:
            continue
        if section.top_k > vocabulary:
            what = f"top_k is {section.top_k:,} and the vocabulary of {section.model} has {vocabulary:,} tokens"
            raise RecipeError(what, where=f"teachers.{i}.top_k", fix=f"set it to {vocabulary} or less")


def _vocabulary(config: PreTrainedConfig | None, teacher: Teacher) -> int | None:
    """Tokens that a teacher tells apart; a server's are those of its tokenizer. None where that is not known."""
    if config is not None:
        return int(config.get_text_config(decoder=True).vocab_size)
    if not isinstance(teacher, EndpointTeacher) or teacher.tokenizer is None or "top_k" not in teacher.gives:
        return None
    return len(teacher.tokenizer)


def _of_harvest(recipe: Recipe) -> Iterator[Part]:
    """What prompts, answers and verdicts are made with, and what is trained with them."""
    for i, teacher in enumerate(recipe.teachers):
        where = f"teachers.{i}"
        yield _part(where, find("model", teacher.model.partition(":")[0], where))
    if recipe.generate.mode == "score":
        yield Part("generate", "mode", "score", "", frozenset({"score"}))
    if recipe.generate.committee:
        yield Part("generate", "committee", "of teachers", "", frozenset({"score"}))
    judge = _judge(recipe)
    if judge is not None:
        yield Part("generate.best_of", "judge", judge.name, "", frozenset())
    if recipe.generate.revision is not None:
        place, spending = "generate.revision.constitution", Spending(usd=recipe.generate.usd_budget)
        rules = open_constitution(recipe.generate.revision.constitution, place, spending)
        yield Part("generate.revision", "constitution", rules.name, VERSION, frozenset())
    yield from _grader("prompts", recipe.prompts)
    yield from (_part(f"prompts.labels.{i}", one.info) for i, one in enumerate(ready_labellers(recipe.prompts.labels)))
    for where, sections, answers in (("prompts.filters", recipe.prompts.filters, False), ("filters", recipe.filters, True)):
        filters = ready(sections, where)
        check_reads(filters, answers=answers, where=where)
        yield from (_part(f"{where}.{i}", one.info) for i, one in enumerate(filters))
    for i, loss in enumerate(recipe.train.losses):
        yield from _of_loss(loss, f"train.losses.{i}")


def _of_evaluation(recipe: Recipe) -> Iterator[Part]:
    yield from _grader("evaluate", recipe.evaluate)
    for suite in recipe.evaluate.suites:
        yield _part("evaluate.suites", find("suite", suite, "evaluate.suites"))


def _of_export(recipe: Recipe) -> Iterator[Part]:
    for spec in recipe.export.formats:
        read_format(spec, "export.formats")
        yield _part("export.formats", find("format", spec.partition(":")[0], "export.formats"))


def _grader(name: str, section: SourceSection) -> Iterator[Part]:
    if section.grader is not None:
        yield _part(f"{name}.grader", find("judge", section.grader, f"{name}.grader"))


def _judge(recipe: Recipe) -> BatchJudge | None:
    """Who chooses the best answers, opened as the run will; None where all are kept."""
    settings = recipe.generate
    return None if settings.best_of is None else open_judge(settings.best_of.judge, spending=Spending(usd=settings.usd_budget))


def _of_loss(loss: LossSection, where: str) -> Iterator[Part]:
    """The loss and its divergence; a live one needs the teacher's network, not what it left in the traces."""
    info = find("loss", loss.kind, where)
    live = loss.kind == "divergence" and loss.teacher == "live"
    yield Part(where, "loss", loss.kind, info.version, frozenset({"full"}) if live else info.needs)
    if loss.kind == "divergence":
        yield _part(where, find("divergence", loss.divergence, where))


def _part(where: str, info: PartInfo) -> Part:
    return Part(where, info.kind, info.name, info.version, info.needs)


def _instead(part: Part) -> str:
    """What to change in the recipe when the teacher stays."""
    if part.kind == "mode":
        return 'set generate.mode = "draw"'
    if part.kind == "committee":
        return "leave generate.committee out"
    return 'use losses with kind = "cross_entropy"' if part.kind in ("loss", "divergence") else "leave the part out"
