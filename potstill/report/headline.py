"""The head of the page: whose run it is, how it came out, and its few most telling numbers."""

from __future__ import annotations

import re

from potstill.report.blocks import Header, Step, Tile
from potstill.report.costs import subjects
from potstill.report.findings import Findings
from potstill.report.sources import Material, columns
from potstill.report.words import compact, factor, kept, model_name, percent, plural, short, size_of, told

FORMAT = "safetensors"
"""The form of the student that stands at the head, where it was exported."""


def header(material: Material) -> Header:
    """The head of the page."""
    recipe, verdict = material.recipe, _verdict(material)
    finished = [artifact.manifest.finished for artifact in material.artifacts.values()]
    return Header(
        title=recipe.report.title or recipe.name,
        recipe=recipe.name,
        teacher=" + ".join(model_name(teacher.model) for teacher in recipe.teachers),
        student=_student(material),
        verdict=verdict[0],
        verdict_text=verdict[1],
        missed=material.missed or (),
        summary=summary(material),
        tiles=_tiles(material),
        steps=_steps(material),
        finished=max(finished, default=""),
    )


def _student(material: Material) -> str:
    parameters = material.summary("train", "parameters")
    return model_name(material.recipe.student.model) + (f", {parameters:,} parameters" if isinstance(parameters, int) else "")


def _verdict(material: Material) -> tuple[str, str]:
    limits = len(material.limits)
    if material.missed is None:
        return "open", "not evaluated"
    if material.missed:
        return "failed", f"failed: {plural(len(material.missed), 'check')}"
    return ("passed", f"passed: {plural(limits, 'limit')} held") if limits else ("open", "evaluated, no limits set")


def exported(findings: Findings) -> str | None:
    """The form that stands for the student: `safetensors`, else the first that was exported."""
    forms = [subject for subject in subjects(findings) if subject != "teacher"]
    return FORMAT if FORMAT in forms else next(iter(forms), None)


def summary(material: Material) -> str:
    """One sentence: `10.9x smaller, keeps 97.1% [94.8, 98.9] of the teacher's accuracy, 3.1x faster.`"""
    findings, form = material.findings, exported(material.findings)
    told_of = [_smaller(findings, form), _keeps(material), _faster(findings, form)]
    said = ", ".join(part for part in told_of if part)
    if said:
        return f"{said[0].upper()}{said[1:]}."
    done = list(material.artifacts)
    return (
        f"Stopped after {done[-1]}: {'the student is not measured yet' if 'train' in done else 'there is no student yet'}."
        if done
        else "Nothing done yet."
    )


def times(ratio: float) -> str:
    """How many times, as it is said in a sentence: `10.9x`."""
    return f"{short(ratio)}x"


def _smaller(findings: Findings, form: str | None) -> str:
    ratio = findings.value("parameters_ratio", form) if form else None
    if not ratio:
        own = findings.value("parameters", form) if form else None
        return f"{own:,.0f} parameters" if own else ""
    return f"{times(1 / ratio)} smaller" if ratio < 1 else f"{times(ratio)} the teacher's size"


def _faster(findings: Findings, form: str | None) -> str:
    ratio = findings.value("speed_ratio", form, "batch 1") if form else None
    if not ratio:
        return ""
    return f"{times(ratio)} as fast"


def _keeps(material: Material) -> str:
    findings = material.findings
    retention = findings.get("retention")
    if retention is not None and retention.value is not None:
        return f"keeps {kept(retention)} of the teacher's accuracy"
    own, teacher = findings.value("nats_per_token"), findings.value("nats_per_token", "teacher")
    if own is None:
        accuracy = findings.get("accuracy")
        return f"{told(accuracy)} of the answers right" if accuracy is not None and accuracy.value is not None else ""
    against = f" where the teacher has {teacher:.3f}" if teacher is not None else ""
    if material.chosen_on_text:
        return f"{own:.3f} nats a token{against} (on text that was not trained on; the checkpoint was chosen on it)"
    return f"{own:.3f} nats a token on unseen text{against}"


def _tiles(material: Material) -> tuple[Tile, ...]:
    findings, form = material.findings, exported(material.findings)
    found = [
        _size_tile(findings, form),
        _kept_tile(findings, "all", "accuracy kept"),
        _kept_tile(findings, "reasoning", "reasoning kept"),
        _text_tile(material),
        _plain_tile(findings, "kl_teacher_student", "KL from the teacher", "nats a token"),
        _cost_tile(findings, form),
        _plain_tile(findings, "hazard_refusal", "hazards refused"),
        _leak_tile(findings),
        _plain_tile(findings, "over_refusal", "look-alikes refused"),
    ]
    return tuple(tile for tile in found if tile is not None)[:8]


