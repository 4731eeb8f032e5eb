"""Teacher and student side by side: tokens, templates, ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transformers import PreTrainedTokenizerBase

from potstill.doctor import pairing
from potstill.doctor.patient import QUESTION, TEXT
from potstill.doctor.sides import Pair, Side
from potstill.models import open_tokenizer
from potstill.recipe import StudentSection, TeacherSection
from tests.models.small import world_tokenizer


def pair(
    teacher: PreTrainedTokenizerBase | None,
    student: PreTrainedTokenizerBase,
    prompts: Any = (QUESTION,),
    config: dict[str, Any] | None = None,
) -> Pair:
    """A pair of a world's teacher and a new student that speak these tokens."""
    one = Side(TeacherSection(model="world:base"), teacher, lambda: None)
    other = Side(StudentSection(model="new:llama", config=config or {}), student, lambda: None)
    return Pair(one, other, prompts)


def changed(change: Callable[[PreTrainedTokenizerBase], None]) -> PreTrainedTokenizerBase:
    tokenizer = world_tokenizer()
    change(tokenizer)
    return tokenizer


def without_template(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.chat_template = None


def test_one_tokenizer_on_both_sides_is_all_well() -> None:
    results = pairing.probe_tokens(pair(world_tokenizer(), world_tokenizer()))
    assert {result.outcome for result in results} == {"ok"}
    assert {result.group for result in results} == {"pair"}
    assert [result.name for result in results if result.signal] == ["same tokenizer", "vocabulary"]


def test_an_unknown_tokenizer_is_unknown_to_all() -> None:
    results = pairing.probe_tokens(pair(None, world_tokenizer()))
    assert [result.outcome for result in results[:-1]] == ["unknown"] * 5


def test_other_tokens_are_told_by_what_is_shared() -> None:
    told = pairing.tokenizer(pair(world_tokenizer(), open_tokenizer("world:b")))
    assert told.outcome == "refused"
    ours, theirs = world_tokenizer().get_vocab(), open_tokenizer("world:b").get_vocab()
    assert f"{len(ours.keys() & theirs.keys())} are shared" in told.seen


def test_the_same_pieces_under_other_rules_are_another_tokenizer() -> None:
    from tokenizers.normalizers import Lowercase

    lower = world_tokenizer()
    lower.backend_tokenizer.normalizer = Lowercase()
    told = pairing.tokenizer(pair(world_tokenizer(), lower))
    assert told.outcome == "refused"
    assert "the same 640 pieces and other rules" in told.seen


def test_padded_rows() -> None:
    padded = pairing.vocabulary(pair(world_tokenizer(), world_tokenizer(), config={"vocab_size": 704}))
    assert padded.outcome == "warning"
    assert padded.seen == "teacher 640 rows for 640 pieces, student 704 rows for 640 pieces"
    larger = world_tokenizer()
    larger.add_tokens(["one more"])
    assert pairing.vocabulary(pair(larger, world_tokenizer())).outcome == "refused"


def test_chat_templates() -> None:
    plain, world = changed(without_template), world_tokenizer()
    assert pairing.chat_template(pair(world, plain)).outcome == "refused"
    assert pairing.chat_template(pair(world, plain, (TEXT,))).outcome == "warning"
    assert pairing.chat_template(pair(plain, world)).seen == "only the student has one"
    assert pairing.chat_template(pair(plain, plain, (TEXT,))).outcome == "ok"
    other = changed(lambda tokenizer: setattr(tokenizer, "chat_template", "{{ messages[0]['content'] }}<end>"))
    assert pairing.chat_template(pair(world, other)).seen == "they differ"


def test_ends_of_turns() -> None:
    plain = changed(without_template)
    padded, endless = changed(without_template), changed(without_template)
    padded.eos_token, endless.eos_token = "<pad>", None
    assert pairing.end_of_turn(pair(world_tokenizer(), plain)).seen == "both end with '<end>'"
    assert pairing.end_of_turn(pair(plain, padded)).outcome == "warning"
    assert pairing.end_of_turn(pair(plain, endless)).outcome == "refused"


def test_special_tokens() -> None:
    other = changed(lambda tokenizer: setattr(tokenizer, "pad_token", "<end>"))
    told = pairing.special_tokens(pair(world_tokenizer(), other))
    assert (told.outcome, told.seen) == ("warning", "they differ: pad_token '<pad>' and '<end>'")


def test_the_students_roles() -> None:
    strict = changed(lambda tokenizer: setattr(tokenizer, "chat_template", "{{ raise_exception('no') }}"))
    assert pairing.student_roles(pair(world_tokenizer(), strict)).outcome == "refused"


def test_a_side_that_cannot_be_read_is_unknown() -> None:
    broken = Side(TeacherSection(model="hf:./nowhere"), world_tokenizer(), lambda: None)
    result = pairing.look_at(Pair(broken, broken, ()), "vocabulary", pairing.vocabulary, signal=True)
    assert (result.outcome, result.group, result.signal) == ("unknown", "pair", True)
    assert result.seen == "it could not be read: no such folder"


def test_a_teacher_that_is_no_network_has_no_rows() -> None:
    side = Side(TeacherSection(model="fake:x"), None, lambda: None)
    assert pairing.vocabulary(Pair(side, side, ())).outcome == "unknown"
