"""Attacks: families of ways to put a request so that a model may do what it should not.

Each takes a prompt and gives prompts; the request itself stays, and so do its labels. Families are split like hazards: those of half A may
be trained on, so that a small student learns to hold; those of half B only evaluate. Either half has varied kinds. Where a family is of
a kind with one of the built-in world's wrappers, it is of the same half: role play with `persona`, past tense with `past`.

| kind | half A | half B |
|---|---|---|
| plain | `direct`, `edge` | |
| words around the request | `prefix_injection`, `ambiguous` | `role_play`, `refusal_suppression` |
| the request reworded | `hypothetical`, `bias_contrast` | `past_tense` |
| a long way to it | `crescendo` | `many_shot` |
| written in a code | `base64`, `leetspeak` | `rot13`, `hex` |
| letters that look the same | `homoglyph` | `zero_width` |
| taken apart or hidden | `injection` | `payload_split` |
"""

from potstill.attacks.base import HARMLESS, Attack, Pool, attack, by_wrapper, open_attack, origin, stressed, wrappers
from potstill.attacks.canary import obeyed
from potstill.attacks.decoding import plainest, readings
from potstill.attacks.halves import only_evaluates, withheld
from potstill.attacks.harmless import harmless_prompts

__all__ = [
    "HARMLESS",
    "Attack",
    "Pool",
    "attack",
    "by_wrapper",
    "harmless_prompts",
    "obeyed",
    "only_evaluates",
    "open_attack",
    "origin",
    "plainest",
    "readings",
    "stressed",
    "withheld",
    "wrappers",
]
