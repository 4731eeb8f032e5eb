"""What people say of traces and prompts: an append-only file of the run folder, kept whatever is decided anew."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from potstill.curate.policy import PARTS, Ruling
from potstill.errors import PotstillError, StoreError
from potstill.store import atomic
from potstill.store.run import Run
from potstill.types import Part, digest

NAME = "rulings.jsonl"


def rule(run: Run, id_: str, part: Part, why: str) -> None:
    """Write down where a person puts a trace, or a prompt and all answers to it; a later ruling on the same replaces it.

    Args:
        run: whose folder it is written in.
        id_: of the trace or prompt.
        part: where it goes.
        why: the reason, in a clause.

    Raises:
        PotstillError: no reason is given.
        StoreError: another process is working on the folder, or it cannot be written.
    """
    if not why.strip():
        raise PotstillError("a ruling needs a reason", where=id_, fix='say why, as in --why "the answer is right"')
    line = json.dumps({"id": id_, "part": part, "why": why, "at": datetime.now(UTC).isoformat(timespec="seconds")}, ensure_ascii=False)
    with run.locked():
        path = run.folder / NAME
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        atomic.write_text(path, f"{text}{line}\n")


def rulings(run: Run) -> dict[str, Ruling]:
    """Id -> what a person last said of it.

    Raises:
        StoreError: the file is damaged.
    """
    path = run.folder / NAME
    if not path.exists():
        return {}
    return dict(_read(path))


def identity(run: Run) -> dict[str, str]:
    """What a decision depends on, of what people said."""
    known = rulings(run)
    return {"rulings": digest({id_: [one.part, one.why] for id_, one in known.items()})} if known else {}


def _read(path: Path) -> list[tuple[str, Ruling]]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            id_, part, why = row["id"], row["part"], row["why"]
        except (ValueError, KeyError, TypeError):
            id_ = part = why = None
        if not isinstance(id_, str) or part not in PARTS or not isinstance(why, str):
            raise StoreError("a damaged ruling", where=f"{path}:{number}", fix="mend or remove that line")
        found.append((id_, Ruling(part, why)))
    return found
