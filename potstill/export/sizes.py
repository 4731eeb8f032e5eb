"""Parameters and bytes of the frozen students, beside the teacher's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from transformers import PreTrainedModel

from potstill.types import Finding

TEACHER = "teacher"
WEIGHTS = "*.safetensors"


def sizes(teacher: PreTrainedModel | None, student: PreTrainedModel, folders: Mapping[str, Path]) -> list[Finding]:
    """The findings on size.

    Args:
        teacher: its network; None when it gives none, and then nothing is set against it.
        student: its network: all formats have its parameters.
        folders: format -> the folder that it was written into.
    """
    found = list(_teacher(teacher)) if teacher is not None else []
    known = {(finding.name, finding.group): finding.value for finding in found}
    for name, folder in folders.items():
        weights = sum(path.stat().st_size for path in folder.glob(WEIGHTS))
        everything = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        mine = [
            _finding("parameters", name, "all", student.num_parameters(), "parameters", "tied ones counted once"),
            _finding("bytes", name, "weights", weights, "bytes", "files of weights"),
        ]
        found += [*mine, _finding("bytes", name, "folder", everything, "bytes", "all files")]
        found += [_ratio(finding, known[finding.name, finding.group]) for finding in mine if (finding.name, finding.group) in known]
    return found


def _teacher(network: PreTrainedModel) -> Iterator[Finding]:
    yield _finding("parameters", TEACHER, "all", network.num_parameters(), "parameters", "tied ones counted once")
    files = list(Path(network.name_or_path).glob(WEIGHTS)) if network.name_or_path else []
    if files:
        yield _finding("bytes", TEACHER, "weights", sum(path.stat().st_size for path in files), "bytes", "files of weights")
    else:
        loaded = sum(p.numel() * p.element_size() for p in network.parameters())
        yield _finding("bytes", TEACHER, "weights", loaded, "bytes", f"as loaded, {str(network.dtype).removeprefix('torch.')}")


def _finding(name: str, subject: str, group: str, value: float, unit: str, by: str) -> Finding:
    return Finding("export", name, subject, group, float(value), n=1, unit=unit, by=by)


def _ratio(finding: Finding, teachers: float | None) -> Finding:
    value = finding.value / teachers if finding.value is not None and teachers else None
    return Finding("export", f"{finding.name}_ratio", finding.subject, finding.group, value, n=1, unit="ratio", by="format / teacher")
