"""What a recipe needs and would take, before anything is spent.

python examples/check_first.py [RECIPE]
"""

import sys

from potstill.check import plan
from potstill.recipe import load

planned = plan(load(sys.argv[1] if len(sys.argv) > 1 else "recipes/demo.toml"))
for take in planned.takes:
    print(f"{take.stage:<10}{take.seconds:8.0f} s at most" if take.seconds is not None else f"{take.stage}: cannot be told")
print(f"student: {planned.student.parameters:,} parameters")
