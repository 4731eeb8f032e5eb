from __future__ import annotations

from dataclasses import replace

from potstill.generate.committee import scored_by_others
from potstill.models.fake import FakeTeacher
from tests.generate.test_asking import Listening, asking, voice_of
from tests.models.small import ask


def voices_of(*teachers, tokenizers=("", "", "")):
    found = [voice_of(teacher) for teacher in teachers]
    return [replace(voice, card=replace(voice.card, name=f"t{i}", tokenizer=tokenizers[i])) for i, voice in enumerate(found)]


def heard(voices):
    asked = [asking(ask("a")), asking(ask("b"))]
    return [(one, each) for voice in voices for one, some in zip(asked, voice.draw(asked), strict=True) for each in some]


def test_every_teacher_scores_what_the_others_answered_and_not_its_own():
    voices = voices_of(FakeTeacher("x"), FakeTeacher("y"), FakeTeacher("z"))
    answers = heard(voices)
    found = scored_by_others(voices, answers)
    names = {voice.card.id: voice.card.name for voice in voices}
    for _, drawn in answers:
        others = [name for id_, name in names.items() if id_ != drawn.trace.teacher_id]
        assert [names[one.teacher_id] for one in found[drawn.id]] == others
        assert all(len(one.outlook) == len(drawn.outlook) for one in found[drawn.id])


def test_tokens_are_handed_on_where_both_tokenizers_are_known_to_be_the_same():
    teachers = [Listening("x"), Listening("y"), Listening("z")]
    voices = voices_of(*teachers, tokenizers=("same", "same", ""))
    scored_by_others(voices, heard(voices))
    assert sorted(bool(given.token_ids) for given in teachers[0].given) == [False, False, True, True]
    assert not any(given.token_ids for given in teachers[2].given)
