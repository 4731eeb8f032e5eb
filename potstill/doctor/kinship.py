"""Probes of the weights: which of the two is larger, and whether they grew from one initialisation.

Between models of one initialisation traits cross over through data that have nothing to do with them, and no filter of the text sees it
(Cloud et al. 2025, "Subliminal learning", arXiv 2507.14805).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from potstill.doctor.pairing import look_at
from potstill.doctor.probe import Told
from potstill.doctor.result import Result
from potstill.doctor.sides import Pair, Side

RELATED = 0.5
"""Rows of two embeddings from different initialisations have a mean cosine near 0; of a model and its fine-tuned copy, near 1."""
SAMPLE = 4096
"""Rows of the embeddings that are compared at most."""
SHAPE = ("model_type", "hidden_size", "num_hidden_layers", "vocab_size")
"""Settings of the config in which models of one initialisation agree."""


def sizes(pair: Pair) -> Told:
    """Whether the student is smaller than its teacher."""
    teacher, student = pair.teacher.parameters, pair.student.parameters
    if not teacher or not student:
        return Told("unknown", "the size of the teacher is not known")
    if student <= teacher:
        return Told("ok", f"{teacher:,} parameters teach {student:,}")
    return Told(
        "warning", f"{teacher:,} parameters teach {student:,}: the student is larger than its teacher", "see that they are not swapped"
    )


def initialisation(pair: Pair) -> Told:
    """Whether teacher and student grew from one initialisation."""
    if pair.student.name.startswith("new:"):
        return Told("ok", "the student's weights are fresh")
    shapes = [_shape(side) for side in (pair.teacher, pair.student)]
    if None in shapes:
        return Told("unknown", "the teacher's weights are not here")
    if shapes[0] != shapes[1]:
        return Told("ok", "other shapes, so another initialisation")
    one, other = (_embedding(side) for side in (pair.teacher, pair.student))
    if one is None or other is None or one.shape != other.shape:
        return Told("unknown", "the embeddings cannot be compared")
    cosine = float(torch.nn.functional.cosine_similarity(one, other, dim=-1).mean())
    if cosine < RELATED:
        return Told("ok", f"the same shape and other weights (mean cosine of the embeddings {cosine:.3f})")
    fix = "traits may cross that no filter of the text sees; take a student of another initialisation where the teacher has one to hide"
    return Told("warning", f"one initialisation: mean cosine of the embeddings {cosine:.3f}", fix)


def _shape(side: Side) -> tuple[object, ...] | None:
    """What models of one initialisation have in common; None where there is no network here."""
    config = side.config
    return None if config is None else tuple(getattr(config.get_text_config(decoder=True), name, None) for name in SHAPE)


def _embedding(side: Side) -> Tensor | None:
    """Rows of the input embedding, evenly spaced; None where there is no network here."""
    model = side.open()
    if model is None:
        return None
    weight = cast("Tensor", model.network.get_input_embeddings().weight).detach()
    places = torch.linspace(0, len(weight) - 1, min(SAMPLE, len(weight)), device=weight.device).long()
    return weight[places].float().cpu()


def probe_kinship(pair: Pair) -> list[Result]:
    """What the weights of the two say."""
    return [look_at(pair, "sizes", sizes), look_at(pair, "initialisation", initialisation)]
