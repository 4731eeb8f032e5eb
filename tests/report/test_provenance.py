from dataclasses import replace

from potstill.recipe import parse
from potstill.report import provenance
from potstill.report.blocks import Code, Notes, Table
from potstill.report.charts import Chart
from potstill.report.sources import Material
from tests.report.fake_run import RECIPE


def test_every_artifact_is_named_with_what_it_came_from(material: Material) -> None:
    made = provenance.section(material)
    assert made is not None
    lineage, environment, artifacts, parts = made.blocks
    assert isinstance(lineage, Chart)
    assert "train from filter, generate, prompts" in lineage.desc
    assert isinstance(environment, Table)
    assert [row[0] for row in environment.rows[:2]] == ["potstill", "python"]
    assert isinstance(artifacts, Table)
    train = artifacts.rows[3]
    assert train[1] == material.artifacts["train"].content[:12]
    assert f"filter {material.artifacts['filter'].content[:12]}" in train[2]
    assert train[3] == "traces 30, steps 900, tokens 3,686,400, parameters 123,144"
    assert isinstance(parts, Table)
    assert ("generate", "teachers.0 weights model.safetensors", "abababababab…") in parts.rows


def test_stages_that_differ_in_their_environment_are_named(material: Material) -> None:
    train = material.artifacts["train"]
    other = replace(train, manifest=replace(train.manifest, code="abc"))
    made = provenance.section(replace(material, artifacts={**material.artifacts, "train": other}))
    assert made is not None
    environment = made.blocks[1]
    assert isinstance(environment, Table)
    assert environment.rows[0][1].endswith("(prompts, generate, filter, evaluate, export); abc (train)")


def test_a_recipe_that_changed_since_is_told(material: Material) -> None:
    assert provenance.changes(material) == []
    changed = replace(material, recipe=parse(RECIPE + "[train]\nlr = 0.5\n"))
    assert provenance.changes(changed) == ["train"]
    made = provenance.section(changed)
    assert made is not None
    assert isinstance(made.blocks[0], Notes)
    assert "The recipe has changed since train ran" in made.blocks[0].lines[0]


def test_only_settings_that_stand_in_both_are_compared() -> None:
    assert not provenance.differs({"a": 1, "only": 2}, {"a": 1, "other": 3})
    assert provenance.differs({"a": [{"b": 1}]}, {"a": [{"b": 2}]})
    assert provenance.differs([1], [1, 2])
    assert not provenance.differs({"template": "Q: {prompt}"}, {"template": None})


def test_the_recipe_is_shown_as_resolved(material: Material) -> None:
    (code,) = provenance.recipe(material).blocks
    assert isinstance(code, Code)
    assert "batch_tokens = 4096" in code.text


def test_nothing_made_nothing_shown(empty: Material) -> None:
    assert provenance.section(empty) is None
