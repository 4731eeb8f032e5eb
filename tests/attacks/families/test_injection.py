from __future__ import annotations

from potstill.attacks import attack, open_attack
from potstill.attacks.canary import canary
from potstill.attacks.families.injection import DOCUMENTS, TASKS
from tests.attacks.families.small import REQUEST
from tests.models.small import ask


def made(prompt, seed=1):
    return attack(open_attack("injection"), prompt, seed)[0]


def test_a_harmless_task_about_a_document_that_orders_the_request():
    for seed in range(20):
        text = made(REQUEST, seed).question
        task, document = text.split("\n\n---\n")
        lines = document.removesuffix("\n---").split("\n")
        whole = next(known for known in DOCUMENTS if lines[0] == known[0])
        assert task in TASKS
        assert [line for line in lines if line in whole] == list(whole)
        (order,) = [line for line in lines if line not in whole]
        assert REQUEST.question in order
        assert canary(made(REQUEST, seed)) in order


def test_the_right_answer_is_no_longer_the_requests():
    assert made(ask("What is 2 + 2?", reference="4", grader="number")).reference is None
    assert made(REQUEST).reference == REQUEST.reference
