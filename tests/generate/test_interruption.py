"""A harvest that is broken off anywhere goes on: each prompt has exactly its n answers, and the tables are those of an undisturbed run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from potstill.errors import StoreError
from potstill.generate import draw, drawing
from potstill.prompts import gather
from potstill.store import Quiet, Run
from tests.endpoints.server import FAULTS, Behaviour, Server
from tests.generate import killed
from tests.models.small import write_model

ROOT = Path(__file__).resolve().parents[2]


def broken_off(folder: Path, seed: int, teachers: list[str], growth: float = 1.35) -> dict[str, object]:
    command = [sys.executable, killed.__file__, str(folder), str(seed), str(growth), *teachers]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0, done.stderr
    outcome: dict[str, object] = json.loads(done.stdout)
    return outcome


@pytest.mark.parametrize("kind", ["fake", "local"])
def test_killed_at_random_moments_it_ends_as_if_undisturbed(tmp_path: Path, kind: str) -> None:
    teachers = ["fake:{prompt}!", "fake:so"] if kind == "fake" else [f"hf:{write_model(tmp_path / 'model')}"]
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    made, cut = killed.harvest(tmp_path / "whole" / "run", teachers)
    outcome = broken_off(tmp_path / "killed" / "run", 7, teachers)
    assert outcome["kills"] > 3
    table = made.table("traces")
    answers = Counter(zip(table["prompt_id"].to_pylist(), table["teacher"].to_pylist(), table["sample"].to_pylist(), strict=True))
    assert len(answers) == 12 * len(teachers) * killed.N == len(table)
    same = sorted(path for path in made.manifest.files)
    assert outcome["files"] == same
    again = Run.open(killed.recipe(tmp_path / "killed" / "run", teachers), out=tmp_path / "killed" / "run", log=Quiet())
    for name in ("traces", "scorings", "verdicts", "selections"):
        assert again.artifact("generate").table(name) == made.table(name)
    for name in ("verdicts", "decisions"):
        assert again.artifact("filter").table(name) == cut.table(name)


def test_an_endpoint_with_faults_killed_at_thirty_random_moments_is_paid_once(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    passing = tuple(fault for fault in FAULTS if fault != "timeout")
    with Server(folder, Behaviour(share=0.2, faults=passing, seed=3)) as server:
        section = {"model": server.url, "dialect": "vllm", "tokenizer": f"hf:{folder}", "concurrency": 4, "timeout": 20}
        (tmp_path / "killed").mkdir()
        outcome = broken_off(tmp_path / "killed" / "run", 5, [json.dumps(section)], growth=1.1)
        assert outcome["kills"] >= 30
        assert set(server.answered.values()) == {1}
        assert len(server.answered) == 12 * killed.N
        assert sum(server.faults.values()) > 0
        (tmp_path / "whole").mkdir()
        made, cut = killed.harvest(tmp_path / "whole" / "run", [json.dumps(section)])
        again = Run.open(killed.recipe(tmp_path / "killed" / "run", [json.dumps(section)]), out=tmp_path / "killed" / "run", log=Quiet())
        for name in ("traces", "scorings", "verdicts", "selections"):
            assert again.artifact("generate").table(name) == made.table(name)
        assert outcome["filter"] == cut.content


RULES = """
[[rules]]
name = "letters"
text = "Do not write the letter e."
kind = "pattern"
patterns = ["e"]
when = "[0-3]"

[[rules]]
name = "tone"
text = "Be kind."
kind = "teacher"
when = "[01]"
"""


def test_revisions_killed_at_random_moments_are_paid_once(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", max_position_embeddings=1024)
    (tmp_path / "rules.toml").write_text(RULES)
    with Server(folder, Behaviour(share=0.05, faults=("429", "500", "reset"), seed=3)) as server:
        teachers = [json.dumps({"model": server.url, "dialect": "vllm", "tokenizer": f"hf:{folder}", "concurrency": 4, "timeout": 20})]
        (tmp_path / "killed").mkdir()
        outcome = broken_off(tmp_path / "killed" / "run", 5, teachers, growth=1.4)
        assert outcome["kills"] > 5
        assert set(server.answered.values()) == {1}
        once = len(server.answered)
        (tmp_path / "whole").mkdir()
        made, cut = killed.harvest(tmp_path / "whole" / "run", teachers)
        again = Run.open(killed.recipe(tmp_path / "killed" / "run", teachers), out=tmp_path / "killed" / "run", log=Quiet())
        for name in ("traces", "scorings", "verdicts", "revisions"):
            assert again.artifact("generate").table(name) == made.table(name)
        assert outcome["filter"] == cut.content
        told = made.table("revisions").to_pylist()
        assert sum(row["by_whole"] for row in told) > 0, "something was revised"
        assert once > 12 * killed.N + sum(row["by_whole"] for row in told), "critics and revisers were asked"


def harvest_of(folder: Path) -> Run:
    folder.mkdir()
    return Run.open(killed.recipe(folder / "run", ["fake:{prompt}!"]), out=folder / "run", log=Quiet())


def test_a_full_disk_loses_no_whole_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = draw(run := harvest_of(tmp_path / "a"), gather(run))
    run = harvest_of(tmp_path / "b")
    prompts = gather(run)
    write, asked = drawing.Gathered.write, []

    def full(self, workspace, number, **settings):
        if number == 3 and not asked:
            asked.append(number)
            with open("/dev/full", "wb", buffering=0) as file:
                file.write(b"x")
        write(self, workspace, number, **settings)

    monkeypatch.setattr(drawing.Gathered, "write", full)
    with pytest.raises(StoreError, match=r"cannot be written: No space left on device; make room and run the same command"):
        draw(run, prompts)
    heard = []
    monkeypatch.setattr(drawing._Drawing, "_answers", _noting(heard, drawing._Drawing._answers))
    assert draw(run, prompts).content == undisturbed.content
    assert heard == list(range(3, 6))


def _noting(heard, answers):
    def noted(self, group):
        heard.extend(shard.number for shard in group)
        return answers(self, group)

    return noted


def test_a_damaged_shard_of_a_broken_off_harvest_is_named_and_the_others_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = draw(run := harvest_of(tmp_path / "a"), gather(run))
    run = harvest_of(tmp_path / "b")
    prompts = gather(run)
    with monkeypatch.context() as patch:
        patch.setattr(drawing._Drawing, "_summary", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            draw(run, prompts)
    (shard,) = (tmp_path / "b" / "run" / "generate").glob("*/traces-00004.parquet")
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(StoreError, match=r"traces-00004\.parquet: a damaged table; remove it and run the same command"):
        draw(run, prompts)
    heard = []
    monkeypatch.setattr(drawing._Drawing, "_answers", _noting(heard, drawing._Drawing._answers))
    shard.unlink()
    assert draw(run, prompts).content == undisturbed.content
    assert heard == [4]


def test_a_damaged_shard_of_a_whole_harvest_is_named(tmp_path: Path) -> None:
    made = draw(run := harvest_of(tmp_path / "a"), gather(run))
    shard = made.folder / "scorings-00002.parquet"
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    with pytest.raises(StoreError, match=r"scorings-00002\.parquet: a damaged file"):
        made.verify()
