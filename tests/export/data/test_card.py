from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from potstill.export.data import Facts, card, export_data
from potstill.types import Prompt, TeacherCard
from tests.store.records import CARDS, PROMPTS, made

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


def read(tmp_path: Path, **changes: Any) -> tuple[dict[str, Any], str]:
    """The card's front matter, and the text below it."""
    options = {key: changes.pop(key) for key in ("part", "signals") if key in changes}
    export_data(made(tmp_path / "run", **changes), tmp_path / "out", **options)
    _, front, body = (tmp_path / "out" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def test_a_licence_that_is_not_known_is_not_made_up(tmp_path: Path) -> None:
    front, body = read(tmp_path, cards=tuple(replace(one, train_on_outputs="allowed") for one in CARDS))
    assert "license" not in front
    assert "Nothing here grants a licence." in body


def test_terms_that_are_not_known_are_said(tmp_path: Path) -> None:
    _, body = read(tmp_path)
    assert "| hf:two | 4 | not stated | not stated | **not known**: find out before training on this |" in body
    assert "- Of hf:two: its licence, its terms, whether others may train on what it says." in body
    assert "| hf:one | 4 | MIT | https://one.example | allowed |" in body
    assert "Nothing here grants a licence." in body


def test_a_licence_that_all_state_stands_in_front(tmp_path: Path) -> None:
    front, body = read(tmp_path, cards=tuple(replace(one, licence="Apache-2.0", train_on_outputs="allowed") for one in CARDS))
    assert front["license"] == "apache-2.0"
    assert "No licence is named" not in body


def test_a_permissive_licence_speaks_where_no_terms_are_stated(tmp_path: Path) -> None:
    front, body = read(tmp_path, cards=(TeacherCard("world:base", licence="Apache-2.0"), TeacherCard("hf:small", licence="apache-2.0")))
    assert (front["license"], "license_name" in front) == ("apache-2.0", False)
    assert "| world:base | 4 | Apache-2.0 | not stated | allowed |" in body
    assert "No licence is named" not in body
    assert "- Of world:base" not in body


def test_greedy_data_are_told_as_greedy(tmp_path: Path) -> None:
    _, body = read(tmp_path, temperature=0.0)
    assert "- `temperature`: 0.0\n" in body
    assert "committee" not in body
    assert "best_of" not in body


def test_texts_that_were_only_scored_are_not_called_synthetic(tmp_path: Path) -> None:
    texts = tuple(Prompt((), reference=f"It was day {i}.", source=f"t{i}") for i in range(5))
    export_data(made(tmp_path / "run", prompts=texts, mode="score"), tmp_path / "out", form="text")
    front = yaml.safe_load((tmp_path / "out" / "README.md").read_text(encoding="utf-8").split("---\n", 2)[1])
    assert front["tags"] == ["distillation", "potstill"]
    assert read(tmp_path / "drawn")[0]["tags"] == ["synthetic", "distillation", "potstill"]


def test_a_folder_of_data_is_no_dataset_of_the_hub(tmp_path: Path) -> None:
    front, body = read(tmp_path, sources=["hf:./loc:train", "hf:openai/gsm8k:train?config=main"])
    assert front["source_datasets"] == ["openai/gsm8k"]
    assert "from `hf:./loc:train`, `hf:openai/gsm8k:train?config=main`." in body


@pytest.mark.parametrize("terms", ["restricted", "unknown"])
def test_no_licence_is_named_where_a_teacher_does_not_allow_training(terms: Any, tmp_path: Path) -> None:
    cards = (replace(CARDS[0], licence="Apache-2.0"), replace(CARDS[1], licence="LicenseRef-mine", train_on_outputs=terms))
    front, body = read(tmp_path, cards=cards)
    assert (front["license"], front["license_name"]) == ("other", "see-the-terms-of-the-teachers")
    assert "the terms of hf:two forbid or restrict it or are not known" in body


def test_why_terms_were_accepted_is_told(tmp_path: Path) -> None:
    cards = (replace(CARDS[0], train_on_outputs="forbidden", accept_terms="we own it"), CARDS[1])
    front, body = read(tmp_path, cards=cards)
    assert front["license"] == "other"
    assert "| **forbidden**; whoever made these data went on, because: we own it |" in body


def test_how_the_best_draws_were_chosen_is_told(tmp_path: Path) -> None:
    counted = {"passed": 6, "none_passed": 2, "draws": 64, "unjudged": 3, "kl_bound_mean": 1.2, "kl_bound_max": 1.5}
    section = {"generate": {"best_of": {"judge": "reward:world", "least": 0.5, "rounds": 2}, "n": 4}}
    facts = Facts.of(made(tmp_path / "run"), "messages", "keep")
    assert "How answers were selected" not in card(facts)
    drawn = facts.artifacts["generate"]
    manifest = replace(drawn.manifest, section=section, summary={"best_of": counted})
    facts.artifacts = {**facts.artifacts, "generate": replace(drawn, manifest=manifest)}
    told = card(facts)
    assert "the best by `reward:world` was chosen among those that pass" in told
    assert "- 8 pairs of prompt and teacher, 64 draws, of which 3 were not judged and do not pass." in told
    assert "- 2 pairs had no draw that passes and fell out; of 6 one was chosen." in told
    assert "at most log m - (m - 1) / m nats of KL" in told
    assert "1.20 on average over the pairs that had one, 1.50 at most. What the bar itself costs" in told


@pytest.mark.parametrize("form", ["messages", "nested"])
def test_the_codec_of_each_teacher_is_told_with_the_signals(form: Any, tmp_path: Path) -> None:
    export_data(made(tmp_path / "run"), tmp_path / "out", form=form, signals=True)
    told = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "- hf:one: codec `top_k`: the most likely tokens at each position, at most 1\n" in told
    assert "- hf:two: nothing, it tells only text\n" in told
    assert ("signals/scorings.parquet" in told) == (form != "nested")


def test_without_signals_no_codec_is_told(tmp_path: Path) -> None:
    assert "codec" not in read(tmp_path)[1]


def test_what_was_cut_is_counted(tmp_path: Path) -> None:
    _, body = read(tmp_path, parts={1: "noise", 2: "hazard"})
    assert "Of 8 traces: 4 keep, 2 hazard, 2 noise." in body
    assert "| b | 4 | 2 | 2 | 4 |" in body
    assert "| a | 8 | 0 | 0 | 0 |" in body
    assert "They ended with: 8 stop." in body


def test_settings_sources_and_hashes_are_told(tmp_path: Path) -> None:
    _, body = read(tmp_path)
    assert "- `temperature`: 0.7" in body
    assert "4 prompts, from `a.jsonl`." in body
    assert "- Apache-2.0: 4 prompts" in body
    assert "- 16 tokens in the rows" in body
    assert "- 8 answers of a server have no price in the recipe: what they cost is not known" in body
    for stage in ("prompts", "generate", "filter"):
        assert f"| {stage} | `" in body
    assert body.count("` | 20") == 3


def test_the_hub_finds_its_files(tmp_path: Path) -> None:
    front, _ = read(tmp_path, signals=True)
    names = {config["config_name"]: config["data_files"] for config in front["configs"]}
    assert names["default"] == "data/train.parquet"
    assert sorted(names) == ["default", "scorings", "teachers", "tokens"]
    for file in names.values():
        assert (tmp_path / "out" / file).is_file()
    assert front["size_categories"] == ["n<1K"]


def test_hazards_are_called_hazards(tmp_path: Path) -> None:
    _, body = read(tmp_path, parts={1: "hazard"}, part="hazard")
    assert "Do not train a model to say it." in body


def test_names_of_others_cannot_break_the_card(tmp_path: Path) -> None:
    prompts = (replace(PROMPTS[0], licence="MIT\n---\n# Free | for all"), *PROMPTS[1:])
    front, body = read(tmp_path, prompts=prompts)
    assert front["license"] == "other"
    assert "\n# Free" not in body
    assert r"MIT --- \# Free \| for all: 1 prompts" in body
