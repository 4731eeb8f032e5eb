"""What `list filter-settings` shows: the settings of every filter, with their defaults and what they say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from potstill.curate.base import FilterSettings

_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)


def filter_settings() -> Mapping[str, str]:
    """`filter.setting` -> its default and what it is, of every filter's own settings and of those that it changes."""
    from potstill.curate.base import FilterSettings
    from potstill.registry import find, names

    found = {f"(each).{name}": about for name, about in _settings(FilterSettings)}
    for name in names("filter"):
        kind: type[FilterSettings] = find("filter", name).factory.Settings  # type: ignore[attr-defined]  # of every filter's class
        own = dict(_settings(kind))
        changed = {key for key, field in FilterSettings.model_fields.items() if kind.model_fields[key].default != field.default}
        found |= {f"{name}.{key}": about for key, about in own.items() if key in changed or key not in FilterSettings.model_fields}
    return found


def _settings(kind: type[FilterSettings]) -> Iterator[tuple[str, str]]:
    told = {**attributes(kind.__mro__[1].__doc__ or ""), **attributes(kind.__doc__ or "")}
    for name, field in kind.model_fields.items():
        value = "required" if field.is_required() else _shown(field.get_default(call_default_factory=True, validated_data={}))
        yield name, f"({value}) {_sentence(told.get(name, ''))}".rstrip()


def attributes(docstring: str) -> dict[str, str]:
    """Name -> what it is, of the section `Attributes` of a docstring."""
    from inspect import cleandoc

    section = cleandoc(docstring).partition("Attributes:\n")[2]
    return {name: " ".join(about.split()) for name, about in _ATTRIBUTE.findall(section)}


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value, default=list)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
