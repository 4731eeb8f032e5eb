from __future__ import annotations

import pytest

from potstill.errors import CapabilityError, InputError, RecipeError
from potstill.generate.fitting import check_mode, check_scorers, expected
from potstill.models.fake import FakeTeacher
from potstill.recipe import Recipe
from potstill.recipe.sections import GenerateSection
from potstill.store import Quiet, Run, from_rows
from potstill.types import Prompt
from tests.models.small import ask
from tests.store import still

TALK, PLAIN = ask("How?", source="a.jsonl:1"), Prompt((), reference="a text", source="t.txt:1")


def counted(tmp_path, prompts, teachers=({"model": "fake:x"},), **generate):
    run = Run.open(still.recipe(), out=tmp_path / "run", log=Quiet())
    made = still.perform(run, "prompts", lambda workspace: workspace.write_table("prompts", from_rows(prompts, Prompt)) or {})
    about = {"name": "x", "student": {"model": "new:llama"}, "prompts": {"sources": ["a.jsonl"]}}
    return expected(made, Recipe.model_validate({**about, "teachers": list(teachers), "generate": generate}))


def test_a_conversation_is_not_scored_and_a_plain_text_has_no_context():
    check_mode([PLAIN], GenerateSection(mode="score"))
    check_mode([TALK, PLAIN], GenerateSection())
    with pytest.raises(InputError, match=r"a\.jsonl:1: mode = \"score\" scores plain texts"):
        check_mode([PLAIN, TALK], GenerateSection(mode="score"))
    with pytest.raises(InputError, match=r"t\.txt:1: a context stands before a question"):
        check_mode([TALK, PLAIN], GenerateSection(context="Be kind."))


def test_who_must_score_and_cannot_is_named():
    mute = FakeTeacher("x", "fake:mute", frozenset({"text"}))
    check_scorers([mute], GenerateSection())
    for section, change in (
        (GenerateSection(mode="score"), "use mode"),
        (GenerateSection(committee=True), r"leave generate\.committee out"),
    ):
        with pytest.raises(CapabilityError, match=f"fake:mute: this teacher cannot score texts; {change}"):
            check_scorers([FakeTeacher("x"), mute], section)


def test_how_many_answers_are_asked_for(tmp_path):
    prompts = [ask(f"{i}?", domain="math.sums" if i < 3 else "talk") for i in range(10)]
    teachers = [{"model": "fake:x"}, {"model": "fake:y"}, {"model": "fake:z", "domains": ["math"]}]
    assert counted(tmp_path / "a", prompts, teachers, n=2) == 2 * (3 * 1 + 7 * 2)
    assert counted(tmp_path / "b", prompts) == 10


def test_every_prompt_is_looked_at_before_any_is_asked(tmp_path):
    with pytest.raises(InputError, match=r"a\.jsonl:1"):
        counted(tmp_path / "a", [PLAIN, TALK], mode="score")
    with pytest.raises(InputError, match=r"t\.txt:1"):
        counted(tmp_path / "b", [TALK, PLAIN], context="Be kind.")
    with pytest.raises(RecipeError, match=r"teachers \(a\.jsonl:1\): no teacher for the domain ''"):
        counted(tmp_path / "c", [TALK], [{"model": "fake:x", "domains": ["math"]}])
