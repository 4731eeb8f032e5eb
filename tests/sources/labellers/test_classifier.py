from __future__ import annotations

import json

import pytest

from potstill.errors import InputError, RecipeError
from potstill.recipe.curation import LabelSection
from potstill.sources.labels import Said, ready_labellers
from potstill.types import Message, Prompt

WORDS = {"math": ["sum", "number", "divide", "prime", "equation"], "cooking": ["soup", "bread", "oven", "salt", "recipe"]}


@pytest.fixture
def examples(tmp_path):
    rows = [
        {"text": f"tell me of the {word} and {other}", "label": name} for name, some in WORDS.items() for word in some for other in some
    ]
    path = tmp_path / "examples.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"text": "unlabelled", "label": None}]))
    return path


def labeller(**settings):
    return ready_labellers([LabelSection(kind="classifier", **settings)])[0]


def said(one, *texts):
    return one.part.label([Prompt((Message("user", text),)) for text in texts])


def test_what_the_examples_teach(examples):
    one = labeller(examples=str(examples))
    assert said(one, "divide a number by a prime", "salt the bread and heat the oven") == [Said("math"), Said("cooking")]
    assert said(labeller(examples=str(examples), threshold=1.0), "an unheard of thing") == [None]
    before = one.identity
    examples.write_text(examples.read_text() + '{"text": "pi", "label": "math"}\n')
    assert labeller(examples=str(examples)).identity != before


def test_what_classes_stand_for(examples):
    one = labeller(examples=str(examples), of="family", labels={"cooking": "recipes"})
    assert said(one, "salt the soup", "a prime number") == [Said(intent="hazard", family="recipes"), None]


def test_faults(examples, tmp_path):
    with pytest.raises(RecipeError, match="name either examples or a model"):
        labeller()
    with pytest.raises(RecipeError, match="unknown intent 'evil'"):
        labeller(examples=str(examples), of="intent", labels={"math": "evil"})
    with pytest.raises(InputError, match="no such file"):
        labeller(examples=str(tmp_path / "none.jsonl"))
    one = tmp_path / "one.csv"
    one.write_text("text,label\na,x\nb,x\n")
    with pytest.raises(InputError, match=r"one\.csv: 2 texts with 2 labels, 1 of them different"):
        said(labeller(examples=str(one)), "a")
