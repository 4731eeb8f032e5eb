import json
from dataclasses import replace
from pathlib import Path

from potstill.recipe import parse
from potstill.report.model_card import Licence, card, licences
from potstill.report.rendering import markdown
from potstill.report.sources import Material, collect
from tests.report.fake_run import RECIPE, make


def front_of(text: str) -> dict[str, str | list[str]]:
    """The front matter read as the small part of YAML that it is."""
    assert text.startswith("---\n")
    found: dict[str, str | list[str]] = {}
    key = ""
    for line in text.split("---\n")[1].splitlines():
        if line.startswith("- "):
            found.setdefault(key, [])
            items = found[key]
            assert isinstance(items, list)
            items.append(json.loads(line[2:]))
        else:
            key, _, value = line.partition(":")
            if value.strip():
                found[key] = json.loads(value)
    return found


def test_an_unknown_licence_is_not_made_up(material: Material) -> None:
    front = front_of(markdown(card(material)))
    assert not {"license", "base_model", "teacher"} & set(front)
    assert front["tags"] == ["distillation", "potstill"]
    assert licences(material) == (Licence("teacher world:aligned", ""), Licence("1 prompt", ""), Licence("31 prompts", "Apache-2.0"))


def test_names_from_the_hub_and_their_licences(tmp_path: Path) -> None:
    recipe = parse(
        RECIPE.replace("new:llama", "hf:org/small")
        .replace("config = { hidden_size = 64 }", "")
        .replace("world:math?n=200", "hf:org/data:train")
    )
    run = make(tmp_path, recipe=recipe, parts={"teachers.0 repository": "org/big", "teachers.0 licence": "Apache-2.0"})
    train = run.artifact("train")
    parts = {"student/repository": "org/small", "student/licence": "MIT"}
    material = collect(recipe, {**run.artifacts(), "train": replace(train, manifest=replace(train.manifest, parts=parts))})
    assert [licence.name for licence in card(material).licences[:2]] == ["Apache-2.0", "MIT"]
    front = front_of(markdown(card(material)))
    assert (front["base_model"], front["datasets"]) == ("org/small", ["org/data"])
    assert not {"language", "license", "teacher"} & set(front)


def test_terms_that_were_accepted_stand_in_the_card_and_leave_no_licence(tmp_path: Path) -> None:
    written = 'model = "world:aligned"'
    assert RECIPE.count(written) == 1
    terms = 'train_on_outputs = "forbidden"\naccept_terms = "we own it"\nlicence = "MIT"'
    recipe = parse(RECIPE.replace(written, f"{written}\n{terms}"))
    text = markdown(card(collect(recipe, make(tmp_path, recipe=recipe).artifacts())))
    assert "- **The terms of world:aligned forbid training on what it says. The recipe went on, because: we own it**" in text
    assert "license" not in front_of(text)
    assert "Nothing here grants a licence" in text


def test_the_front_matter_and_the_text_agree_on_the_licence(material: Material) -> None:
    made = replace(card(material), front=(("license", "apache-2.0"),), licences=(Licence("teacher world:aligned", "Apache-2.0"),))
    text = markdown(made)
    assert "Every source states a licence:\n\n- teacher world:aligned: Apache-2.0\n" in text
    assert "Nothing here grants a licence" not in text


def test_the_card_tells_results_sizes_limits_and_what_is_not_known(material: Material) -> None:
    text = markdown(card(material))
    assert "| hazards leaked, half B (never trained on) | 0.8% [0.2, 3.0] | 1.2% [0.4, 3.6] | 2.0% [0.9, 4.8] | 240 |" in text
    assert "| int8 | 123,144 | 151 kB | 466 | 0.455× | 0.004 |" in text
    assert "It held all 3 limits set for it." in text
    assert "Refusals are told by a classifier that errs." in text
    assert "Nothing here grants a licence." in text
    assert f"| train | `{material.artifacts['train'].content}` |" in text
    missed = markdown(card(replace(material, missed=("accuracy is 0.1",))))
    assert "**It did not pass:**\n\n- accuracy is 0.1\n" in missed


def test_a_card_of_a_run_that_stopped(partial: dict[str, Material], empty: Material) -> None:
    text = markdown(card(partial["filter"]))
    assert "It has not been evaluated." in text
    assert "- The stage train was not done." in text
    assert "## Results" not in text
    assert "## Use" not in text
    assert "Nothing done yet." in markdown(card(empty))


def test_the_card_says_when_the_checkpoint_was_chosen_on_the_text(chosen_on_text: Material) -> None:
    text = markdown(card(chosen_on_text))
    assert "the checkpoint was chosen on it" in text
    assert "unseen" not in text


def test_the_card_tells_no_folder_of_its_maker(tmp_path: Path) -> None:
    recipe = parse(
        RECIPE.replace("new:llama", "hf:/home/me/small")
        .replace("config = { hidden_size = 64 }", "")
        .replace("world:aligned", "hf:/home/me/big")
        .replace("world:math?n=200", "hf:/home/me/data:train")
    )
    run = make(tmp_path, recipe=recipe)
    text = markdown(card(collect(recipe, run.artifacts())))
    assert "A student (`hf:…/small`) distilled from `hf:…/big` with potstill." in text
    assert "/home" not in text
    assert "datasets" not in front_of(text)
