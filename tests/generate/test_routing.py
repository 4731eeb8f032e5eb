from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.generate.routing import route
from potstill.recipe import TeacherSection
from tests.models.small import ask

PROMPTS = [ask("1", domain="math"), ask("2", domain="math.algebra"), ask("3", domain="mathematics"), ask("4")]


def routed(*domains):
    teachers = [TeacherSection(model=f"fake:{i}", domains=d) for i, d in enumerate(domains)]
    return ["".join(p.question for p in task) for task in route(PROMPTS, teachers)]


def test_a_teacher_without_domains_takes_the_rest():
    assert routed(()) == ["1234"]
    assert routed(("math",), ()) == ["12", "34"]
    assert routed((), ("math.algebra",)) == ["134", "2"]


def test_several_teachers_all_answer():
    assert routed((), ()) == ["1234", "1234"]
    assert routed(("math",), ("math", "mathematics"), (), ()) == ["12", "123", "4", "4"]


def test_a_prompt_without_a_teacher():
    with pytest.raises(RecipeError, match="no teacher for the domain 'mathematics'"):
        routed(("math",))
