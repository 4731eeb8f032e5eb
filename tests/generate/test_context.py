from __future__ import annotations

from potstill.generate.context import with_context
from potstill.types import Message, Prompt
from tests.models.small import ask


def test_a_context_is_a_system_turn_before_the_conversation():
    told = with_context(ask("How?", domain="math"), "Be kind.")
    assert told.messages == (Message("system", "Be kind."), Message("user", "How?"))
    assert told.domain == "math"


def test_a_system_turn_that_is_there_follows_in_the_same_turn():
    prompt = Prompt((Message("system", "Be brief."), Message("user", "How?")))
    assert with_context(prompt, "Be kind.").messages == (Message("system", "Be kind.\n\nBe brief."), Message("user", "How?"))


def test_without_a_context_nothing_changes():
    prompt = ask("How?")
    assert with_context(prompt, "") is prompt
