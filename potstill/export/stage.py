"""The stage: a student in, frozen folders and what they cost out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedModel

from potstill.export.drift import drift
from potstill.export.folders import complete
from potstill.export.formats.base import Wanted, read_format
from potstill.export.sizes import TEACHER, sizes
from potstill.export.speed import Contender, speeds
from potstill.models import LocalModel, Options, open_teacher
from potstill.models.hf import open_hf
from potstill.models.scoring import Head
from potstill.registry import find
from potstill.store import Artifact, Run, Workspace, from_rows, rows, tables
from potstill.types import Finding, Prompt

STUDENT, FINDINGS, SPEED = "student", "findings", "speed"


def write(run: Run, student: Artifact) -> Artifact:
    """Write the student in every format of the recipe, and measure size, speed and drift.

    The artifact holds a folder a format and `findings.parquet`; `log/speed.parquet` holds the timings, which no content hash depends on.

    Args:
        run: the run.
        student: the artifact of the stage `train`.

    Raises:
        RecipeError: an unknown format.
        ModelError: a model cannot be found or used.
    """
    specs = dict.fromkeys(run.recipe.export.formats)
    formats = [read_format(spec, f"export.formats.{place}") for place, spec in enumerate(specs)]
    inputs = {"prompts": run.artifact("prompts"), "train": student}
    parts = {f"format/{name}": find("format", name).version for name in sorted({spec.partition(":")[0] for spec in specs})}
    parts |= {f"teacher/{key}": value for key, value in open_teacher(run.recipe.teachers[0]).identity().items()}

    def work(workspace: Workspace) -> dict[str, Any]:
        return _Export(run, inputs, formats, workspace).work()

    return run.perform("export", section=run.recipe.export, inputs=inputs, parts=parts, work=work)


class _Export:
    def __init__(self, run: Run, inputs: Mapping[str, Artifact], formats: Sequence[Wanted], workspace: Workspace) -> None:
        self.run, self.formats, self.workspace = run, formats, workspace
        self.student = open_hf(str(inputs["train"].path(STUDENT)), Options(dtype=run.recipe.student.dtype))
        self.prompts = _prompts(inputs["prompts"])
        teacher = open_teacher(run.recipe.teachers[0])
        self.teacher = teacher if isinstance(teacher, LocalModel) else None

    def work(self) -> dict[str, Any]:
        frozen = {wanted.spec: self._frozen(wanted) for wanted in self.formats}
        network: PreTrainedModel | None = self.teacher.network if self.teacher else None
        folders = {wanted.spec: self.workspace.path(wanted.folder) for wanted in self.formats}
        findings = sizes(network, self.student.network, folders) + drift(self.student, frozen, self.prompts)
        self.workspace.write_table(FINDINGS, from_rows(findings, Finding))
        tables.write(self.workspace.log / tables.file_name(SPEED), from_rows(self._speeds(frozen), Finding))
        shown = {f"{f.name} {f.subject}": f.value for f in findings if f.name in ("parameters", "bytes_ratio", "drift_kl")}
        return {"formats": list(frozen), **shown}

    def _frozen(self, wanted: Wanted) -> Head:
        """The student in that format, written unless an interrupted run left it whole."""
        if not self.workspace.has(wanted.folder):
            with self.workspace.write_folder(wanted.folder) as folder:
                wanted.format.write(self.student, folder, wanted.variant)
                complete(folder, self.student, wanted, self.run.recipe)
        self.run.log.say(f"export: {wanted.spec} written to {self.workspace.path(wanted.folder)}")
        return wanted.format.open(self.workspace.path(wanted.folder), self.student)

    def _speeds(self, frozen: Mapping[str, Head]) -> list[Finding]:
        student = Contender.of(self.student, self.prompts)
        teacher = Contender.of(self.teacher, self.prompts) if self.teacher else None
        contenders = {TEACHER: teacher} if teacher else {}
        if student:
            contenders |= {name: student.frozen(head) for name, head in frozen.items()}
        return speeds(contenders)


def _prompts(gathered: Artifact) -> list[Prompt]:
    """The evaluation prompts; the training prompts when there are none."""
    return list(rows(gathered.table("evaluation"), Prompt)) or list(rows(gathered.table("prompts"), Prompt))
