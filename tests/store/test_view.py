from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from potstill.errors import StoreError
from potstill.models.base import Outlook
from potstill.models.scorings import Scoring, to_table
from potstill.recipe import parse
from potstill.store import Quiet, Run, from_rows
from potstill.store.view import gathered, nested
from potstill.types import Message, Prompt, Segment, TeacherCard, Trace, Usage, Verdict

CARDS = (TeacherCard("hf:one", licence="MIT", train_on_outputs="allowed"), TeacherCard("hf:two"))
PROMPTS = tuple(Prompt((Message("user", f"{i}?"),), "math", source=f"a.jsonl:{i}", licence="Apache-2.0") for i in range(5))


def traces(shard: int) -> list[Trace]:
    """Two answers to each of some prompts, in an order of their own; the fourth prompt has none."""
    which = {0: (1, 0), 1: (2, 4)}[shard]
    return [
        Trace(PROMPTS[i].id, card.name, 0, f"{i} by {card.name}", (Segment("answer", 0, 1),), (7, i), teacher_id=card.id, usage=Usage(3, i))
        for i in which
        for card in CARDS
    ]


def outlook(n: int) -> Outlook:
    return Outlook(np.full(n, -0.5, np.float32), np.ones(n, np.int32), np.zeros((n, 1), np.int32), np.full((n, 1), -0.5, np.float32))


def made(folder: Path, *, judged: bool = True) -> Run:
    text = 'name = "v"\n[student]\nmodel = "new:llama"\n[[teachers]]\nmodel = "world:base"\n[prompts]\nsources = ["a.jsonl"]\n'
    run = Run.open(parse(text), out=folder, log=Quiet())
    everything = [*traces(0), *traces(1)]

    def gather(w) -> dict[str, int]:
        w.write_table("prompts", from_rows(PROMPTS, Prompt))
        return {}

    def draw(w) -> dict[str, int]:
        for shard in (0, 1):
            w.write_table("traces", from_rows(traces(shard), Trace), shard)
            scored = [Scoring(trace.id, card.id, "sampled", outlook(2)) for trace in traces(shard) for card in CARDS[:1]]
            w.write_table("scorings", to_table(scored), shard)
        w.write_table("teachers", from_rows(CARDS, TeacherCard))
        return {}

    def judge(w) -> dict[str, int]:
        said = [Verdict(t.id, "keep" if by == "a" else "noise", by, "because") for by in ("a", "b") for t in reversed(everything)]
        w.write_table("verdicts", from_rows(said, Verdict))
        decided = {"trace_id": [t.id for t in everything], "prompt_id": [t.prompt_id for t in everything]}
        w.write_table("decisions", pa.table({**decided, "part": ["noise"] * 8, "because": [["b: because"]] * 8}))
        return {}

    first = run.perform("prompts", section={}, inputs={}, parts={}, work=gather)
    second = run.perform("generate", section={}, inputs={"prompts": first}, parts={}, work=draw)
    if judged:
        run.perform("filter", section={}, inputs={"prompts": first, "generate": second}, parts={}, work=judge)
    return run


@pytest.mark.parametrize("at_once", [1, 2, 256])
def test_every_prompt_holds_all_that_was_made_of_it(at_once: int, tmp_path: Path) -> None:
    found = pa.concat_tables(nested(made(tmp_path / "run"), at_once=at_once)).to_pylist()
    assert [record["id"] for record in found] == [prompt.id for prompt in PROMPTS]
    assert [len(record["completions"]) for record in found] == [2, 2, 2, 0, 2]
    one = found[1]["completions"][0]
    assert (one["text"], one["token_ids"], one["usage"]["completion_tokens"]) == ("1 by hf:one", [7, 1], 1)
    assert one["decision"] == {"part": "noise", "because": ["b: because"]}
    assert [(verdict["by"], verdict["part"]) for verdict in one["verdicts"]] == [("a", "keep"), ("b", "noise")]
    assert [(scoring["teacher_id"], len(scoring["log_p"])) for scoring in one["scorings"]] == [(CARDS[0].id, 2)]
    assert sorted(card["name"] for card in found[1]["teachers"]) == ["hf:one", "hf:two"]
    assert found[3]["teachers"] == []


def test_what_has_not_been_done_is_empty(tmp_path: Path) -> None:
    record = next(nested(made(tmp_path / "run", judged=False), signals=False)).to_pylist()[0]
    assert record["completions"][0]["decision"] is None
    assert record["completions"][0]["verdicts"] == []
    assert "scorings" not in record["completions"][0]


def test_nothing_generated_yet(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    (run.folder / "current.json").unlink()
    with pytest.raises(StoreError, match="nothing made by the stage 'generate' yet"):
        next(nested(run))


def test_another_current_artifact_is_not_joined(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    place = run.artifact("generate").folder / "manifest.json"
    place.write_text(place.read_text().replace(run.artifact("prompts").content, "0" * 64))
    with pytest.raises(StoreError, match="made of something else than what is current"):
        next(nested(run))


@pytest.mark.parametrize("keys", [["a", "b", "a"], ["c"], []])
def test_gathering_is_by_hand(keys: Sequence[str]) -> None:
    rows = pa.table({"key": pa.array(keys, pa.string()), "n": pa.array(range(len(keys)), pa.int64())})
    expected = [[{"n": i} for i, key in enumerate(keys) if key == wanted] for wanted in ("b", "a")]
    assert gathered(pa.array(["b", "a"]), rows, "key").to_pylist() == expected
