"""The two sides of a pair, teacher and student: tokenizer, config and weights, read no sooner than they are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from transformers import PreTrainedConfig, PreTrainedTokenizerBase

from potstill.check.sizes import network_size
from potstill.models import LocalModel, Teacher, open_student, student_tokenizer
from potstill.models.hf import check_config, locate
from potstill.models.new import new_config
from potstill.models.world import TEACHERS
from potstill.recipe import StudentSection, TeacherSection
from potstill.types import Prompt


@dataclass
class Side:
    """A teacher or a student.

    Attributes:
        section: of the recipe.
        tokenizer: its own; None: not known.
        open: the model; nothing where its weights are not here.
    """

    section: TeacherSection | StudentSection
    tokenizer: PreTrainedTokenizerBase | None
    open: Callable[[], LocalModel | None]

    @property
    def name(self) -> str:
        """As in the recipe."""
        return self.section.model

    @cached_property
    def config(self) -> PreTrainedConfig | None:
        """The network's config; None where there is no network here.

        Raises:
            ModelError, RecipeError: it cannot be found or read.
        """
        kind, _, name = self.section.model.partition(":")
        if isinstance(self.section, StudentSection) and kind == "new":
            return None if self.tokenizer is None else new_config(name, self.section.config, self.tokenizer)
        if kind not in ("hf", "world"):
            return None
        place = locate(str(TEACHERS / name) if kind == "world" else name, self.section.revision)
        return check_config(place, self.section.remote_code)

    @cached_property
    def parameters(self) -> int | None:
        """How many parameters it has; None where there is no network here."""
        return None if self.config is None else network_size(self.section, self.config).parameters

    @property
    def rows(self) -> int | None:
        """Rows of its embedding; None where there is no network here."""
        return None if self.config is None else int(self.config.get_text_config(decoder=True).vocab_size)


@dataclass(frozen=True)
class Pair:
    """A teacher and its student.

    Attributes:
        teacher, student: the two.
        prompts: what they are asked.
    """

    teacher: Side
    student: Side
    prompts: Sequence[Prompt]


def pair_of(
    teacher_section: TeacherSection,
    teacher: Teacher,
    tokenizer: PreTrainedTokenizerBase | None,
    student: StudentSection,
    prompts: Sequence[Prompt],
    *,
    first_tokenizer: PreTrainedTokenizerBase | None = None,
    seed: int = 0,
) -> Pair:
    """The pair of a recipe's teacher and its student.

    Args:
        teacher_section: of the recipe.
        teacher: opened.
        tokenizer: of the teacher.
        student: section of the recipe.
        prompts: what they are asked.
        first_tokenizer: the first teacher's, which a new student without a tokenizer of its own takes.
        seed: of the student's fresh weights.

    Raises:
        ModelError: the student has no tokenizer.
    """
    local = teacher if isinstance(teacher, LocalModel) else None
    own = student_tokenizer(student, first_tokenizer)
    return Pair(
        Side(teacher_section, tokenizer, lambda: local),
        Side(student, own, lambda: open_student(student, first_tokenizer, seed=seed)),
        prompts,
    )
