"""Rows of a table by key, a few row groups in memory at a time."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from potstill.store.tables import find_files, open_table

CACHED = 16
"""Row groups kept in memory."""

Place = tuple[Path, int]


class Lookup:
    """Finds the rows of a table by a text column.

    Where the rows of each key are is known from one pass over that column: 12 bytes a row. Keys that are asked for in the order in which
    they were written find their row groups in memory; any other order is right too, and slower.

    Args:
        folder: of the table.
        name: of the table; without files it has no rows.
        key: the column that is looked in.
        columns: those that are read; none: all.

    Raises:
        StoreError: a file is damaged.
    """

    def __init__(self, folder: Path, name: str, key: str, columns: tuple[str, ...] = ()) -> None:
        self.key, self.columns = key, list(columns) or None
        self._places: list[Place] = []
        self._kept: OrderedDict[int, pa.Table] = OrderedDict()
        files = find_files(folder, name)
        self.schema = None if not files else self._read_schema(files[0])
        hashes, groups = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
        for path in files:
            with open_table(path) as file:
                for group in range(file.num_row_groups):
                    found = _hashes(file.read_row_group(group, columns=[key])[key])
                    hashes.append(found)
                    groups.append(np.full(len(found), len(self._places), np.int32))
                    self._places.append((path, group))
        joined = np.concatenate(hashes)
        order = joined.argsort(kind="stable")
        self._hashes, self._groups = joined[order], np.concatenate(groups)[order]

    def rows(self, keys: pa.Array) -> pa.Table | None:
        """The rows whose key is among `keys`, in the order in which they stand in the table; None: there is no such table.

        Raises:
            StoreError: a file is damaged.
        """
        if self.schema is None:
            return None
        wanted = _hashes(keys)
        starts, ends = np.searchsorted(self._hashes, wanted, "left"), np.searchsorted(self._hashes, wanted, "right")
        spans = [self._groups[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
        groups = np.unique(np.concatenate(spans)) if spans else ()
        found = [table.filter(pc.is_in(table[self.key], keys)) for table in map(self._read, map(int, groups))]
        return pa.concat_tables([self.schema.empty_table(), *found]).combine_chunks()

    def _read(self, place: int) -> pa.Table:
        if place not in self._kept:
            self._kept[place] = _group(*self._places[place], self.columns)
            while len(self._kept) > CACHED:
                self._kept.popitem(last=False)
        self._kept.move_to_end(place)
        return self._kept[place]

    def _read_schema(self, path: Path) -> pa.Schema:
        with open_table(path) as file:
            schema = file.schema_arrow.remove_metadata()
        return schema if self.columns is None else pa.schema([schema.field(name) for name in self.columns])


def _hashes(keys: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return np.fromiter((xxhash.xxh3_64_intdigest(key) for key in keys.cast(pa.binary()).to_pylist()), np.uint64, len(keys))


def _group(path: Path, group: int, columns: list[str] | None) -> pa.Table:
    with open_table(path) as file:
        return file.read_row_group(group, columns=columns).replace_schema_metadata()
