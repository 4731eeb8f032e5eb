"""A recipe as TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from potstill.recipe.sections import Recipe


def dump(recipe: Recipe) -> str:
    """The recipe with every setting written out; `parse` reads it back to an equal recipe. Settings that are None are left out."""
    return "\n".join(_table(recipe.model_dump(mode="json", exclude_none=True), "")).strip("\n") + "\n"


def _table(values: Mapping[str, Any], path: str) -> Iterator[str]:
    """The lines of a table: its own values first, then the tables in it."""
    inner: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) or _is_tables(value):
            inner[key] = value
        else:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        name = f"{path}.{_key(key)}" if path else _key(key)
        for table in [value] if isinstance(value, Mapping) else value:
            yield ""
            yield f"[{name}]" if isinstance(value, Mapping) else f"[[{name}]]"
            yield from _table(table, name)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())}}}"
    return repr(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
