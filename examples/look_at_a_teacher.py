"""What a teacher expects at each token: its answer, how sure it is of it, and what it nearly said.

python examples/look_at_a_teacher.py [MODEL]
"""

import math
import sys

from potstill.models import Keep, Sampling, open_model
from potstill.world import prompts

teacher = open_model(sys.argv[1] if len(sys.argv) > 1 else "world:base")
[prompt] = prompts(["carry_addition"], n=1, seed=5, held=True)
[[answer]] = teacher.draw([prompt], Sampling(temperature=0.0, max_new_tokens=60), Keep(size=3))
print(prompt.question)
print(answer.text)
seen = answer.outlook
for log_p, others, tail in zip(seen.log_p, seen.support_log_p, seen.tail_mass, strict=True):
    print(f"{math.exp(log_p):.3f}  the likeliest three: {'  '.join(f'{math.exp(other):.3f}' for other in others)}, all others: {tail:.3f}")
