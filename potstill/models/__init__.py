"""Models behind one protocol: they answer prompts and score texts, wherever they run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from potstill.models.base import Answer, Endpoint, Given, Keep, Options, Outlook, Sampling, Spending, Teacher

if TYPE_CHECKING:
    from potstill.models.local import LocalModel
    from potstill.models.opening import keep_of, open_model, open_teacher, spending_of
    from potstill.models.students import open_student, student_tokenizer, teacher_tokenizer
    from potstill.models.tokenizers import open_tokenizer

__all__ = [
    "Answer",
    "Endpoint",
    "Given",
    "Keep",
    "LocalModel",
    "Options",
    "Outlook",
    "Sampling",
    "Spending",
    "Teacher",
    "keep_of",
    "open_model",
    "open_student",
    "open_teacher",
    "open_tokenizer",
    "spending_of",
    "student_tokenizer",
    "teacher_tokenizer",
]

_HOMES = {
    "LocalModel": "potstill.models.local",
    "keep_of": "potstill.models.opening",
    "open_model": "potstill.models.opening",
    "open_student": "potstill.models.students",
    "open_teacher": "potstill.models.opening",
    "open_tokenizer": "potstill.models.tokenizers",
    "spending_of": "potstill.models.opening",
    "student_tokenizer": "potstill.models.students",
    "teacher_tokenizer": "potstill.models.students",
}


def __getattr__(name: str) -> Any:
    """Names are imported when they are first used: some bring torch in."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'potstill.models' has no attribute {name!r}")
