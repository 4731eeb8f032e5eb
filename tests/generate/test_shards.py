from __future__ import annotations

import pytest

from potstill.generate.asking import Asking
from potstill.generate.selection import CHOSEN, Selected
from potstill.generate.shards import Gathered, Shard, done, left, together, tokens
from potstill.generate.traces import Drawn
from potstill.models import Outlook, Sampling
from potstill.models.fake import FakeTeacher
from potstill.models.scorings import Scoring
from potstill.store import Quiet, Run, Workspace, from_rows
from potstill.types import Prompt, Trace, Verdict
from tests.models.small import ask
from tests.store import still

PROMPTS = [ask(f"{i}?") for i in range(7)]


def drawn(text):
    ((answer,),) = FakeTeacher(text).draw([PROMPTS[0]], Sampling())
    trace = Trace(PROMPTS[0].id, "t", 0, text, token_ids=answer.token_ids, teacher_id="own")
    return Drawn(trace.id, trace, answer.outlook)


def test_only_the_shards_left_are_read(tmp_path):
    run = Run.open(still.recipe(), out=tmp_path / "run", log=Quiet())
    prompts = still.perform(run, "prompts", lambda workspace: workspace.write_table("prompts", from_rows(PROMPTS, Prompt)) or {})
    found = list(left(prompts, 3, {0, 2}))
    assert [(shard.number, [one.prompt.question for one in shard.asked]) for shard in found] == [(0, ["0?", "1?", "2?"]), (2, ["6?"])]
    assert all(one.id == one.prompt.id for shard in found for one in shard.asked)


@pytest.mark.parametrize(("most", "groups"), [(1, [[0], [1], [2]]), (4, [[0, 1], [2]]), (99, [[0, 1, 2]])])
def test_shards_are_taken_together_up_to_so_many_prompts(most, groups):
    shards = [Shard(number, [Asking(prompt.id, prompt) for prompt in PROMPTS[:2]]) for number in range(3)]
    assert [[shard.number for shard in group] for group in together(shards, most)] == groups


def test_a_shard_is_done_when_all_its_tables_are_there(tmp_path):
    one = drawn("yes")
    row = {"prompt_id": "p", "teacher_id": "own", "chosen": one.id, "score": 1.0, "draws": 1, "judged": 1, "kl_bound": 0.0}
    gathered = Gathered.of([Selected([one], [Verdict(one.id, "keep", "best_of", "why", 1.0)], row)], "sampled", {})
    workspace = Workspace(tmp_path)
    gathered.write(workspace, 0, choice=CHOSEN)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{name}-00000.parquet" for name in ("scorings", "selections", "traces", "verdicts")
    ]
    for path in sorted(tmp_path.iterdir()):
        assert done(workspace, 0, choice=CHOSEN)
        data = path.read_bytes()
        path.unlink()
        assert not done(workspace, 0, choice=CHOSEN)
        assert done(workspace, 0, choice=None) is path.name.startswith(("verdicts", "selections"))
        path.write_bytes(data)
    assert workspace.table("selections").to_pylist() == [row]


def test_what_was_expected_stands_with_its_trace_the_drawers_own_first():
    first, second = drawn("yes"), drawn("no")
    mute = Drawn("m", Trace("p", "t", 0, "mute"), Outlook())
    other = Scoring(first.id, "other", "teacher_forced", second.outlook)
    gathered = Gathered.of([Selected([first, mute]), Selected([second])], "sampled", {first.id: [other]})
    assert gathered.drawn == [first, mute, second]
    assert [(one.trace_id, one.teacher_id) for one in gathered.scorings] == [(first.id, "own"), (first.id, "other"), (second.id, "own")]
    assert tokens(gathered.drawn) == len("yes") + len("no") + 2
