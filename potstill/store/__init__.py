"""The run folder: artifacts whole or absent, each with a manifest, found by content.

run = Run.open("recipe.toml")
artifact = run.perform("generate", section=..., inputs={"prompts": prompts}, parts={...}, work=work)

def work(workspace: Workspace) -> dict[str, Any]:        # the artifact's few numbers
for shard in range(n):
if not workspace.has_table("traces", shard):     # an interrupted run left it whole: go on after it
workspace.write_table("traces", table, shard)
return {"traces": n}
"""

from __future__ import annotations

from potstill.store.artifact import Artifact, Workspace
from potstill.store.lineage import Lineage, find
from potstill.store.log import Log, Quiet, Task, Text
from potstill.store.run import Run
from potstill.store.tables import SCHEMAS, from_rows, rows
from potstill.store.view import nested

__all__ = ["SCHEMAS", "Artifact", "Lineage", "Log", "Quiet", "Run", "Task", "Text", "Workspace", "find", "from_rows", "nested", "rows"]
