from __future__ import annotations

import pytest
import torch

from potstill.fit import OutputHead
from potstill.registry import find
from potstill.signal import Dense, HiddenStates, Outcomes, Point, Signal, Sparse
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.outcomes import log_softmax, standardised
from tests.signal.small import SIGNALS, TOP, VOCABULARY, dense, hidden_states, logits, loss, sparse

TEACHER = logits(5, seed=1, scale=2.0)


def whole(signal: Signal) -> Outcomes:
    return next(iter(signal.chunks(len(TEACHER))))


@pytest.mark.parametrize("kind", SIGNALS)
def test_probabilities_sum_to_one(kind: str) -> None:
    outcomes = whole(SIGNALS[kind](TEACHER))
    log_q = torch.log_softmax(logits(5, seed=2), -1)
    assert torch.allclose(outcomes.teacher(1.0).exp().sum(-1), torch.ones(5))
    if kind != "point":
        assert torch.allclose(outcomes.student(log_q).exp().sum(-1), torch.ones(5))


@pytest.mark.parametrize("kind", SIGNALS)
def test_chunks_are_the_rows_in_order(kind: str) -> None:
    signal = SIGNALS[kind](TEACHER)
    parts = [chunk.teacher(1.0).clone() for chunk in signal.chunks(2)]
    assert [len(part) for part in parts] == [2, 2, 1]
    assert torch.equal(torch.cat(parts), whole(signal).teacher(1.0))


@pytest.mark.parametrize("kind", SIGNALS)
@pytest.mark.parametrize("scale", [1.0, 12.0])
def test_to_logits_equals_autograd(kind: str, scale: float) -> None:
    outcomes = whole(SIGNALS[kind](TEACHER))
    student = logits(5, seed=2, scale=scale).requires_grad_()
    log_k = outcomes.student(torch.log_softmax(student, -1))
    grad = torch.randn(log_k.shape, generator=torch.Generator().manual_seed(3))
    log_k.backward(grad)
    by_hand = outcomes.to_logits(grad, torch.log_softmax(student.detach(), -1))
    assert torch.allclose(by_hand, student.grad, atol=1e-5)


def test_the_tail_is_the_rest_of_the_mass() -> None:
    log_q = torch.tensor([[0.5, 0.25, 0.125, 0.125]]).log()
    signal = Sparse(torch.tensor([[2, 0]]), torch.tensor([[0.7, 0.1]]).log())
    assert torch.allclose(signal.teacher(1.0).exp(), torch.tensor([[0.7, 0.1, 0.2]]))
    assert torch.allclose(signal.student(log_q).exp(), torch.tensor([[0.125, 0.5, 0.375]]))


def test_a_student_sure_of_the_top_is_pushed_no_harder_than_the_tail_weighs() -> None:
    """1 - sum(q) is rounding there: a tail read from it would make the gradient explode."""
    student = torch.zeros(1, VOCABULARY)
    student[0, :TOP] = 20.0
    signal = Sparse(torch.arange(TOP)[None], torch.tensor([[0.3, 0.3, 0.3]]).log())
    value, grad = loss(ForwardKL(), signal, student)
    tail = grad[0, TOP:]
    assert torch.allclose(tail, torch.full_like(tail, -0.1 / (VOCABULARY - TOP)), rtol=1e-3)
    q_tail = torch.log_softmax(student.double(), -1)[0, TOP:].logsumexp(-1)
    expected = 0.9 * (torch.log(torch.tensor(0.3)) + torch.log(torch.tensor(3.0))) + 0.1 * (torch.log(torch.tensor(0.1)) - q_tail)
    assert value.item() == pytest.approx(expected.item(), rel=1e-4)


def test_a_stored_probability_of_zero_stays_finite() -> None:
    signal = Sparse(torch.tensor([[0, 1]]), torch.tensor([[0.0, -torch.inf]]))
    value, grad = loss(ForwardKL(), signal, logits(1, seed=4))
    assert value.isfinite().all()
    assert grad.isfinite().all()


def test_a_temperature_flattens_the_teacher() -> None:
    assert torch.allclose(Dense(TEACHER, VOCABULARY).teacher(2.0), torch.log_softmax(TEACHER / 2.0, -1))


def test_a_teacher_of_more_tokens_is_cut_and_one_of_fewer_filled() -> None:
    more = Dense(TEACHER, VOCABULARY - 2).teacher(1.0)
    assert torch.allclose(more, torch.log_softmax(TEACHER[:, :-2], -1))
    fewer = Dense(TEACHER, VOCABULARY + 2).teacher(1.0)
    assert torch.allclose(fewer[:, :-2], torch.log_softmax(TEACHER, -1))
    assert not fewer[:, -2:].exp().any()


def test_the_given_logits_are_left_as_they_are() -> None:
    before = TEACHER.clone()
    loss(ForwardKL(), Dense(TEACHER, VOCABULARY), logits(5, seed=2), temperature=2.0)
    assert torch.equal(TEACHER, before)


