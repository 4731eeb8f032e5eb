from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from potstill.recipe import FilterSection, LossSection, Recipe, TrainSection, dump, parse
from potstill.recipe.curation import PromptsSection
from potstill.recipe.models import StudentSection, TeacherSection
from potstill.recipe.sections import EvaluateSection, GenerateSection

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
KEY = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    TEXT | st.integers(-(2**63), 2**63 - 1) | NUMBER | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=6,
)

LOSS = st.builds(LossSection, divergence=st.sampled_from(["forward_kl", "jsd"]), weight=st.floats(1e-9, 1e9))
TRAIN = st.builds(
    TrainSection,
    losses=st.lists(LOSS, min_size=1, max_size=3).map(tuple),
    lr=st.floats(1e-12, 10),
    betas=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
    pack=st.booleans(),
) | st.builds(TrainSection, steps=st.integers(1, 10**9))
RECIPE = st.builds(
    Recipe,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]*", fullmatch=True),
    seed=st.integers(0, 2**63 - 1),
    student=st.builds(
        StudentSection, model=st.just("new:llama"), config=st.dictionaries(KEY, VALUE, max_size=3), chat_template=st.none() | TEXT
    ),
    teachers=st.just((TeacherSection(model="recorded:a.jsonl", columns={"a b": "c.d"}), TeacherSection(model="fake:x"))),
    prompts=st.builds(PromptsSection, sources=st.lists(TEXT, min_size=1, max_size=3).map(tuple), template=st.none() | TEXT),
    generate=st.builds(GenerateSection, temperature=st.floats(0, 10)),
    filters=st.lists(st.builds(FilterSection, kind=st.just("any"), extra=VALUE), max_size=2).map(tuple),
    train=TRAIN,
    evaluate=st.builds(EvaluateSection, limits=st.dictionaries(KEY, NUMBER, max_size=2)),
)


@settings(max_examples=150, deadline=None)
@given(RECIPE)
def test_a_dumped_recipe_loads_back_equal(recipe: Recipe) -> None:
    text = dump(recipe)
    again = parse(text)
    assert again == recipe
    assert dump(again) == text


@given(TEXT)
def test_texts_come_back_as_they_were(text: str) -> None:
    recipe = Recipe(
        name="x",
        student=StudentSection(model="new:llama"),
        teachers=(TeacherSection(model="a:b"),),
        prompts=PromptsSection(sources=(text,)),
    )
    assert tomllib.loads(dump(recipe))["prompts"]["sources"] == [text]


def test_every_setting_is_written_out() -> None:
    recipe = parse('name="x"\n[student]\nmodel="new:llama"\n[[teachers]]\nmodel="world:base"\n[prompts]\nsources=["a"]\n')
    written = tomllib.loads(dump(recipe))
    assert written["train"]["lr"] == 1e-3
    assert written["train"]["losses"][0]["divergence"] == "forward_kl"
    assert written["seed"] == 0
    assert "steps" not in written["train"]
