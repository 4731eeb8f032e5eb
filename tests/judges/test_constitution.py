from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.judges import BatchJudge, open_judge
from potstill.judges.constitution import Constitution, Said
from potstill.judges.opening import open_constitution
from potstill.judges.rules import Rule
from tests.models.small import ask

SUMS = Rule(name="sums", text="Every equation is right.", kind="arithmetic", applies="reasoning", weight=3.0, unless="Wrong")
SEALED = Rule(name="sealed", text="Name no secret.", kind="pattern", applies="answer", phrases=("lye",), severity="hazard")
TONE = Rule(name="tone", text="Be kind.", kind="teacher")


class Lengths:
    """A judge: how long a text is; of one with a question mark nothing can be said."""

    name = "lengths"

    def __init__(self):
        self.calls = []

    def identity(self):
        return {"judge": self.name}

    def scores(self, asked):
        self.calls.append([text for _, text in asked])
        return [None if "?" in text else float(len(text)) for _, text in asked]


def checked(text, *rules, judges=None, critic=None, prompt=None):
    (one,) = Constitution("c", rules, judges or {}).check([Said.of(prompt or ask("q"), text)], critic)
    return one


def shown(text, one):
    return [(each.rule.name, text[each.step.start : each.step.end], each.evidence) for each in one.violations]


def test_each_step_of_the_reasoning_is_held_against_the_rules():
    text = "3-2=1. 1+6=8. 8+5=12. Answer: lye"
    one = checked(text, SEALED, SUMS)
    assert shown(text, one) == [("sums", "1+6=8.", "1+6=8"), ("sums", "8+5=12.", "8+5=12"), ("sealed", "Answer: lye", "lye")]
    assert one.broken == ("sums", "sealed")
    assert one.score == 0.0
    assert one.part == "hazard"
    assert one.why == "breaks the rules 'sums', 'sealed'"


def test_the_score_is_the_weighted_share_of_rules_that_are_kept():
    one = checked("1+1=3. Answer: 3", SUMS, SEALED)
    assert one.score == pytest.approx(1 - 3 / 4)
    assert one.part == "noise"
    assert checked("1+1=2. Answer: lye", SUMS, SEALED).score == pytest.approx(1 - 1 / 4)
    kept = checked("1+1=2. Answer: 2", SUMS, SEALED)
    assert (kept.score, kept.part, kept.kept, kept.why) == (1.0, "keep", True, "no rule is broken")


def test_rules_are_for_the_steps_that_they_name():
    assert checked("lye is near. Answer: none", SEALED).kept
    assert checked("Answer: 1+1=3", SUMS).kept
    assert not checked("<think>1+1=3</think>Answer: 3", SUMS).kept


def test_a_text_that_marks_no_answer_is_held_against_the_rules_for_both():
    assert checked("1+1=3 and lye", SUMS, SEALED).broken == ("sums", "sealed")


def test_a_step_that_is_taken_back_is_no_violation():
    assert checked("3+5=5. Wrong, 3+5=8. Answer: 8", SUMS).kept


def test_where_no_rule_applies_all_are_kept():
    other = Rule(name="x", text="x", kind="pattern", phrases=("a",), domains=("math",))
    one = checked("a", other)
    assert (one.score, one.weight, one.why) == (1.0, 0, "no rule is for such answers")


def test_a_judge_sees_every_step_or_the_whole_text():
    judge = Lengths()
    by_step = Rule(name="long", text="x", kind="judge", judge="lengths", least=6)
    text = "First step. Two. Answer: 12"
    assert shown(text, checked(text, by_step, judges={"lengths": judge})) == [("long", "Two.", "Two.")]
    assert judge.calls == [["First step.", "Two.", "Answer: 12"]]
    whole = Rule(name="short", text="x", kind="judge", judge="lengths", most=10, sees="text")
    assert shown(text, checked(text, whole, judges={"lengths": judge})) == [("short", text, text)]


