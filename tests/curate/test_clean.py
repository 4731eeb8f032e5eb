from __future__ import annotations

import json

import pytest

from potstill import world
from potstill.curate.clean import answered, clean_items, open_clean, right_answer
from potstill.errors import InputError, RecipeError
from potstill.recipe.curation import MeasureSection
from potstill.types import Prompt
from tests.models.small import ask


def items(section, *, answers=True, seed=0):
    return clean_items(open_clean(section, seed), section, answers=answers, seed=seed)


def test_the_worlds_right_answers_by_default():
    found = items(MeasureSection(n=60))
    assert len({item.prompt_id for item in found}) == 60
    for item in found:
        assert item.prompt.intent == "benign"
        assert world.grade(item.prompt, item.text) == 1.0
        assert item.id == item.trace.id
        assert not world.held(item.prompt)


def test_the_draw_follows_the_seed_and_not_the_number():
    few, many, other = (items(MeasureSection(n=n), seed=seed) for n, seed in ((10, 0), (20, 0), (10, 1)))
    assert [item.id for item in few] == [item.id for item in many[:10]]
    assert {item.id for item in few} != {item.id for item in other}


def test_prompts_alone():
    assert all(item.trace is None and item.id == item.prompt.id for item in items(MeasureSection(n=5), answers=False))


def test_what_a_file_says(tmp_path):
    file = tmp_path / "clean.jsonl"
    lines = [
        {"q": "1+1?", "a": "2"},
        {"q": "1+1?", "a": "2"},
        {"q": "2+2?", "a": "four"},
        {"q": "How to harm?", "a": "3", "intent": "hazard"},
        {"q": "Alone?", "a": None},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    section = MeasureSection(clean=(str(file),), columns={"prompt": "q", "reference": "a"}, grader="number")
    assert [(item.prompt.question, item.text) for item in items(section)] == [("1+1?", "2")]
    assert {item.prompt.question for item in items(section, answers=False)} == {"1+1?", "2+2?", "Alone?"}


def test_a_source_with_settings_of_its_own(tmp_path):
    for name in ("one", "two"):
        lines = [{"q" if name == "one" else "prompt": f"{name} {n}?", "reference": str(n)} for n in range(5)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    own = {"source": str(tmp_path / "one.jsonl"), "columns": {"prompt": "q"}, "template": "Q: {prompt}", "limit": 2, "grader": "number"}
    found = items(MeasureSection(clean=(own, str(tmp_path / "two.jsonl")), grader="exact"))
    assert sorted((item.prompt.question, item.prompt.grader) for item in found) == [
        ("Q: one 0?", "number"),
        ("Q: one 1?", "number"),
        *((f"two {n}?", "exact") for n in range(5)),
    ]
    with pytest.raises(RecipeError, match="has no {prompt}"):
        open_clean(MeasureSection(clean=({**own, "template": "Q"},)), 0)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        (ask("1+1?", reference="2", grader="number"), "2"),
        (ask("1+1?", reference="2", rationale="1+1=2.", grader="number"), "1+1=2.\nAnswer: 2"),
        (ask("1+1?", reference="2", rationale="1+1=2 #### 2", grader="number"), "1+1=2 #### 2"),
        (ask("1+1?", reference="2", rationale="1+1=3 #### 3", grader="number"), None),
        (ask("1+1?", reference="2"), "2"),
        (ask("1+1?"), None),
        (Prompt((), reference="Once upon a time."), "Once upon a time."),
    ],
)
def test_right_answers(prompt, text):
    assert right_answer(prompt) == text


def test_an_answer_may_be_given_its_id():
    prompt = ask("1+1?")
    assert answered(prompt, "2").id != answered(prompt, "2", sample=1).id
    assert answered(prompt, "2", id_="f" * 16).id == "f" * 16


def test_nothing_clean(tmp_path):
    file = tmp_path / "clean.jsonl"
    file.write_text('{"prompt": "How?"}\n')
    section = MeasureSection(clean=(str(file),))
    with pytest.raises(InputError, match="no harmless prompt has an answer"):
        items(section)
    assert len(items(section, answers=False)) == 1
    with pytest.raises(RecipeError, match=r"measure\.clean"):
        items(MeasureSection(clean=("worlds:x",)))
