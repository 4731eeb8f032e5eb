from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from potstill.evaluate.suites.text import Text
from potstill.models.local import LocalModel
from potstill.models.tokenizers import open_tokenizer
from potstill.types import Scorecard
from tests.evaluate.setting import local, model, network, plain, question

TEXTS = [plain("Ann has 3 apples. Bo has 12 pens."), plain("The lamp is in the hall.")]


def measured(student: LocalModel, folder: Path) -> Scorecard:
    return Scorecard(tuple(Text().measure(local({"teacher": model(0), "student": student, "base": model(2)}, TEXTS, folder))))


def value(card: Scorecard, name: str, subject: str = "student") -> float | None:
    finding = card.find(name, subject)
    return finding.value if finding else None


def test_a_network_that_knows_nothing_is_uniform(tmp_path: Path) -> None:
    blank = network(0)
    with torch.no_grad():
        blank.get_input_embeddings().weight.zero_()  # tied: all logits are 0
    student = LocalModel.of(blank, open_tokenizer("world:a"), "blank")
    card = measured(student, tmp_path)
    assert value(card, "nats_per_token") == pytest.approx(math.log(640), rel=1e-5)
    assert value(card, "perplexity") == pytest.approx(640, rel=1e-4)
    finding = card.find("nats_per_token")
    lengths = [len(student.tokenizer(t.reference, add_special_tokens=False)["input_ids"]) for t in TEXTS]
    assert finding.n == sum(lengths) - 2  # the first token of each is predicted from nothing
    firsts = [student.tokenizer.decode(student.tokenizer(t.reference, add_special_tokens=False)["input_ids"][:1]) for t in TEXTS]
    predicted = sum(len(t.reference) - len(first) for t, first in zip(TEXTS, firsts, strict=True))
    assert value(card, "bits_per_byte") == pytest.approx(finding.n * math.log2(640) / predicted, rel=1e-5)


def test_every_subject_is_measured_and_the_teacher_is_the_yardstick(tmp_path: Path) -> None:
    card = measured(model(0), tmp_path)
    assert value(card, "nats_per_token") == pytest.approx(value(card, "nats_per_token", "teacher"))
    assert value(card, "text_kl") == pytest.approx(0, abs=1e-6)
    assert value(card, "text_kl", "base") > 0.01
    assert value(card, "text_kl", "teacher") is None


def test_other_tokens_leave_bits_a_byte_to_compare(tmp_path: Path) -> None:
    card = measured(LocalModel.of(network(1, 896), open_tokenizer("world:b"), "other"), tmp_path)
    assert value(card, "bits_per_byte") is not None
    assert value(card, "text_kl") is None
    assert card.find("text_kl").by.startswith("not measured: the student's tokens")


def test_texts_beyond_the_context_are_named(tmp_path: Path) -> None:
    finding = measured(model(1, max_position_embeddings=12), tmp_path).find("nats_per_token")
    assert finding.by == "its own tokens; 1 texts do not fit its context"
    assert finding.value is not None


def test_there_must_be_plain_text() -> None:
    assert Text().lack([question("x")]) == "none of the evaluation prompts is plain text"
    assert not Text().lack(TEXTS)
