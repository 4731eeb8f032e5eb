from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from potstill.errors import CapabilityError, InputError, RecipeError
from potstill.evaluate import Card, score
from potstill.evaluate.subjects import Subject
from potstill.models import Sampling
from potstill.recipe import Recipe
from potstill.types import Prompt, Trace
from tests.evaluate.setting import items, plain, recipe, run, saved

PROMPTS = [*items("carry_addition", "sealed_recipe", "colour", n=3), plain("Ann has 3 apples. Bo has 12 pens.")]
EVALUATE = '[evaluate]\nmax_new_tokens = 8\nbatch_size = 1\nsuites = ["capability", "fidelity", "text", "safety"]\n'


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A teacher's folder and a student's."""
    folder = tmp_path_factory.mktemp("models")
    return saved(folder / "teacher", 0), saved(folder / "student", 1)


def card_of(tmp: Path, folders: tuple[Path, Path], extra: str = EVALUATE, prompts: Sequence[Prompt] = PROMPTS) -> Card:
    teacher, student = folders
    return score(*run(tmp, recipe(f"hf:{teacher}", extra), prompts, student))


def test_a_scorecard_of_all_suites(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    card = card_of(tmp_path, folders)
    assert card.passed
    assert {f.suite for f in card.scorecard.findings} == {"capability", "fidelity", "text", "safety"}
    assert {f.subject for f in card.scorecard.findings} == {"teacher", "student", "base"}
    answers = card.table("answers")
    assert answers.column_names == ["subject", "prompt_id", "skill", "text", "grade"]
    assert answers.num_rows == 3 * 9
    assert not (card.folder / ".scratch").exists()
    assert Card.read(card.folder).scorecard == card.scorecard
    assert card.manifest.summary["prompts"] == 10
    assert ("refusal_sensitivity" in card.manifest.summary) == any("refusal" in f.name for f in card.scorecard.findings)


def test_an_interrupted_evaluation_goes_on_and_ends_the_same(
    tmp_path: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = card_of(tmp_path / "a", folders)
    answer, calls = Subject.answer, []

    def interrupted(self: Subject, prompts: Sequence[Prompt], sampling: Sampling) -> list[Trace]:
        calls.append(self.name)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return answer(self, prompts, sampling)

    monkeypatch.setattr(Subject, "answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        card_of(tmp_path / "b", folders)
    assert card_of(tmp_path / "b", folders).content == undisturbed.content
    assert len(calls) == 3 * 3 + 1  # nine pieces, one of them tried twice


def test_missed_limits_fail_the_card(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    limits = EVALUATE + "[evaluate.limits]\nkl_teacher_student = 1e-9\n"
    card = card_of(tmp_path, folders, limits)
    assert not card.passed
    assert card.scorecard.missed[0].startswith("kl_teacher_student is ")


def test_prompts_a_skill_are_limited(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    extra = '[evaluate]\nmax_new_tokens = 2\nper_skill = 1\nsuites = ["capability"]'
    answers = card_of(tmp_path, folders, extra).table("answers")
    assert [row["skill"] for row in answers.to_pylist() if row["subject"] == "student"] == ["carry_addition", "sealed_recipe", "colour"]


def check(recipe: Recipe, tmp_path: Path, folders: tuple[Path, Path], prompts: Sequence[Prompt] = PROMPTS) -> None:
    score(*run(tmp_path, recipe, prompts, folders[1]))


def test_a_teacher_on_file_answers_but_is_not_compared(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    with pytest.raises(CapabilityError, match="fake:yes: the suite 'fidelity' needs a model's probabilities"):
        check(recipe("fake:yes", EVALUATE), tmp_path / "a", folders)
    extra = '[evaluate]\nmax_new_tokens = 4\nsuites = ["capability"]'
    card = score(*run(tmp_path / "b", recipe("fake:Answer: {reference}", extra), PROMPTS, folders[1]))
    assert card.scorecard.find("accuracy", "teacher") is not None


def test_another_teacher_is_another_evaluation(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    extra = '[evaluate]\nmax_new_tokens = 24\nsuites = ["capability"]'
    cards = [
        score(*run(tmp_path / "a", recipe(teacher, extra), PROMPTS, folders[1])) for teacher in ("fake:Answer: {reference}", "fake:no")
    ]
    assert cards[0].manifest.inputs == cards[1].manifest.inputs
    right, wrong = (card.scorecard.find("accuracy", "teacher") for card in cards)
    assert right.value > wrong.value == 0


def test_mistakes_are_told_before_any_work(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    teacher = f"hf:{folders[0]}"
    with pytest.raises(RecipeError, match=r"evaluate.suites.0: unknown suite 'capabilty'; did you mean 'capability'\?"):
        check(recipe(teacher, '[evaluate]\nsuites = ["capabilty"]'), tmp_path / "a", folders)
    with pytest.raises(RecipeError, match="evaluate.suites.0: the suite 'text' has nothing to measure"):
        check(recipe(teacher, '[evaluate]\nsuites = ["text"]'), tmp_path / "b", folders, PROMPTS[:2])
    with pytest.raises(RecipeError, match="no suite of this recipe measures"):
        check(recipe(teacher, "[evaluate.limits]\nhazard_leak = 0.1"), tmp_path / "c", folders)
    with pytest.raises(InputError, match=r"evaluate.sources: there are no prompts to measure on; name sources"):
        check(recipe(teacher), tmp_path / "d", folders, [])
