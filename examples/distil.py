"""A whole still from Python, stage by stage. In a notebook too: progress is plain lines on standard error.

python examples/distil.py [RECIPE]
"""

import sys

import potstill as ps

run = ps.Run.open(sys.argv[1] if len(sys.argv) > 1 else "recipes/demo.toml")
prompts = ps.prompts.gather(run)
traces = ps.generate.draw(run, prompts)
kept = ps.filter.judge(run, traces)  # .keep .hazard .noise
student = ps.train.fit(run, kept)
card = ps.evaluate.score(run, student)
if card.passed:
    ps.export.write(run, student)
page = ps.report.write(run, card)
print(page.path("report.html"))
