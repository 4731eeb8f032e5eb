"""The card of exported data, in the hub's format: what the run's own records say, and that the rest is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from potstill.export.data.facts import NOT_JUDGED, Facts
from potstill.store.environment import package_version
from potstill.text.markdown import front_matter, licence_keys, plain, visible
from potstill.text.specs import hub_datasets, without_folders
from potstill.types import TeacherCard, canonical_json, may_train

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))
"""The hub's classes of size: fewer rows than the number."""
NOT_STATED = "not stated"
CODECS = {
    "top_k": "the most likely tokens at each position, at most {k}",
    "sampled": "tokens drawn from the distribution at each position, at most {k} different ones",
    "hidden_states": "the last hidden state at each position, {hidden_size} numbers",
}
"""What a codec keeps."""
ALLOWED = {
    "allowed": "allowed",
    "restricted": "**restricted**: read the terms before training on this",
    "forbidden": "**forbidden**",
    "unknown": "**not known**: find out before training on this",
}
"""What is said of `may_train`."""
DRAWN = ("temperature", "top_p", "max_new_tokens", "n", "committee", "best_of")
"""The settings of `[generate]` that are told."""


def card(facts: Facts, *, signals: bool = False) -> str:
    """The card as Markdown with YAML in front.

    Args:
        facts: counted while the data were written.
        signals: whether what the teachers expected is there too, beside the rows or in them.
    """
    first = (_head(facts), _teachers(facts), _prompts(facts), _drawn(facts), _selected(facts))
    sections = (*first, *([_signals(facts)] if signals else []), _cut(facts), _taken(facts), _unknown(facts), _made(facts))
    body = "\n".join(line for section in sections for line in (*section, ""))
    return f"---\n{front_matter(_front(facts))}\n{_configs(signals and facts.form != 'nested')}---\n\n{body.rstrip()}\n"


def _front(facts: Facts) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """A licence is named here only when every teacher and every source states one, and all may train on what every teacher says."""
    if facts.restraining():
        yield from (("license", "other"), ("license_name", "see-the-terms-of-the-teachers"))
    else:
        yield from licence_keys({teacher.licence for teacher in facts.teachers} | set(facts.licences)).items()
    if facts.sources and all(source.startswith("world:") for source in facts.sources):
        yield "language", "en"
    datasets = hub_datasets(facts.sources)
    if datasets:
        yield "source_datasets", datasets
    yield "task_categories", ("text-generation",)
    yield "size_categories", (next((name for most, name in SIZES if facts.rows < most), "n>10M"),)
    yield "tags", (*(() if facts.scored else ("synthetic",)), "distillation", "potstill")


def _configs(signals: bool) -> str:
    files = {"default": "data/train.parquet"}
    if signals:
        files |= {name: f"signals/{name}.parquet" for name in ("tokens", "scorings", "teachers")}
    lines = [f'- config_name: "{name}"\n  data_files: "{file}"\n' for name, file in files.items()]
    return "configs:\n" + "".join(lines)


def _head(facts: Facts) -> Iterator[str]:
    yield f"# {plain(facts.name)}"
    yield ""
    what = {"keep": "kept by its filters", "all": "of every part", "hazard": "cut out as **hazard**", "noise": "cut out as **noise**"}
    made = "" if facts.scored else " The answers are machine-made."
    kind = "texts that teachers scored" if facts.scored else "answers of teachers to prompts"
    yield f"{facts.rows:,} rows in the form `{facts.form}`: {kind}, {what[facts.part]}, written by potstill.{made}"
    if facts.part in ("hazard", "all"):
        yield ""
        yield "**It holds what the filters judged to be hazards. Do not train a model to say it.**"


def _teachers(facts: Facts) -> Iterator[str]:
    yield "## Teachers"
    yield ""
    yield "| teacher | rows | licence | terms | may others train on it? | revision | weights |"
    yield "| --- | ---: | --- | --- | --- | --- | --- |"
    for teacher in facts.teachers:
        name = facts.published[teacher.name]
        stated = [plain(text) or NOT_STATED for text in (teacher.licence, without_folders(teacher.terms))]
        yield _row(plain(name), f"{facts.of_teacher[name]:,}", *stated, _allowed(teacher), *_identity(teacher))
    names = ", ".join(plain(facts.published[teacher.name]) for teacher in facts.restraining())
    if names:
        yield ""
        yield (
            "No licence is named for these data, only `other`: a licence would say that all may train on them, and the terms of "
            f"{names} forbid or restrict it or are not known, whatever the licence of the weights."
        )


def _allowed(teacher: TeacherCard) -> str:
    free = may_train(teacher)
    reason = f"; whoever made these data went on, because: {plain(teacher.accept_terms)}"
    return ALLOWED[free] + (reason if free == "forbidden" and teacher.accept_terms else "")


def _identity(teacher: TeacherCard) -> tuple[str, str]:
    """Revision and digest of the weights, shortened; a model of several files has several digests."""
    several = teacher.weights.startswith("{")
    weights = f"`{teacher.weights[:16]}`" if teacher.weights and not several else "several files" if several else "–"
    return plain(teacher.revision) or "–", weights


def _prompts(facts: Facts) -> Iterator[str]:
    yield "## Prompts"
    yield ""
    sources = ", ".join(_code(without_folders(one)) for one in facts.sources)
    yield f"{facts.prompts:,} prompts, from {sources or NOT_STATED}. Their licences:"
    yield ""
    for licence, count in sorted(facts.licences.items()):
        yield f"- {plain(licence) or NOT_STATED}: {count:,} prompts"


