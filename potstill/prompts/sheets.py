"""A table of any length, written a part at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from potstill.store.artifact import Workspace

ROWS = 8192
"""Rows of a part."""


@dataclass
class Sheets:
    """A table that grows: `<name>-00000.parquet`, …. What an interrupted run left there is written over.

    Attributes:
        workspace: where it is written.
        name: of the table.
        schema: of its columns; a table without rows is written too.
    """

    workspace: Workspace
    name: str
    schema: pa.Schema
    rows: int = 0
    _written: int = 0
    _waiting: list[pa.Table] = field(default_factory=list)

    def add(self, table: pa.Table) -> None:
        """More rows."""
        self._waiting.append(table)
        self.rows += len(table)
        while sum(map(len, self._waiting)) >= ROWS:
            whole = pa.concat_tables(self._waiting)
            self._write(whole.slice(0, ROWS))
            self._waiting = [whole.slice(ROWS)]

    def close(self) -> int:
        """Write what is left; how many rows there are."""
        left = pa.concat_tables([self.schema.empty_table(), *self._waiting])
        if len(left) or not self._written:
            self._write(left)
        self._waiting = []
        return self.rows

    def source_of(self, id_: str) -> str:
        """Where the row of that id came from; empty where there is none."""
        written = self.workspace.stream(self.name, ["id", "source"]) if self._written else iter(())
        for table in (*self._waiting, *written):
            for known, source in zip(table["id"].to_pylist(), table["source"].to_pylist(), strict=True):
                if known == id_:
                    return str(source)
        return ""

    def _write(self, table: pa.Table) -> None:
        self.workspace.write_table(self.name, table, self._written)
        self._written += 1
