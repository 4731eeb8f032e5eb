"""The run file: TOML, read into one frozen class a section.

recipe = load("recipes/demo.toml", overrides=["train.lr=2e-5"])
text = dump(recipe)                  # every setting written out; loads back to an equal recipe
path = existing("${POTSTILL_DATA}/gsm8k/train.jsonl")
"""

from __future__ import annotations

from potstill.recipe.curation import BalanceSection, FilterSection, MeasureSection, PromptsSection, SplitSection
from potstill.recipe.models import PriceSection, StudentSection, TeacherSection, is_served
from potstill.recipe.paths import existing, expand
from potstill.recipe.ramp import Ramp
from potstill.recipe.reading import load, parse, validate
from potstill.recipe.section import Section
from potstill.recipe.sections import (
    BestOfSection,
    EvaluateSection,
    ExportSection,
    GenerateSection,
    LossSection,
    Recipe,
    ReportSection,
    TrainSection,
)
from potstill.recipe.writing import dump

__all__ = [
    "BalanceSection",
    "BestOfSection",
    "EvaluateSection",
    "ExportSection",
    "FilterSection",
    "GenerateSection",
    "LossSection",
    "MeasureSection",
    "PriceSection",
    "PromptsSection",
    "Ramp",
    "Recipe",
    "ReportSection",
    "Section",
    "SplitSection",
    "StudentSection",
    "TeacherSection",
    "TrainSection",
    "dump",
    "existing",
    "expand",
    "is_served",
    "load",
    "parse",
    "validate",
]
