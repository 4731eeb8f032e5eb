from __future__ import annotations

from pathlib import Path

import pytest

from potstill.errors import CapabilityError
from potstill.evaluate.subjects import Subject, check_needs, open_subjects
from potstill.models import Sampling, open_model
from potstill.models.fake import FakeTeacher
from tests.evaluate.setting import model, question, recipe, saved

TEXT = frozenset({"text"})
GREEDY = Sampling(temperature=0.0, max_new_tokens=50)


def teachers() -> Subject:
    return Subject("teacher", (FakeTeacher("sums", "m"), FakeTeacher("all else", "g")), (("math",), ("math", "facts.places")))


def test_the_first_model_of_a_domain_answers() -> None:
    prompts = [question(domain, domain=domain) for domain in ("math.addition", "facts.places", "facts", "mathematics")]
    answers = teachers().answer(prompts, GREEDY)
    assert [a.text for a in answers] == ["sums", "all else", "", ""]
    assert [a.finish_reason for a in answers] == ["stop", "stop", "error", "error"]
    assert [a.prompt_id for a in answers] == [p.id for p in prompts]


def test_what_a_recorded_teacher_was_not_asked_is_not_given(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": "known", "answer": "yes"}\n')
    subject = Subject.of("teacher", open_model(f"recorded:{tmp_path}/a.jsonl"))
    answers = subject.answer([question("new"), question("known")], GREEDY)
    assert [(a.text, a.finish_reason) for a in answers] == [("", "error"), ("yes", "stop")]


def test_a_network_is_asked_for_by_those_who_need_it() -> None:
    local = model(0)
    assert Subject.of("student", local).network_for(question("x")) is local
    with pytest.raises(CapabilityError, match="m: its probabilities are needed"):
        teachers().network_for(question("x", domain="math"))


def test_needs_are_checked_by_name() -> None:
    subjects = {"teacher": Subject.of("teacher", FakeTeacher("x", "recorded:a.jsonl", TEXT))}
    check_needs(subjects, "capability", frozenset())
    with pytest.raises(CapabilityError, match=r"recorded:a.jsonl: the suite 'fidelity' needs .* gives text only; take 'fidelity' out"):
        check_needs(subjects, "fidelity", frozenset({"full"}))


def test_subjects_of_a_recipe(tmp_path: Path) -> None:
    folder = saved(tmp_path / "student", 1)
    two = '[[teachers]]\nmodel = "fake:sums"\ndomains = ["math"]\n[evaluate]\nbatch_size = 7'
    subjects = open_subjects(recipe("fake:all", two), folder)
    assert [m.name for m in subjects["teacher"].models] == ["fake:sums", "fake:all"]
    assert list(subjects) == ["teacher", "student", "base"]
    base, student = (subjects[name].network_for(question("x")) for name in ("base", "student"))
    assert (base.batch_size, student.batch_size) == (7, 7)
    assert base.network.config.hidden_size == student.network.config.hidden_size == 16
    assert base.tokenizer.get_vocab() == student.tokenizer.get_vocab()
