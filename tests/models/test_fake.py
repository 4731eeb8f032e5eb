from __future__ import annotations

import math

import numpy as np
import pytest

from potstill.errors import CapabilityError, ModelError
from potstill.models.base import Begun, Given, Keep, Options, Sampling, Teacher
from potstill.models.fake import END, VOCABULARY, FakeTeacher, open_fake
from potstill.types import Prompt
from tests.models.small import ask


def texts(teacher, prompt, n=1):
    return [answer.text for answer in teacher.draw([prompt], Sampling(n=n))[0]]


def test_what_it_may_be_given():
    assert texts(FakeTeacher("yes"), ask("a?"), 2) == ["yes", "yes"]
    assert texts(FakeTeacher(["x", "y"]), ask("a?"), 3) == ["x", "y", "x"]
    assert texts(FakeTeacher({"a?": "1"}), ask("a?")) == ["1"]
    assert texts(FakeTeacher(lambda prompt, sample: f"{prompt.question}{sample}"), ask("a?"), 2) == ["a?0", "a?1"]
    with pytest.raises(ModelError, match="no answer to 'b?"):
        texts(FakeTeacher({"a?": "1"}), ask("b?"))


def test_in_a_recipe_it_knows_the_prompt():
    teacher = open_fake("{rationale} Answer: {reference} to {prompt}", Options())
    assert texts(teacher, ask("a?", reference="7", rationale="3+4=7.")) == ["3+4=7. Answer: 7 to a?"]
    assert teacher.name == "fake:{rationale} Answer: {reference} to {prompt}"
    assert isinstance(teacher, Teacher)


def test_probabilities_by_hand():
    ((answer,),) = FakeTeacher("é").draw([ask("a?")], Sampling(), Keep(size=3))
    assert answer.token_ids == (0xC3, 0xA9, END)
    np.testing.assert_allclose(answer.outlook.log_p, [math.log(1 / 2)] * 3, rtol=1e-6)
    assert answer.outlook.support_ids.tolist() == [[0xC3, 0xC4, 0xC5], [0xA9, 0xAA, 0xAB], [256, 0, 1]]
    np.testing.assert_allclose(np.exp(answer.outlook.support_log_p), [[1 / 2, 1 / 4, 1 / 8]] * 3, rtol=1e-6)
    assert FakeTeacher.decode(answer.token_ids) == "é"
    assert VOCABULARY == 257


def test_long_answers_are_cut_at_a_whole_character():
    ((answer,),) = FakeTeacher("aé").draw([ask("a?")], Sampling(max_new_tokens=2))
    assert (answer.text, answer.finish_reason, len(answer.token_ids)) == ("a", "length", 2)


def test_scoring():
    (answer,) = FakeTeacher("").score([Given(Prompt((), reference="ab"))], Keep(size=2))
    assert answer.token_ids == (97, 98)
    assert answer.outlook.support_ids.shape == (2, 2)


def test_a_black_box_gives_text_alone():
    box = FakeTeacher("x", gives=frozenset({"text"}))
    ((answer,),) = box.draw([ask("a?")], Sampling())
    assert answer.token_ids == ()
    with pytest.raises(CapabilityError, match="text only"):
        box.draw([ask("a?")], Sampling(), Keep(size=2))


def test_identity_follows_the_answers():
    assert FakeTeacher({"a": "1"}).identity() == FakeTeacher({"a": "1"}).identity() != FakeTeacher({"a": "2"}).identity()


def test_it_goes_on_from_a_beginning_with_the_draw_of_that_number():
    teacher = FakeTeacher(["one two", "six ten"])
    ((first,),) = teacher.draw([ask("a?")], Sampling(), Keep(size=2))
    begun = Begun(ask("a?"), first.token_ids[:4], first.outlook.first(4), 1)
    (whole,) = teacher.go_on([begun], Sampling(), Keep(size=2))
    assert whole.text == "one ten"
    assert whole.token_ids == (*b"one ten", END)
    assert len(whole.outlook) == 8
    assert not FakeTeacher("x", gives=frozenset({"text"})).can_go_on
