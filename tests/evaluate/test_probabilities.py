from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from potstill.evaluate.probabilities import Gaps, Scores, Target, gap_table, same_tokens, score_table
from potstill.evaluate.subjects import NAMES, Subject
from potstill.models.local import LocalModel
from potstill.models.tokenizers import open_tokenizer
from potstill.text.chat import render
from tests.evaluate.setting import items, model, network, plain, tokenizer

TEXT = "Ann has 3 apples. Bo has 12 pens."


def subjects(student: LocalModel | None = None) -> dict[str, Subject]:
    models = (model(0), student or model(1), model(2))
    return {name: Subject.of(name, one) for name, one in zip(NAMES, models, strict=True)}


def test_gaps_stand_at_every_token_of_the_teachers_answer() -> None:
    prompt = items("carry_addition", n=1)[0]
    gaps = Gaps.read(gap_table(subjects(), [Target(0, prompt, (40, 41, 4)), Target(1, plain(TEXT), None), Target(2, prompt, ())]))
    tokens = len(render(tokenizer(), plain(TEXT), None).input_ids) - 1
    assert gaps.prompt.tolist() == [0, 0, 0] + [1] * tokens
    assert gaps.position.tolist() == [0, 1, 2, *range(tokens)]
    assert (gaps.values["student"][:, :3] > 0).all()
    assert not np.allclose(gaps.values["student"], gaps.values["base"])


@torch.no_grad()
def test_a_gap_is_the_divergence_of_the_whole_networks() -> None:
    prompt = items("carry_addition", n=1)[0]
    who = subjects()
    gaps = Gaps.read(gap_table(who, [Target(0, prompt, (40, 41))]))
    ids = torch.tensor([[*render(tokenizer(), prompt, None).input_ids, 40]])
    log_p, log_q = (
        torch.log_softmax(who[name].network_for(prompt).network(ids).logits[0, -1].double(), -1) for name in ("teacher", "student")
    )
    assert gaps.values["student"][1, 0] == pytest.approx(float((log_p.exp() * (log_p - log_q)).sum()), rel=1e-4)
    assert gaps.values["student"][1, 3] == float(log_p.argmax() == log_q.argmax())


def test_texts_beyond_a_context_are_left_out_and_counted() -> None:
    short = model(1, max_position_embeddings=8)
    gaps = Gaps.read(gap_table(subjects(short), [Target(0, plain(TEXT), None), Target(1, plain("Ann has 3."), None)]))
    assert np.isnan(gaps.values["student"][gaps.prompt == 0]).all()
    assert not np.isnan(gaps.values["base"][gaps.prompt == 1]).any()
    scores = Scores.read(score_table(Subject.of("student", short), [plain(TEXT), plain("Ann has 3.")]))
    assert np.isnan(scores.nats).tolist() == [True, False]


def test_nothing_to_compare_makes_empty_tables() -> None:
    assert len(Gaps.read(gap_table(subjects(), [])).position) == 0
    assert len(Scores.read(score_table(subjects()["teacher"], [])).nats) == 0


@torch.no_grad()
def test_scores_are_cross_entropies_and_bytes_of_what_is_predicted() -> None:
    one = model(0)
    row = render(one.tokenizer, plain(TEXT), None).input_ids
    log_p = torch.log_softmax(one.network(torch.tensor([row])).logits[0].double(), -1)
    expected = -sum(float(log_p[t, after]) for t, after in enumerate(row[1:]))
    scores = Scores.read(score_table(Subject.of("teacher", one), [plain(TEXT)]))
    assert scores.nats[0] == pytest.approx(expected, rel=1e-5)
    assert scores.tokens[0] == len(row) - 1
    # the world's tokenizer puts no BOS first: the first token is predicted from nothing, and its bytes do not count
    assert scores.bytes[0] == len(TEXT) - len(one.tokenizer.decode([row[0]]))
    assert math.isfinite(expected)


def test_tokens_are_the_same_when_vocabulary_and_ids_are() -> None:
    prompts = [*items("carry_addition", n=2), plain(TEXT)]
    assert same_tokens(subjects(), prompts)
    other = LocalModel.of(network(0, 896), open_tokenizer("world:b"), "other")
    assert not same_tokens(subjects(other), prompts)


def test_files_hold_the_gaps_as_they_are(tmp_path: Path) -> None:
    from potstill.store.tables import read, write

    table = gap_table(subjects(), [Target(0, plain(TEXT), None)])
    write(tmp_path / "gaps.parquet", table)
    np.testing.assert_array_equal(Gaps.read(read(tmp_path / "gaps.parquet")).values["base"], Gaps.read(table).values["base"])
