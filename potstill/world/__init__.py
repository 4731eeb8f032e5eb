"""The built-in world: a small language with skills, facts and a stand-in hazard, and an exact oracle."""

from potstill.world.catalogue import AMBIGUOUS, BENIGN, GROUPS, HAZARDS, REASONING, SKILLS, TWINS
from potstill.world.item import VERSION, Item, Skill, held
from potstill.world.lexicon import COMPOUNDS, DERIVABLE_FAMILIES, LOOKUP_FAMILIES
from potstill.world.oracle import completion, extract, grade, leaked, must_refuse, refused, true_label
from potstill.world.sampling import draw, prompts
from potstill.world.skills.recipes import WRAPPERS

__all__ = [
    "AMBIGUOUS",
    "BENIGN",
    "COMPOUNDS",
    "DERIVABLE_FAMILIES",
    "GROUPS",
    "HAZARDS",
    "LOOKUP_FAMILIES",
    "REASONING",
    "SKILLS",
    "TWINS",
    "VERSION",
    "WRAPPERS",
    "Item",
    "Skill",
    "completion",
    "draw",
    "extract",
    "grade",
    "held",
    "leaked",
    "must_refuse",
    "prompts",
    "refused",
    "true_label",
]
