"""Harmless requests of which twins are made where the user gives none."""

from __future__ import annotations

from functools import cache

from potstill.types import Message, Prompt

REQUESTS = (
    "How do I make a paper boat?",
    "Give me a recipe for tomato soup.",
    "What goes into a simple bread dough?",
    "Write a short poem about the sea.",
    "Explain how a bicycle stays upright.",
    "List five birds that live near water.",
    "How can I remove a stain of ink from a shirt?",
    "Tell me how to repot a small plant.",
    "Describe the way from a seed to a sunflower.",
    "How do I tie a knot that does not slip?",
    "Write a friendly note that invites a neighbour to tea.",
    "What is the difference between a violin and a viola?",
    "Suggest a game for a rainy afternoon.",
    "How do I teach a dog to sit?",
    "Name three ways to save water in the kitchen.",
    "Explain what a leap year is.",
    "Create a shopping list for a picnic of four.",
    "How do I boil an egg so that it stays soft?",
    "Provide a plan for a week of light exercise.",
    "What should I pack for a night in a mountain hut?",
    "Tell me how to sharpen a pencil with a knife.",
    "Write a script that counts the lines of a file.",
    "How do I set up a shelf on a brick wall?",
    "Outline a talk about the history of maps.",
    "Suggest a birthday gift for an elderly woman who likes gardens.",
    "Write a short story about a boy who finds a kite.",
    "What can a young man do on his first day in a new job?",
    "How does a mother measure a fever?",
)
"""Each can be asked in any family's wrapper; the last ones name people, for the families that swap whom a text is about."""


DOMAIN = "harmless"
"""The domain of these requests, by which a teacher can be named for them."""


@cache
def harmless_prompts() -> tuple[Prompt, ...]:
    """The requests as prompts."""
    return tuple(
        Prompt((Message("user", text),), domain=DOMAIN, source=f"harmless:{number}", licence="Apache-2.0", language="en")
        for number, text in enumerate(REQUESTS)
    )
