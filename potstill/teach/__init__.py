"""Raising the built-in world's own models from seed: teachers, a reward model and a hazard classifier."""

from potstill.teach.curriculum import CURRICULA, Curriculum
from potstill.teach.exam import exam
from potstill.teach.teachers import teach

__all__ = ["CURRICULA", "Curriculum", "exam", "teach"]
