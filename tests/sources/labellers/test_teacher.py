from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.recipe.curation import LabelSection
from potstill.sources.labels import Said, ready_labellers
from potstill.types import Message, Prompt
from tests.endpoints.server import Server
from tests.models.small import write_model

ASKED = Prompt((Message("user", "Is 7 prime?"),), reference="math")


def said(answer, **settings):
    section = LabelSection(**{"kind": "teacher", "model": f"fake:{answer}", "labels": ["math", "prose"], **settings})
    return ready_labellers([section])[0].part.label([ASKED])[0]


@pytest.mark.parametrize("answer", ["math", " Math. ", "**math**", "<think>prose? no</think>math", "Answer: math"])
def test_one_label_and_nothing_else(answer):
    assert said(answer) == Said("math")


@pytest.mark.parametrize("answer", ["math or prose", "I think it is math", "maths", "none", "<think>math</think>"])
def test_anything_else_is_no_label(answer):
    assert said(answer) is None


def test_which_label_it_gives():
    assert said("hazard", of="intent", labels=["hazard", "benign"]) == Said(intent="hazard")
    assert said("locks", of="family", labels=["locks", "fires"]) == Said(intent="hazard", family="locks")


def test_how_it_is_asked():
    (one,) = ready_labellers([LabelSection(kind="teacher", model="fake:x", labels={"math": "of numbers", "prose": "of words"})])
    (turn,) = one.part._question(ASKED).messages
    assert "math: of numbers; prose: of words" in turn.content
    assert turn.content.endswith("Is 7 prime?")


def test_a_prompt_beyond_the_context_is_not_labelled_and_the_others_are(tmp_path):
    folder = write_model(tmp_path / "model")
    long = Prompt((Message("user", "7 " * 200),))
    with Server(folder) as server:
        for model in (f"hf:{folder}", server.url):
            settings = {"model": model, "labels": ["math", "prose"], "question": "{labels}: {prompt}", "max_new_tokens": 4}
            (one,) = ready_labellers([LabelSection(kind="teacher", **settings)])
            assert one.part.label([ASKED, long, ASKED]) == [None, None, None]
        assert len(server.answered) == 1, "the two that fit are one request"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": ["math"]}, "labels"),
        ({"question": "Which? {labels}"}, r"the question has no \{prompt\}"),
        ({"of": "intent"}, "unknown intent 'math'; one of: benign"),
    ],
)
def test_faults(settings, message):
    with pytest.raises(RecipeError, match=message):
        said("math", **settings)