def test_hidden_states_use_one_memory_and_carry_no_gradient() -> None:
    weight = torch.eye(VOCABULARY, requires_grad=True)
    chunks = list(HiddenStates(TEACHER, OutputHead(weight), VOCABULARY).chunks(2))
    assert len({chunk.logits.data_ptr() for chunk in chunks}) == 1
    assert not chunks[0].logits.requires_grad
    assert torch.allclose(whole(hidden_states(TEACHER)).teacher(1.0), torch.log_softmax(TEACHER, -1))


def test_log_probabilities_over_a_large_vocabulary_are_those_of_float64() -> None:
    logits = torch.randn(4, 150_000, generator=torch.Generator().manual_seed(0)) * 3.5
    assert torch.allclose(log_softmax(logits).double(), torch.log_softmax(logits.double(), -1), rtol=0, atol=3e-6)


@pytest.mark.parametrize("name", ["forward_kl", "reverse_kl", "jsd"])
def test_places_that_are_not_filled_change_nothing(name: str) -> None:
    student, teacher = logits(4, seed=0), sparse(logits(4, seed=1))
    pad = torch.nn.functional.pad
    wide = Sparse(pad(teacher.ids, (0, 2), value=-1), pad(teacher.log_p, (0, 2), value=-torch.inf))
    divergence = find("divergence", name).factory()
    for got, expected in zip(loss(divergence, wide, student), loss(divergence, teacher, student), strict=True):
        assert torch.allclose(got, expected, atol=1e-7)


def test_a_position_of_which_nothing_was_kept_teaches_nothing() -> None:
    student = logits(2, seed=0)
    nothing = Sparse(torch.full((2, 3), -1), torch.full((2, 3), -torch.inf))
    values, grad = loss(find("divergence", "forward_kl").factory(), nothing, student)
    assert values.abs().max() < 1e-6
    assert grad.abs().max() < 1e-6


def test_the_outcome_that_a_token_belongs_to() -> None:
    tokens = torch.tensor([4, 2])
    assert Point(tokens).place(tokens).tolist() == [0, 0]
    assert Dense(torch.zeros(2, 6), 6).place(tokens).tolist() == [4, 2]
    kept = Sparse(torch.tensor([[1, 4, -1], [0, 1, 3]]), torch.zeros(2, 3))
    assert kept.place(tokens).tolist() == [1, 3]


@pytest.mark.parametrize("temperature", [0.5, 2.0, 4.0])
def test_the_tail_at_another_temperature_lies_within_what_it_can_be(temperature: float) -> None:
    kept, exact = sparse(TEACHER), torch.softmax(TEACHER / temperature, -1)
    tail = 1.0 - exact.gather(-1, kept.ids).sum(-1)
    low, high = kept.tail_at(temperature, VOCABULARY).unbind(-1)
    estimate = kept.teacher(temperature)[:, -1].exp()
    assert (low < tail).all()
    assert (tail < high).all()
    assert torch.allclose(estimate, low if temperature > 1 else high, atol=1e-5)
    assert (high - low).max() > 0.01


def test_at_temperature_1_nothing_is_uncertain() -> None:
    low, high = sparse(TEACHER).tail_at(1.0, VOCABULARY).unbind(-1)
    assert torch.allclose(low, high, atol=1e-6)
    assert torch.allclose(low, sparse(TEACHER).teacher(1.0)[:, -1].exp(), atol=1e-6)


def test_a_tail_of_one_token_is_known_at_every_temperature() -> None:
    top = torch.log_softmax(TEACHER, -1).topk(VOCABULARY - 1, -1)
    kept = Sparse(top.indices, top.values)
    assert torch.allclose(kept.teacher(3.0)[:, :-1], torch.log_softmax(TEACHER / 3.0, -1).gather(-1, kept.ids), atol=1e-5)


def test_standardised_logits_have_no_scale_and_no_place() -> None:
    plain = dense(TEACHER).teacher(1.0, standardise=True)
    assert torch.allclose(dense(5.0 * TEACHER + 3.0).teacher(1.0, standardise=True), plain, atol=1e-5)
    standard, deviation = standardised(TEACHER)
    assert torch.allclose(standard.mean(-1), torch.zeros(5), atol=1e-6)
    assert torch.allclose(standard.std(-1, correction=0), torch.ones(5), atol=1e-5)
    assert torch.allclose(standard * deviation + TEACHER.mean(-1, keepdim=True), TEACHER, atol=1e-5)


def test_logits_that_say_nothing_stay_finite() -> None:
    assert standardised(torch.zeros(1, 5))[0].isfinite().all()


def test_stored_log_probabilities_cannot_be_standardised() -> None:
    with pytest.raises(ValueError, match="are no logits"):
        sparse(TEACHER).teacher(1.0, standardise=True)
