from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from potstill.generate.asking import Asking, Voice
from potstill.generate.revision import CRITICISE, NAME, REVISE, REVISIONS, revise
from potstill.generate.traces import card_of
from potstill.judges.constitution import Constitution
from potstill.judges.rules import Rule
from potstill.models import Given, Keep, LocalModel
from potstill.models.fake import FakeTeacher
from potstill.recipe.models import TeacherSection
from potstill.recipe.sections import GenerateSection, RevisionSection
from potstill.types import Prompt
from tests.models.small import ask, small_network, world_tokenizer

SUMS = Rule(name="sums", text="Every equation is right.", kind="arithmetic")
SEALED = Rule(name="sealed", text="Name no secret.", kind="pattern", phrases=("lye",), severity="hazard")
TONE = Rule(name="tone", text="Be kind.", kind="teacher")
BLACK_BOX = frozenset({"text"})
TWO = Keep(size=2)


def voice_of(teacher, keep=TWO, **settings):
    section = GenerateSection.model_validate({"max_new_tokens": 64, **settings})
    return Voice(teacher, card_of(TeacherSection(model="fake:x"), teacher), keep, section, seed=3)


def revised(voice, *rules, prompts=None, **settings):
    asked = [Asking(prompt.id, prompt) for prompt in prompts or [ask("q")]]
    chosen = RevisionSection.model_validate({"constitution": "rules.toml", **settings})
    return revise(asked, voice.draw(asked), voice, Constitution("constitution:rules.toml", rules), chosen)


def facts(drawn):
    return json.loads(drawn.trace.sampling).get("revision")


def told(one):
    return [(verdict.part, verdict.why, verdict.score) for verdict in one.verdicts]


class Scripted(FakeTeacher):
    """A black box that answers by what it was last asked, and keeps the conversations."""

    def __init__(self, answers, gives=BLACK_BOX):
        super().__init__(self._by_request, gives=gives)
        self.script, self.asked = dict(answers), []

    def _by_request(self, prompt, sample):
        self.asked.append((prompt, sample))
        for words, answer in self.script.items():
            if prompt.question.startswith(words):
                return answer if isinstance(answer, str) else answer[sample]
        raise AssertionError(prompt.question)


def test_a_violating_step_is_rejected_and_drawn_anew_from_the_last_good_one():
    voice = voice_of(FakeTeacher(["3-2=1. 1+6=8. Answer: 8", "9-9=9. 1+6=7. Answer: 7"]))
    (one,) = revised(voice, SUMS)
    first, second = one.drawn
    assert first.trace.text == "3-2=1. 1+6=8. Answer: 8"
    assert second.trace.text == "3-2=1. 1+6=7. Answer: 7"
    assert told(one) == [
        ("noise", f"breaks the rule 'sums'; revised, see trace {second.id}", 0.0),
        ("keep", f"revises trace {first.id} (from its last good step): no rule is broken", 1.0),
    ]
    assert [verdict.trace_id for verdict in one.verdicts] == [first.id, second.id]
    assert {verdict.by for verdict in one.verdicts} == {NAME}
    bad = one.verdicts[0]
    assert (bad.evidence, bad.within, bad.start, bad.end, bad.prompt_id) == ("1+6=8.", "answer", 7, 13, ask("q").id)
    assert facts(first) is None
    assert facts(second) == {"of": first.id, "rules": ["sums"], "round": 1, "how": "step", "kept_tokens": 7}
    assert (first.trace.sample, second.trace.sample) == (0, 1)
    assert second.trace.context == ""
    assert not second.trace.scored
    assert len(second.outlook) == len(second.trace.token_ids)
    assert list(one.row) == REVISIONS.names
    assert one.row == {
        "prompt_id": ask("q").id,
        "teacher_id": voice.card.id,
        "draws": 1,
        "broken": 1,
        "mended": 1,
        "unjudged": 0,
        "by_step": 1,
        "by_whole": 0,
        "rules": ["sums"],
    }


def test_a_rule_is_told_as_often_as_draws_broke_it():
    (one,) = revised(voice_of(FakeTeacher("1+1=3. 2+2=5. lye"), n=3), SUMS, SEALED, rounds=1)
    assert (one.row["draws"], one.row["broken"]) == (3, 3)
    assert one.row["rules"] == ["sums", "sealed"] * 3


def test_what_breaks_no_rule_is_kept_as_it_is_and_costs_nothing():
    teacher = Scripted({"q": "1+1=2."}, gives=frozenset({"text", "top_k", "score"}))
    (one,) = revised(voice_of(teacher), SUMS)
    assert told(one) == [("keep", "no rule is broken", 1.0)]
    assert len(teacher.asked) == 1
    assert (one.row["broken"], one.row["by_step"], one.row["rules"]) == (0, 0, [])


