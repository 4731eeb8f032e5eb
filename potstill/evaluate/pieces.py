"""Long work cut into pieces: each is kept when it is whole, and an interrupted run goes on after the last of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from potstill.store import Log
from potstill.store.tables import file_name, read, write

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Pieces:
    """Where pieces are kept, and how large they are.

    Attributes:
        folder: holds a table a piece.
        size: items a piece.
        log: where progress is told.
    """

    folder: Path
    size: int
    log: Log

    def table(self, name: str, items: Sequence[Item], make: Callable[[Sequence[Item]], pa.Table]) -> pa.Table:
        """The table that `make` gives for all items, made a piece at a time and put together in order.

        Args:
            name: of the pieces; the same name means the same items.
            items: what the table is made of; none gives what `make` gives for none.
            make: some of the items -> their table; it must not depend on the others.
        """
        pieces = [items[start : start + self.size] for start in range(0, len(items), self.size)] or [items]
        tables = []
        with self.log.task(f"evaluate: {name}", len(items), "prompts") as task:
            for number, piece in enumerate(pieces):
                path = self.folder / file_name(name.replace(" ", "-"), number)
                if not path.exists():
                    write(path, make(piece))
                tables.append(read(path))
                task.advance(len(piece))
        return pa.concat_tables(tables)
