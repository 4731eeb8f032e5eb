"""A filter of one's own: one class, one registration; a recipe names it as it names any other.

python examples/own_filter.py
"""

from collections.abc import Sequence

from potstill.curate import Context, FilterSettings, Item, Opinion
from potstill.registry import find, part
from potstill.types import Message, Prompt, Trace


class ShortSettings(FilterSettings):
    """`threshold`: so many characters are too long."""

    threshold: float = 200


@part("filter", "short", version="1")
class ShortFilter:
    """An answer that goes on and on is noise."""

    Settings = ShortSettings
    READS = frozenset({"answer"})
    CATCHES = "above"

    def __init__(self, settings: ShortSettings, context: Context) -> None:
        pass

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        return [Opinion(f"{len(item.text)} characters", len(item.text)) for item in items]


prompt = Prompt((Message("user", "How many legs have two cats?"),), reference="8", grader="number")
items = [
    Item(prompt.id, prompt, str(n), Trace(prompt.id, "me", n, text)) for n, text in enumerate(["Answer: 8", "Well, " * 50 + "Answer: 8"])
]
for opinion in find("filter", "short").factory(ShortSettings(), Context()).judge(items):
    print(f"{opinion.score:<6}{opinion.why}")