def test_where_no_revision_keeps_the_rules_nothing_of_it_is_kept():
    (one,) = revised(voice_of(FakeTeacher("1+1=3. lye")), SUMS, SEALED, rounds=3)
    assert len(one.drawn) == 4
    assert {verdict.part for verdict in one.verdicts} == {"hazard"}
    assert all(verdict.why.endswith("breaks the rules 'sums', 'sealed'; none of 3 revisions keeps every rule") for verdict in one.verdicts)
    assert [one.row[key] for key in ("broken", "mended", "by_step")] == [1, 0, 3]
    assert [facts(drawn)["round"] for drawn in one.drawn[1:]] == [1, 2, 3]
    assert [facts(drawn)["of"] for drawn in one.drawn[1:]] == [drawn.id for drawn in one.drawn[:-1]]


def test_later_rounds_go_on_from_the_progress_of_earlier_ones():
    answers = ["1+1=3. 2+2=5. 3+3=7.", "1+1=2. 2+2=5. 3+3=7.", "0+0=1. 2+2=4. 3+3=7.", "0+0=1. 0+0=1. 3+3=6."]
    (one,) = revised(voice_of(FakeTeacher(answers)), SUMS, rounds=3)
    texts = [drawn.trace.text for drawn in one.drawn]
    assert texts == ["1+1=3. 2+2=5. 3+3=7.", "1+1=2. 2+2=5. 3+3=7.", "1+1=2. 2+2=4. 3+3=7.", "1+1=2. 2+2=4. 3+3=6."]
    assert one.verdicts[0].why.endswith(f"revised, see trace {one.drawn[-1].id}")
    assert [verdict.part for verdict in one.verdicts] == ["noise", "noise", "noise", "keep"]


def test_every_draw_of_a_prompt_has_its_own_revisions():
    answers = ["1+1=3.", "1+1=2.", "2+2=5.", "1+1=9.", "1+1=9.", "?", "?", "2+2=7.", "2+2=4."]
    (one,) = revised(voice_of(FakeTeacher(answers), n=3), SUMS, rounds=2)
    samples = [drawn.trace.sample for drawn in one.drawn]
    assert len(set(samples)) == len(samples)
    assert samples == [0, 3, 4, 1, 2, 7, 8]
    assert [verdict.part for verdict in one.verdicts] == ["noise", "noise", "noise", "keep", "noise", "noise", "keep"]


CRITIQUED = {"Your last answer breaks": "The sum is off.", "Now answer": "1+1=2. Answer: 2", "q": "1+1=3. Answer: 3"}


def test_a_teacher_that_cannot_go_on_criticises_and_answers_anew():
    teacher = Scripted(CRITIQUED)
    (one,) = revised(voice_of(teacher, Keep(), context="Be exact."), SUMS)
    first, second = one.drawn
    assert second.trace.text == "1+1=2. Answer: 2"
    assert told(one)[1] == ("keep", f"revises trace {first.id} (after criticism): no rule is broken", 1.0)
    assert facts(second) == {"of": first.id, "rules": ["sums"], "round": 1, "how": "whole"}
    assert one.row["by_whole"] == 1
    roles = [message.role for message in teacher.asked[-1][0].messages]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    criticise = CRITICISE.format(rules="- Every equation is right. (here: “1+1=3”)")
    said = ["Be exact.", "assistant: 1+1=3. Answer: 3", f"user: {criticise}", "assistant: The sum is off.", f"user: {REVISE}"]
    assert second.trace.context == "\n\n".join(said)
    assert first.trace.context == "Be exact."


def test_a_whole_revision_can_be_asked_for():
    teacher = Scripted(CRITIQUED, gives=frozenset({"text", "top_k", "score"}))
    (one,) = revised(voice_of(teacher), SUMS, mode="whole")
    assert facts(one.drawn[1])["how"] == "whole"
    assert len(one.drawn[1].outlook) == len(one.drawn[1].trace.token_ids)


def test_a_plain_text_cannot_be_criticised():
    (one,) = revised(voice_of(FakeTeacher("1+1=3.", gives=BLACK_BOX), Keep()), SUMS, prompts=[Prompt((), reference="Once")])
    assert told(one) == [("noise", "breaks the rule 'sums'; not revised: a plain text cannot be asked about", 0.0)]


