import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from potstill.export.data import Facts, export_data
from potstill.export.data.publishing import teachers
from potstill.export.data.writing import JSONL, PARQUET, TEACHERS
from potstill.store import Run
from tests.store.records import CARDS, PROMPTS, made

ANSWERS = re.compile(r"\d by hf:/home/me/models/\d")
"""What the teachers said, which is left as it is."""
JUDGE = "reward:hf:/home/me/models/judge"


def secretive(folder: Path) -> Run:
    """A run whose prompts, teachers and judge lie in folders of a user."""
    return made(
        folder,
        prompts=tuple(replace(one, source=f"/home/me/{one.source}") for one in PROMPTS),
        cards=tuple(replace(one, name=f"hf:/home/me/models/{i}", facts='{"model":"/home/me/served"}') for i, one in enumerate(CARDS)),
        sources=["/home/me/a.jsonl"],
        best_of={"judge": JUDGE, "least": 0.5, "rounds": 1},
        parts={1: "noise"},
        why=f"did not pass 0.5 by {JUDGE}",
    )


@pytest.mark.parametrize("form", ["messages", "nested"])
def test_nothing_that_is_exported_tells_a_folder(form: Any, tmp_path: Path) -> None:
    export_data(secretive(tmp_path / "run"), tmp_path / "out", form=form, part="all", signals=True)
    tables = [str(pq.read_table(path).to_pylist()) for path in (tmp_path / "out").rglob("*.parquet")]
    assert len(tables) == (4 if form == "messages" else 1)
    for text in [*tables, (tmp_path / "out" / JSONL).read_text(encoding="utf-8")]:
        assert "/home" not in ANSWERS.sub("", text)
    told = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "/home" not in told
    assert "from `…/a.jsonl`." in told
    assert "| hf:…/0 | 4 |" in told
    assert '"judge":"reward:hf:…/judge"' in told


def test_rows_name_their_source_and_teacher(tmp_path: Path) -> None:
    export_data(secretive(tmp_path / "run"), tmp_path / "out", form="nested", part="all", signals=True)
    first, second = pq.read_table(tmp_path / "out" / PARQUET).to_pylist()[:2]
    assert first["source"] == "…/a.jsonl:0"
    assert [one["teacher"] for one in first["completions"]] == ["hf:…/0", "hf:…/1"]
    assert first["teachers"][0]["facts"] == '{"model":"…/served"}'
    assert second["completions"][0]["verdicts"][1]["why"] == "did not pass 0.5 by reward:hf:…/judge"
    assert second["completions"][0]["decision"]["because"] == ["b: did not pass 0.5 by reward:hf:…/judge"]


def test_ids_stay_those_of_the_run(tmp_path: Path) -> None:
    run = secretive(tmp_path / "run")
    facts = Facts.of(run, "messages", "keep")
    export_data(run, tmp_path / "out", form="messages", signals=True)
    ids = pq.read_table(tmp_path / "out" / TEACHERS)["id"].to_pylist()
    assert ids == teachers(facts)["id"].to_pylist() == [card.id for card in facts.teachers]