def _drawn(facts: Facts) -> Iterator[str]:
    yield "## How they were answered"
    yield ""
    if facts.scored:
        yield "- The texts are the prompts' own; nothing was drawn."
    else:
        yield from (f"- `{name}`: {canonical_json(value)}" for name, value in _settings(facts))
    yield f"- `seed`: {facts.artifacts['generate'].manifest.seed}"
    for context, count in sorted(facts.contexts.items()):
        yield f"- {count:,} rows were answered under a system turn that is not in the data: {plain(context)}"
    if facts.criticised:
        yield f"- {facts.criticised:,} rows were revised by the teacher after a criticism that is not in the data."


def _settings(facts: Facts) -> Iterator[tuple[str, Any]]:
    """Those of `[generate]` that say something; a temperature of 0 does."""
    for name in DRAWN:
        value = facts.section.get(name)
        if value is not None and value is not False:
            yield name, {**value, "judge": facts.judge} if name == "best_of" else value


def _selected(facts: Facts) -> Iterator[str]:
    """How the best of several draws was chosen; nothing where every draw was kept."""
    found = facts.best_of
    if found is None:
        return
    how, passed, fell = facts.section.get("best_of") or {}, found["passed"], found["none_passed"]
    judge = _code(facts.judge) if how else "a judge"
    yield "## How answers were selected"
    yield ""
    yield f"Of a teacher's draws for a prompt, the best by {judge} was chosen among those that pass; the others were cut as noise."
    yield ""
    yield f"- A draw passes with a score of at least {how['least']:g}." if how else "- The score that a draw must have is not known."
    draws, unjudged = found["draws"], found["unjudged"]
    yield f"- {passed + fell:,} pairs of prompt and teacher, {draws:,} draws, of which {unjudged:,} were not judged and do not pass."
    yield f"- {fell:,} pairs had no draw that passes and fell out; of {passed:,} one was chosen."
    if found["kl_bound_mean"] is not None:
        yield (
            "- To choose among those that pass moves answers away from the teacher's own by at most log m - (m - 1) / m nats of KL, m the "
            f"draws judged: {found['kl_bound_mean']:.2f} on average over the pairs that had one, {found['kl_bound_max']:.2f} at most. "
            "What the bar itself costs, that only draws which pass are kept, comes on top and is not known."
        )


def _signals(facts: Facts) -> Iterator[str]:
    yield "## What the teachers expected"
    yield ""
    kept = facts.codecs()
    for teacher in facts.teachers:
        told = [f"codec `{codec}`: {CODECS.get(codec, 'see its part').format(**most)}" for codec, most in kept.get(teacher.id, {}).items()]
        yield f"- {plain(facts.published[teacher.name])}: {'; '.join(told) or 'nothing, it tells only text'}"


def _cut(facts: Facts) -> Iterator[str]:
    yield "## What was kept and what was cut"
    yield ""
    total = sum(facts.parts.values())
    told = ", ".join(f"{facts.parts[part]:,} {part}" for part in ("keep", "hazard", "noise"))
    yield f"Of {total:,} traces: {told}. {facts.refused:,} hold a refusal; a refusal is an answer, not a fault."
    if facts.withheld:
        yield f"{facts.withheld:,} answer requests for hazards that only evaluate: they are in no export."
    yield f"They ended with: {_counted(facts.finish_reasons)}."
    if facts.verdicts:
        yield ""
        yield "| filter | keep | hazard | noise | could not judge |"
        yield "| --- | ---: | ---: | ---: | ---: |"
        for by, counts in facts.verdicts.items():
            yield _row(plain(by), *(f"{counts[part]:,}" for part in ("keep", "hazard", "noise", NOT_JUDGED)))
        yield ""
        yield "A trace is cut when any filter cuts it. What one could not judge stands in one of its parts as well."


def _taken(facts: Facts) -> Iterator[str]:
    yield "## What it took"
    yield ""
    uncounted = f"; {facts.uncounted:,} rows have no token ids and are not counted" if facts.uncounted else ""
    yield f"- {facts.tokens:,} tokens in the rows{uncounted}"
    if facts.priced + facts.unpriced:
        yield f"- {facts.read:,} tokens read and {facts.written:,} written, for all traces, as the servers counted them"
    if facts.priced:
        yield f"- {facts.cost_microusd / 1e6:,.6f} US dollars for {facts.priced:,} answers, by the prices in the recipe"
    if facts.unpriced:
        yield f"- {facts.unpriced:,} answers of a server have no price in the recipe: what they cost is not known"


def _unknown(facts: Facts) -> Iterator[str]:
    yield "## Not known"
    yield ""
    for teacher in facts.teachers:
        free = may_train(teacher)
        lacking = ["its licence"] * (not teacher.licence) + ["its terms"] * (not teacher.terms and free != "allowed")
        lacking += ["whether others may train on what it says"] * (free == "unknown")
        if lacking:
            yield f"- Of {plain(facts.published[teacher.name])}: {', '.join(lacking)}."
    if facts.licences[""]:
        yield f"- The licence of {facts.licences['']:,} prompts."
    yield "- Whether the answers are true, beyond what the filters above judged; whether they hold personal data; bias."
    yield "- Nothing here grants a licence."


def _made(facts: Facts) -> Iterator[str]:
    yield "## Provenance"
    yield ""
    yield "| artifact | content | finished |"
    yield "| --- | --- | --- |"
    for stage, artifact in facts.artifacts.items():
        yield _row(stage, f"`{artifact.content}`", artifact.manifest.finished)
    yield ""
    yield f"Written by potstill, version {package_version()}; the traces were made by code `{facts.artifacts['generate'].manifest.code}`."


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    return f"`{visible(text).replace('`', chr(39))}`"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "nothing"
