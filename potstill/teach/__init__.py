"""Raising the built-in world's own models from seed: teachers, a reward model and a hazard classifier."""

from potstill.teach.classifiers import CLASSIFIERS, Classifier, examine, open_classifier
from potstill.teach.curriculum import CURRICULA, Curriculum
from potstill.teach.exam import exam
from potstill.teach.plans import PLANS, raise_model
from potstill.teach.teachers import teach

__all__ = ["CLASSIFIERS", "CURRICULA", "PLANS", "Classifier", "Curriculum", "exam", "examine", "open_classifier", "raise_model", "teach"]
