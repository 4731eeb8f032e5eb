from __future__ import annotations

import pytest

from potstill.check.revising import NUMBERED, QUOTED, Revising, revising
from potstill.errors import InputError
from potstill.generate.revision import CRITICISE, REVISE
from potstill.judges.critique import question
from potstill.recipe.sections import RevisionSection
from potstill.text.steps import Step
from tests.models.small import ask

SUMS = '[[rules]]\nname = "sums"\ntext = "Be exact."\nkind = "arithmetic"\n'
TONE = '[[rules]]\nname = "tone"\ntext = "Be kind."\nkind = "teacher"\n'


def settings(tmp_path, text, rounds):
    (tmp_path / "rules.toml").write_text(text)
    return RevisionSection(constitution=str(tmp_path / "rules.toml"), rounds=rounds)


def test_without_revisions_nothing_is_taken():
    assert revising(None, 10, 64) == Revising(0, 0, 0)


def test_each_round_is_a_criticism_and_a_revision(tmp_path):
    found = revising(settings(tmp_path, SUMS, 3), 10, 64)
    criticism = 10 + len(CRITICISE.encode()) + 9 + QUOTED + 10 + 2 * 64
    revision = criticism + 10 + len(REVISE.encode()) + 2 * 64
    assert found == Revising(prompts=6, read=3 * (criticism + revision), written=60)


def test_a_rule_for_the_teacher_is_asked_about_every_version(tmp_path):
    without = revising(settings(tmp_path, SUMS, 2), 10, 64)
    found = revising(settings(tmp_path, SUMS + TONE, 2), 10, 64)
    assert found.prompts - without.prompts == 3
    assert found.written - without.written == 3 * 10
    assert found.read > without.read + 3 * 10 * NUMBERED


def test_what_a_teacher_is_asked_fits_in_it(tmp_path):
    """The question on ten steps of a byte, in bytes, is no longer than what is set aside for it."""
    text = "\n".join("abcdefghij")
    asked = question("Be kind.", ask("q"), text, [Step(2 * i, 2 * i + 1) for i in range(10)]).question
    found = revising(settings(tmp_path, TONE, 1), len(text), 64)
    each = (found.read - revising(settings(tmp_path, SUMS.replace("Be exact.", "Be kind."), 1), len(text), 64).read) / 2
    assert len(asked.encode()) - len("q") <= each


def test_rules_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match=r"^generate\.revision\.constitution: no such file"):
        revising(RevisionSection(constitution=str(tmp_path / "none.toml")), 10, 64)
