"""The one optimiser loop: batches, fused head, schedule, checkpoints, metrics. It is blind to what is learnt."""

from potstill.fit.batches import Batch, BatchSource, EpochBatches, Example, pack
from potstill.fit.head import Term, fused_loss
from potstill.fit.loop import FitResult, FitSettings, Learner, Objective, Scheduled, fit
from potstill.signal.head import OutputHead

__all__ = [
    "Batch",
    "BatchSource",
    "EpochBatches",
    "Example",
    "FitResult",
    "FitSettings",
    "Learner",
    "Objective",
    "OutputHead",
    "Scheduled",
    "Term",
    "fit",
    "fused_loss",
    "pack",
]