def _size_tile(findings: Findings, form: str | None) -> Tile | None:
    ratio = findings.value("parameters_ratio", form) if form else None
    if not form or not ratio:
        return None
    own, teacher = findings.value("parameters", form), findings.value("parameters", "teacher")
    weight = findings.value("bytes", form, "weights")
    of = f"{compact(own)} of {compact(teacher)} parameters" if own is not None and teacher is not None else ""
    return Tile("smaller", factor(1 / ratio), ", ".join(filter(None, (of, size_of(weight) if weight else ""))))


def _kept_tile(findings: Findings, group: str, label: str) -> Tile | None:
    found = findings.get("retention", group=group)
    if found is None or found.value is None:
        return None
    both = [(subject, findings.value("accuracy", subject, group)) for subject in ("teacher", "student")]
    accuracy = ", ".join(f"{subject} {percent(value)}" for subject, value in both if value is not None)
    return Tile(label, percent(found.value), _after(kept(found)) + (f"; {accuracy}" if accuracy else ""))


def _after(words: str) -> str:
    """The interval in `97.1% [94.8, 98.9]`."""
    return "".join(re.findall(r"\[.*\]", words))


def _plain_tile(findings: Findings, name: str, label: str, unit: str = "") -> Tile | None:
    found = findings.get(name)
    if found is None or found.value is None:
        return None
    detail = ", ".join(filter(None, (unit, _after(told(found)), f"n = {found.n:,}" if found.n else "")))
    return Tile(label, told(found).split(" ")[0], detail)


def _text_tile(material: Material) -> Tile | None:
    own, teacher = (material.findings.value("nats_per_token", subject) for subject in ("student", "teacher"))
    if own is None:
        return None
    detail = "nats a token" + (f"; teacher {teacher:.3f}" if teacher is not None else "")
    if material.chosen_on_text:
        return Tile("loss on validation text", f"{own:.3f}", f"{detail}; the checkpoint was chosen on it")
    return Tile("loss on unseen text", f"{own:.3f}", detail)


def _cost_tile(findings: Findings, form: str | None) -> Tile | None:
    ratio = findings.value("cost_ratio", form, "batch 1") if form else None
    speed = findings.value("speed_ratio", form, "batch 1") if form else None
    if ratio is None:
        return None
    detail = "for a byte of text, same machine" + (f"; {times(speed)} the tokens a second" if speed else "")
    return Tile("cheaper" if ratio < 1 else "dearer", percent(abs(1 - ratio), 0), detail)


def _leak_tile(findings: Findings) -> Tile | None:
    """The leak on half B, which nothing was trained on, where it was measured; else on all."""
    for group, where in (("half:B", "half B"), ("all", "all")):
        found = findings.get("hazard_leak", group=group)
        if found is not None and found.value is not None:
            return Tile("hazards leaked", percent(found.value), f"{where}, {_after(told(found))}, n = {found.n:,}")
    return None


def _steps(material: Material) -> tuple[Step, ...]:
    """What each stage made, in one number."""
    made = material.artifacts
    amounts: dict[str, tuple[str, str]] = {}
    if "prompts" in made:
        amounts["prompts"] = (f"{made['prompts'].count('prompts'):,}", "prompts")
    if "generate" in made:
        amounts["generate"] = (f"{made['generate'].count('traces'):,}", "traces")
    if "filter" in made:
        decided = columns(made["filter"], "decisions", ["part"])["part"].to_pylist()
        amounts["filter"] = (f"{decided.count('keep'):,}", "kept")
    if "train" in made:
        amounts["train"] = (f"{made['train'].count('metrics'):,}", "steps")
    if "evaluate" in made:
        amounts["evaluate"] = (f"{made['evaluate'].count('findings'):,}", "findings")
    if "export" in made:
        amounts["export"] = (str(len([s for s in subjects(material.findings) if s != "teacher"])), "forms")
    names = ("prompts", "generate", "filter", "train", "evaluate", "export")
    return tuple(Step(stage, *amounts.get(stage, (None, "not done"))) for stage in names)
