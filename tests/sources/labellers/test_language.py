from __future__ import annotations

import pytest

from potstill.recipe.curation import LabelSection
from potstill.sources.labels import Said, ready_labellers
from potstill.types import Message, Prompt

pytest.importorskip("py3langid")


def test_prose_has_a_language_and_little_of_it_has_none():
    (one,) = ready_labellers([LabelSection(kind="language")])
    texts = [
        "how many apples are left over when two children have eaten three of them",
        "wie viele von den Äpfeln bleiben übrig, wenn zwei der Kinder drei davon gegessen haben",
        "ok",
    ]
    assert one.part.label([Prompt((Message("user", text),)) for text in texts]) == [Said(language="en"), Said(language="de"), None]
    assert "language py3langid" in one.identity


def test_what_is_not_likely_enough_is_not_told():
    (sure,) = ready_labellers([LabelSection(kind="language", threshold=1.0)])
    assert sure.part.label([Prompt((Message("user", "one two piano forte amen hotel taxi radio"),))]) == [None]
