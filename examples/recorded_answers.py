"""A black box that answered once: a file of answers as a teacher, and a filter that finds the wrong ones.

python examples/recorded_answers.py
"""

import json
import tempfile
from pathlib import Path

import potstill as ps
from potstill.recipe import parse

RECIPE = """
name = "recorded"

[student]
model     = "new:llama"
tokenizer = "world:a"
config    = {{ hidden_size = 96, intermediate_size = 256, num_hidden_layers = 3, num_attention_heads = 4, num_key_value_heads = 4 }}

[[teachers]]
model = "recorded:{file}"
top_k = 0

[prompts]
sources = ["{file}"]
columns = {{ reference = "gold" }}
grader  = "number"

[[filters]]
kind = "answer"

[[train.losses]]
kind = "cross_entropy"
"""
ROWS = [
    {"prompt": "Tom has 3 apples and eats one. How many are left?", "answer": "3 - 1 = 2. The answer is 2.", "gold": "2"},
    {"prompt": "A box holds 4 pens. How many do 5 boxes hold?", "answer": "4 + 5 = 9. The answer is 9.", "gold": "20"},
]

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    run = ps.Run.open(parse(RECIPE.format(file=file)), out=Path(folder) / "run")
    cut = ps.filter.judge(run, ps.generate.draw(run, ps.prompts.gather(run)))
    print(f"kept: {[trace.text for trace in cut.keep]}")
    print(f"noise: {[trace.text for trace in cut.noise]}")
