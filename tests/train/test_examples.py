from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from potstill.errors import CapabilityError, InputError
from potstill.models import open_tokenizer
from potstill.models.scorings import Support
from potstill.store import from_rows
from potstill.text.chat import render
from potstill.train.examples import Encoder
from potstill.types import Message, Prompt, Segment, Trace

TOKENIZER = open_tokenizer("world:a")
ASKED = Prompt((Message("user", "What is 2 + 3?"),))
TEXT = "2+3=5. Answer: 5"
PARTS = (Segment("reasoning", 0, 7), Segment("answer", 7, len(TEXT)))


def _trace() -> Trace:
    ids = render(TOKENIZER, ASKED, TEXT)
    return Trace(ASKED.id, "fake:a", 0, TEXT, PARTS, ids.input_ids[ids.loss_from :], teacher_id="t")


def _support(trace: Trace, k: int) -> Support:
    steps = len(trace.token_ids)
    ids = np.arange(k * steps, dtype=np.int32).reshape(steps, k)
    floats = np.zeros(steps, np.float32), np.zeros((0, 0), np.float32)
    return Support(trace.id, "t", "top_k", ids, np.full((steps, k), -1.0, np.float32), *floats)


def _encode(encoder: Encoder, k: int = 2):
    trace = _trace()
    return encoder.encode(from_rows([trace], Trace), [_support(trace, k)] if k else [], {ASKED.id: ASKED}, {trace.id})


def test_the_teachers_own_tokens_are_the_targets_each_with_its_distribution() -> None:
    (example,) = _encode(Encoder(TOKENIZER, True, 64, True))
    targets = example.input_ids[example.loss_from :]
    assert TOKENIZER.decode(targets, skip_special_tokens=True) == TEXT
    assert example.support_ids.shape == (len(targets), 2)
    assert example.support_ids.tolist()[1] == [2, 3]


def test_of_a_committee_the_one_that_drew_the_trace_counts() -> None:
    trace = _trace()
    own = _support(trace, 2)
    other = replace(_support(trace, 3), teacher_id="another")
    for supports in ([own, other], [other, own]):
        (example,) = Encoder(TOKENIZER, True, 64, True).encode(from_rows([trace], Trace), supports, {ASKED.id: ASKED}, {trace.id})
        assert example.support_ids.shape[1] == 2


def test_what_only_the_teacher_was_told_is_nowhere_in_the_example() -> None:
    trace = replace(_trace(), context="Be as gentle as a lamb.")
    for encoder in (Encoder(TOKENIZER, True, 64, True), Encoder(TOKENIZER, False, 64, False), Encoder(TOKENIZER, True, 64, False, True)):
        supports = [_support(_trace(), 2)]
        (example,) = encoder.encode(from_rows([trace], Trace), supports, {ASKED.id: ASKED}, {trace.id})
        assert "gentle" not in TOKENIZER.decode(example.input_ids)
        assert "What is 2 + 3?" in TOKENIZER.decode(example.input_ids)


def test_a_cut_sequence_keeps_targets_and_distributions_in_step() -> None:
    (whole,) = _encode(Encoder(TOKENIZER, True, 64, True))
    encoder = Encoder(TOKENIZER, True, len(whole) - 3, True)
    (cut,) = _encode(encoder)
    assert encoder.cut == 1
    assert len(cut.support_ids) == len(cut) - cut.loss_from == len(whole.support_ids) - 3
    assert np.array_equal(cut.support_ids, whole.support_ids[:-3])


def test_the_answer_alone_when_asked_for() -> None:
    (example,) = _encode(Encoder(TOKENIZER, True, 64, False, answer_only=True))
    assert TOKENIZER.decode(example.input_ids[example.loss_from :], skip_special_tokens=True) == "Answer: 5"
    assert example.input_ids[-1] == TOKENIZER.eos_token_id


def test_what_does_not_fit_is_counted_and_nothing_left_is_an_error() -> None:
    encoder = Encoder(TOKENIZER, True, 4, False)
    with pytest.raises(InputError, match="no kept trace fits"):
        _encode(encoder)
    assert encoder.dropped == 1


def test_missing_distributions_are_never_replaced() -> None:
    with pytest.raises(CapabilityError, match="covers 0 of"):
        _encode(Encoder(TOKENIZER, True, 64, True), k=0)