class Small(FakeTeacher):
    """A black box whose context holds short conversations only."""

    def can_score(self, given):
        return len(given.prompt.messages) == 1


def test_a_criticism_that_does_not_fit_is_not_asked_for():
    (one,) = revised(voice_of(Small("1+1=3.", gives=BLACK_BOX), Keep()), SUMS)
    assert told(one) == [("noise", "breaks the rule 'sums'; not revised: the criticism does not fit the teacher's context", 0.0)]


def test_the_teacher_itself_tells_which_step_breaks_a_rule():
    verdicts = ["VERDICT: BROKEN 2", "Better.\nVERDICT: KEPT"]
    teacher = FakeTeacher(
        lambda prompt, sample: verdicts.pop(0) if "VERDICT" in prompt.question else ["Hi. You fool.", "xxx You sage."][sample]
    )
    (one,) = revised(voice_of(teacher, max_new_tokens=400), TONE)
    assert [drawn.trace.text for drawn in one.drawn] == ["Hi. You fool.", "Hi. You sage."]
    assert [verdict.part for verdict in one.verdicts] == ["noise", "keep"]
    assert one.verdicts[0].evidence == "You fool."
    assert verdicts == []


@pytest.mark.parametrize("reply", ["I cannot tell.", "", "VERDICT: BROKEN 7"])
def test_an_unreadable_critique_is_never_a_pass(reply):
    teacher = FakeTeacher(lambda prompt, sample: reply if "VERDICT" in prompt.question else "Hi. You fool.")
    (one,) = revised(voice_of(teacher, max_new_tokens=400), TONE)
    assert told(one) == [("noise", "could not be judged by the rule 'tone'", None)]
    assert [one.row[key] for key in ("broken", "unjudged", "by_step")] == [0, 1, 0]


def test_a_revision_whose_critique_is_unreadable_is_not_kept():
    replies = ["VERDICT: BROKEN 1", "Hm."]
    teacher = FakeTeacher(lambda prompt, sample: replies.pop(0) if "VERDICT" in prompt.question else "You fool.")
    (one,) = revised(voice_of(teacher, max_new_tokens=400), TONE, rounds=3)
    assert [verdict.part for verdict in one.verdicts] == ["noise", "noise"]
    assert one.row["mended"] == 0


def test_an_answer_that_was_withheld_is_not_revised():
    class Filtered(FakeTeacher):
        def draw(self, prompts, sampling, keep):
            return [[replace(answer, finish_reason="content_filter") for answer in some] for some in super().draw(prompts, sampling, keep)]

    (one,) = revised(voice_of(Filtered("1+1=3.")), SUMS)
    assert told(one) == [("noise", "breaks the rule 'sums'; not revised, for it was withheld", 0.0)]


def test_what_becomes_of_one_prompt_does_not_depend_on_the_others():
    prompts = [ask(f"q{i}") for i in range(5)]
    rule = Rule(name="e", text="x", kind="pattern", patterns=("e",))
    model = LocalModel.of(small_network(), world_tokenizer(), "small")
    voice = voice_of(model, max_new_tokens=10, n=2)
    together = revised(voice, rule, prompts=prompts)
    for prompt, one in zip(prompts, together, strict=True):
        (alone,) = revised(voice, rule, prompts=[prompt])
        assert [drawn.id for drawn in alone.drawn] == [drawn.id for drawn in one.drawn]
        assert alone.verdicts == one.verdicts
    assert any(one.row["broken"] for one in together)


def test_what_is_stored_of_a_revision_is_what_the_teacher_expected_at_every_token():
    model = LocalModel.of(small_network(), world_tokenizer(), "small")
    voice = voice_of(model, Keep(size=4), max_new_tokens=12, n=4)
    some = revised(voice, Rule(name="e", text="x", kind="pattern", patterns=("e",)), prompts=[ask(f"q{i}") for i in range(4)])
    made = [(ask(f"q{i}"), drawn) for i, one in enumerate(some) for drawn in one.drawn if facts(drawn)]
    assert any(facts(drawn)["kept_tokens"] for _, drawn in made)
    for prompt, drawn in made:
        (read,) = model.score([Given(prompt, drawn.trace.text, drawn.trace.token_ids, drawn.trace.finish_reason)], Keep(size=4))
        np.testing.assert_allclose(drawn.outlook.log_p, read.outlook.log_p, atol=1e-4)
        np.testing.assert_allclose(drawn.outlook.support_log_p, read.outlook.support_log_p, atol=1e-4)
        np.testing.assert_allclose(drawn.outlook.tail_mass, read.outlook.tail_mass, atol=1e-4)
