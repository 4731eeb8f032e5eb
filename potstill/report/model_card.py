"""The model card in the hub's format: what is known of the student, and that the rest is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from potstill.recipe.models import TeacherSection
from potstill.report.blocks import Table
from potstill.report.costs import subjects as forms
from potstill.report.findings import Findings
from potstill.report.headline import FORMAT, exported, summary
from potstill.report.sources import Material, columns, counts
from potstill.report.words import kept, plural, told
from potstill.text.markdown import licence_keys
from potstill.text.refusals import RefusalDetector
from potstill.text.specs import hub_datasets, without_folders

RESULTS = (
    ("accuracy", "all", "accuracy"),
    ("accuracy", "reasoning", "accuracy, reasoning skills"),
    ("kl_teacher_student", "all", "KL(teacher‖·), nats/token"),
    ("top1_agreement", "all", "same most likely token"),
    ("nats_per_token", "all", "plain text, nats/token"),
    ("perplexity", "all", "plain text, perplexity"),
    ("hazard_refusal", "all", "hazards refused"),
    ("hazard_refusal", "half:B", "hazards refused, half B (never trained on)"),
    ("hazard_leak", "all", "hazards leaked"),
    ("hazard_leak", "half:B", "hazards leaked, half B (never trained on)"),
    ("over_refusal", "all", "harmless look-alikes refused"),
)
"""The measures on the card: measure, group, name."""
FORMS = (("parameters", "all"), ("bytes", "weights"), ("tokens_per_second", "batch 1"), ("cost_ratio", "batch 1"), ("drift_kl", "all"))


@dataclass(frozen=True, slots=True)
class Licence:
    """What carries which licence; an empty `name` is not known."""

    of: str
    name: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the card's template writes."""

    front: tuple[tuple[str, str | tuple[str, ...]], ...]
    title: str
    summary: str
    teachers: tuple[str, ...]
    student: str
    verdict: tuple[str, ...] | None
    limits: int
    tables: tuple[Table, ...]
    made: tuple[str, ...]
    licences: tuple[Licence, ...]
    accepted: tuple[str, ...]
    missing: tuple[str, ...]
    unjudged: int
    refusals: str
    form: str | None
    artifacts: tuple[tuple[str, str], ...]

    @property
    def licensed(self) -> bool:
        """Whether every source states a licence, and no teacher's terms forbid what was done."""
        return not self.accepted and bool(self.licences) and all(licence.name for licence in self.licences)


def card(material: Material) -> Card:
    """The card of a run's student, of as many stages as were done."""
    recipe, findings = material.recipe, material.findings
    found = licences(material)
    return Card(
        front=_front(material, found),
        title=recipe.report.title or recipe.name,
        summary=summary(material),
        teachers=tuple(without_folders(teacher.model) for teacher in recipe.teachers),
        student=without_folders(recipe.student.model),
        verdict=material.missed,
        limits=len(material.limits),
        tables=tuple(table for table in (_results(findings), _sizes(findings)) if table.rows),
        made=_made(material),
        licences=found,
        accepted=tuple(_accepted(recipe.teachers)),
        missing=material.missing,
        unjudged=sum(f.unjudged for f in findings if f.group == "all" and f.subject == "student"),
        refusals=RefusalDetector.shipped().errors() if any("refusal" in f.name for f in findings) else "",
        form=FORMAT if exported(findings) == FORMAT else None,
        artifacts=tuple((stage, artifact.content) for stage, artifact in material.artifacts.items()),
    )


def _front(material: Material, found: Iterable[Licence]) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
    recipe = material.recipe
    base = _part(material, "train", "student/repository")
    datasets = hub_datasets(recipe.prompts.names)
    free = not any(_accepted(recipe.teachers))
    values: dict[str, str | tuple[str, ...]] = dict(licence_keys({licence.name for licence in found} if free else {""}))
    if base:
        values["base_model"] = base
    if all(source.startswith("world:") for source in recipe.prompts.names):
        values["language"] = "en"
    if datasets:
        values["datasets"] = datasets
    values |= {"library_name": "transformers", "pipeline_tag": "text-generation", "tags": ("distillation", "potstill")}
    return tuple(values.items())


def _accepted(teachers: Iterable[TeacherSection]) -> Iterator[str]:
    """The teachers whose terms forbid what was done, and why the recipe did it."""
    for teacher in teachers:
        if teacher.train_on_outputs == "forbidden" and teacher.accept_terms:
            name = without_folders(teacher.model)
            yield f"The terms of {name} forbid training on what it says. The recipe went on, because: {teacher.accept_terms.strip()}"


def licences(material: Material) -> tuple[Licence, ...]:
    """The licences of the teachers, of the student's weights before training, and of the prompts, as far as they were stated."""
    teachers, student = material.recipe.teachers, material.recipe.student.model
    found = [
        Licence(f"teacher {without_folders(each.model)}", each.licence or _part(material, "generate", f"teachers.{i} licence"))
        for i, each in enumerate(teachers)
    ]
    if student.startswith("hf:"):
        found.append(Licence(f"student before training, {without_folders(student)}", _part(material, "train", "student/licence")))
    if "prompts" in material.artifacts:
        stated = counts(columns(material.artifacts["prompts"], "prompts", ["licence"]), ["licence"])
        found += [Licence(plural(n, "prompt"), licence or "") for (licence,), n in stated.items()]
    return tuple(found)


def _part(material: Material, stage: str, name: str) -> str:
    """What a stage's manifest says of one of its parts; empty where it does not."""
    made = material.artifacts.get(stage)
    return made.manifest.parts.get(name, "") if made else ""


def _results(findings: Findings) -> Table:
    whose = [subject for subject in ("teacher", "student", "base") if any(findings.get(name, subject, group) for name, group, _ in RESULTS)]
    rows = []
    for name, group, title in RESULTS:
        found = [findings.get(name, subject, group) for subject in whose]
        if any(f is not None and f.value is not None for f in found):
            n = max(f.n for f in found if f is not None)
            rows.append((title, *map(told, found), f"{n:,}" if n else "–"))
    retention = findings.get("retention")
    if retention is not None and retention.value is not None:
        rows.insert(1, ("kept of the teacher's accuracy", *("–" if subject != "student" else kept(retention) for subject in whose), "–"))
    return Table("Results", ("", *(subject if subject != "base" else "before training" for subject in whose), "n"), tuple(rows))


def _sizes(findings: Findings) -> Table:
    head = ("", "parameters", "weights", "tokens/s, one at a time", "cost of a byte of text", "drift, KL")
    rows = tuple((form, *(told(findings.get(name, form, group)) for name, group in FORMS)) for form in forms(findings))
    return Table("Size, speed and cost", head, rows)


def _made(material: Material) -> tuple[str, ...]:
    recipe = material.recipe
    terms = ", ".join(loss.kind if loss.kind != "divergence" else f"{loss.divergence} ({loss.teacher})" for loss in recipe.train.losses)
    lines = [
        f"Prompts: {', '.join(map(without_folders, recipe.prompts.names))}",
        f"Filters: {', '.join(f.kind for f in recipe.filters) or 'none'}",
        f"Loss: {terms}",
    ]
    if "filter" in material.artifacts:
        decided = counts(columns(material.artifacts["filter"], "decisions", ["part"]), ["part"])
        lines.append("Traces: " + ", ".join(f"{n:,} {part}" for (part,), n in decided.items()))
    return (*lines, f"Seed: {recipe.seed}")
