from __future__ import annotations

from potstill.generate.asking import Asking, voices
from potstill.models.fake import FakeTeacher
from potstill.recipe import Recipe
from potstill.types import Message, Prompt
from tests.models.small import ask

ABOUT = {"name": "x", "seed": 5, "student": {"model": "new:llama"}, "prompts": {"sources": ["a.jsonl"]}}


class Listening(FakeTeacher):
    """Remembers what it was asked."""

    def __init__(self, answers="yes"):
        super().__init__(answers, "fake:x")
        self.asked, self.given = [], []

    def draw(self, prompts, sampling, keep):
        self.asked.append((prompts, sampling, keep))
        return super().draw(prompts, sampling, keep)

    def score(self, texts, keep):
        self.given += texts
        return super().score(texts, keep)


def voice_of(teacher, **generate):
    recipe = Recipe.model_validate({**ABOUT, "teachers": [{"model": "fake:x", "top_k": 3}], "generate": generate})
    return voices(recipe, [teacher])[0]


def asking(prompt):
    return Asking(prompt.id, prompt)


def test_draws_are_numbered_on_from_the_first():
    teacher = Listening(lambda prompt, sample: f"{prompt.question}{sample}")
    voice = voice_of(teacher, n=2, temperature=0.5)
    (group,) = voice.draw([asking(ask("a"))], first=4)
    assert [(one.trace.sample, one.trace.text) for one in group] == [(4, "a4"), (5, "a5")]
    assert [one.id == one.trace.id for one in group] == [True, True]
    (_, sampling, keep) = teacher.asked[0]
    assert (sampling.first, sampling.n, sampling.temperature, sampling.seed, keep.size) == (4, 2, 0.5, 5, 3)
    assert group[0].outlook.support_ids.shape[1] == 3
    assert (group[0].trace.prompt_id, group[0].trace.teacher_id) == (ask("a").id, voice.card.id)


def test_the_teacher_alone_is_told_the_context():
    teacher = Listening()
    ((one,),) = voice_of(teacher, context="Be kind.").draw([asking(ask("a"))])
    assert teacher.asked[0][0][0].messages[0] == Message("system", "Be kind.")
    assert (one.trace.prompt_id, one.trace.context) == (ask("a").id, "Be kind.")


def test_a_text_of_its_own_is_read():
    plain = Prompt((), reference="a text")
    ((one,),) = voice_of(Listening(), mode="score").read([asking(plain)])
    assert (one.trace.text, one.trace.sampling, len(one.outlook)) == ("a text", "{}", 6)


def test_anothers_answers_are_scored_with_the_context_and_carry_their_own_tokens():
    teacher = Listening()
    voice = voice_of(teacher, context="Be kind.")
    (heard,) = voice_of(FakeTeacher("é!")).draw([asking(ask("a"))])
    pairs = [(asking(ask("a")), heard[0])]
    (same,) = voice.judge(pairs, same_tokens=True)
    assert (same.trace_id, same.teacher_id, same.mode, same.token_ids) == (heard[0].id, voice.card.id, "teacher_forced", ())
    assert teacher.given[0].token_ids == heard[0].trace.token_ids
    assert teacher.given[0].prompt.messages[0] == Message("system", "Be kind.")

    class OtherTokens(FakeTeacher):
        def score(self, texts, keep):
            return [type(one)(one.text, (1, 2), one.finish_reason, one.outlook, (2, 3)) for one in super().score(texts, keep)]

    (other,) = voice_of(OtherTokens("x")).judge(pairs, same_tokens=False)
    assert (other.token_ids, other.token_ends) == ((1, 2), (2, 3))


def test_an_answer_without_a_token_is_left_out():
    (heard,) = voice_of(FakeTeacher(""), max_new_tokens=1).draw([asking(ask("a"))])
    cut = type(heard[0])(heard[0].id, type(heard[0].trace)("p", "t", 0, "", finish_reason="length"), heard[0].outlook)
    voice = voice_of(Listening())
    assert len(voice.judge([(asking(ask("a")), heard[0]), (asking(ask("a")), cut)], same_tokens=False)) == 1
    assert voice.judge([], same_tokens=False) == []
