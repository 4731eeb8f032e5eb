"""What a teacher expects at each token: its answer, how sure it is of it, and what it nearly said.

python examples/look_at_a_teacher.py [MODEL]
"""

import math
import sys

from potstill.models import Sampling, open_model
from potstill.world import prompts

teacher = open_model(sys.argv[1] if len(sys.argv) > 1 else "world:base")
[prompt] = prompts(["carry_addition"], n=1, seed=5, held=True)
[[answer]] = teacher.draw([prompt], Sampling(temperature=0.0, max_new_tokens=60), top_k=3)
print(prompt.question)
print(answer.text)
for log_p, others in zip(answer.log_p, answer.support_log_p, strict=True):
    print(f"{math.exp(log_p):.3f}  the likeliest three: {'  '.join(f'{math.exp(other):.3f}' for other in others)}")
