from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from potstill.errors import CapabilityError, RecipeError
from potstill.fit import Example, fused_loss, pack
from potstill.recipe import LossSection
from potstill.signal.head import OutputHead
from potstill.train.losses.divergence import Divergence, check_codec


def _batch():
    """One target; the teacher's only stored token is token 1 with p = 1/2, so the tail holds 1/2."""
    stored = {"support_ids": np.array([[1]]), "support_log_p": np.log([[0.5]])}
    return pack([[Example(np.array([0, 1]), 1, **stored)]], 8)


def test_forward_kl_to_the_stored_top_token_and_its_tail_by_hand() -> None:
    """q = (1/4, 1/4, 1/2): token 1 has 1/4 and the tail 3/4, so KL = 1/2 log 2 + 1/2 log (2/3)."""
    term = Divergence(LossSection(kind="divergence")).term(_batch(), None)
    head = OutputHead(torch.tensor([[0.0], [0.0], [math.log(2)]]))
    _, values = fused_loss(torch.ones(1, 1), head, [term])
    assert values["forward_kl_cached"].item() == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))


def test_the_squared_temperature_is_a_setting_of_its_own() -> None:
    plain = Divergence(LossSection(kind="divergence", teacher="live", temperature=2.0))
    scaled = Divergence(LossSection(kind="divergence", teacher="live", temperature=2.0, scale_t2=True))
    assert (plain.scale, scaled.scale) == (1.0, 4.0)


def test_nothing_is_put_in_the_place_of_a_missing_distribution() -> None:
    bare = pack([[Example(np.array([0, 1]), 1)]], 8)
    with pytest.raises(CapabilityError, match="no distribution of the teacher"):
        Divergence(LossSection(kind="divergence")).term(bare, None)
    with pytest.raises(CapabilityError, match="needs a teacher that runs beside"):
        Divergence(LossSection(kind="divergence", teacher="live")).term(bare, None)


def test_an_unknown_divergence_offers_the_nearest() -> None:
    with pytest.raises(RecipeError, match="forward_kl"):
        Divergence(LossSection(kind="divergence", divergence="foward_kl"))


def test_a_divergence_has_settings_of_its_own() -> None:
    made = Divergence(LossSection.model_validate({"divergence": "skew_forward_kl", "alpha": 0.3}))
    assert made.divergence.alpha == 0.3


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"divergence": "jsd", "bta": 0.3}, "jsd has no setting 'bta'; did you mean 'beta'"),
        ({"divergence": "forward_kl", "temprature": 2}, "forward_kl has no setting 'temprature'; did you mean 'temperature'"),
        ({"divergence": "jsd", "beta": 2}, "beta must lie strictly between 0 and 1, not 2: use forward_kl or reverse_kl"),
        ({"divergence": "jsd", "beta": "0.3"}, "beta must be a number, not '0.3'; its default is 0.5"),
    ],
)
def test_a_setting_that_it_does_not_take_is_told(section: dict[str, object], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        Divergence(LossSection.model_validate(section))


def test_the_realised_tokens_are_told_to_those_that_ask() -> None:
    batch = _batch()
    term = Divergence(LossSection(divergence="decoupled")).term(batch, None)
    assert term.target is not None
    assert torch.equal(term.target, batch.target)


@pytest.mark.parametrize(
    ("codec", "section", "words"),
    [
        ("top_k", {"standardise": True}, "the codec top_k keeps a part of it"),
        ("sampled", {"divergence": "jsd"}, "the gradient of jsd is biased"),
        ("sampled", {"temperature": 2.0}, "no longer right on average"),
    ],
)
def test_what_a_codec_cannot_give_is_refused(codec: str, section: dict[str, object], words: str) -> None:
    with pytest.raises(CapabilityError, match=words):
        check_codec(codec, LossSection.model_validate(section))
    check_codec("hidden_states", LossSection.model_validate(section))