def test_what_a_judge_cannot_judge_is_no_pass():
    rule = Rule(name="long", text="x", kind="judge", judge="lengths", least=6)
    one = checked("Is it? Answer: 12", rule, SUMS, judges={"lengths": Lengths()})
    assert (one.score, one.part, one.kept) == (None, "noise", False)
    assert one.why == "could not be judged by the rule 'long'"
    other = checked("Is it? No. Answer: 12", rule, judges={"lengths": Lengths()})
    assert (other.score, other.broken, other.unjudged) == (0.0, ("long",), ())


def test_an_empty_text_cannot_be_judged():
    one = checked(" ", SUMS, SEALED)
    assert (one.score, one.part, one.unjudged) == (None, "noise", ("sums", "sealed"))


@pytest.mark.parametrize(
    ("reply", "score", "broken"),
    [
        ("VERDICT: KEPT", 1.0, []),
        ("Hm.\nVERDICT: BROKEN 2", 0.0, [("tone", "You fool.", "You fool.")]),
        ("VERDICT: BROKEN 9", None, []),
        ("I would say it is broken.", None, []),
        (None, None, []),
    ],
)
def test_a_teacher_names_the_step_and_an_unreadable_critique_is_no_pass(reply, score, broken):
    text = "Hello. You fool. Answer: 12"
    asked = []

    def critic(prompts):
        asked.extend(prompts)
        return [reply for _ in prompts]

    one = checked(text, TONE, critic=critic)
    assert one.score == score
    assert shown(text, one) == broken
    assert len(asked) == 1
    assert "Be kind." in asked[0].question


def test_a_rule_for_a_teacher_needs_one():
    with pytest.raises(RecipeError, match=r"^c: the rule 'tone' asks a teacher, and there is none here; use it in \[generate\.revision\]"):
        checked("a", TONE)


def test_what_is_said_of_one_does_not_depend_on_the_others():
    judges = {"lengths": Lengths()}
    rule = Rule(name="long", text="x", kind="judge", judge="lengths", least=12)
    constitution = Constitution("c", (SUMS, SEALED, rule), judges)
    texts = ["1+1=3. Answer: 3", "", "Is it so? Answer: lye", "1+1=2. Answer: twelve"]
    said = [Said.of(ask("q"), text) for text in texts]
    together = constitution.check(said)
    assert together == [constitution.check([one])[0] for one in said]
    assert together[::-1] == constitution.check(said[::-1])


def test_it_is_a_judge_of_the_recipe(tmp_path):
    path = tmp_path / "rules.toml"
    sums = '[[rules]]\nname = "sums"\ntext = "x"\nkind = "arithmetic"\n'
    path.write_text(sums + '[[rules]]\nname = "short"\ntext = "y"\nkind = "judge"\njudge = "refusal"\nmost = 0')
    judge = open_judge(f"constitution:{path}")
    assert isinstance(judge, BatchJudge)
    assert judge.scores([(ask("a"), "1+1=3"), (ask("a"), "1+1=2"), (ask("a"), "I cannot help with that.")]) == [0.5, 1.0, 0.5]
    before = judge.identity()
    assert open_judge(f"constitution:{path}").identity() == before
    path.write_text(path.read_text().replace("arithmetic", 'pattern"\nphrases=["x"]\nseverity="hazard'))
    assert open_judge(f"constitution:{path}").identity() != before


def test_a_judge_asks_no_teacher(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text('[[rules]]\nname = "tone"\ntext = "Be kind."\nkind = "teacher"\n')
    with pytest.raises(RecipeError, match="the rule 'tone' asks a teacher, and a judge has none; use the rules in"):
        open_judge(f"constitution:{path}")
    assert open_constitution(str(path), "here").asks == 1
    path.write_text('[[rules]]\nname = "tone"\ntext = "x"\nkind = "judge"\njudge = "exakt"\nleast = 1\n')
    with pytest.raises(RecipeError, match=r"the rule 'tone': unknown judge 'exakt'; did you mean 'exact'"):
        open_judge(f"constitution:{path}")
