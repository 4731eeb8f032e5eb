"""Short names with settings, as recipes write them: `text:corpus.txt?bytes=0:60000&window=256`."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from potstill.errors import RecipeError
from potstill.registry import did_you_mean


def split_spec(spec: str, known: Collection[str], where: str) -> tuple[str, dict[str, str]]:
    """What stands before the first `?`, and the settings behind it: `name=value` joined by `&`, with `%0A` for a line break.

    Raises:
        RecipeError: a setting that is not among `known`, stands twice, or is no `name=value`.
    """
    name, _, query = spec.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise RecipeError(f"{query!r} is no list of settings", where=where, fix="write ?name=value&name=value") from None
    settings = dict(pairs)
    if len(settings) < len(pairs):
        raise RecipeError(f"a setting stands twice in {query!r}", where=where, fix="leave one out")
    for key in settings:
        if key not in known:
            raise RecipeError(f"unknown setting {key!r}", where=where, fix=did_you_mean(key, sorted(known)))
    return name, settings


def count_setting(settings: dict[str, str], name: str, default: int, where: str, *, least: int = 1) -> int:
    """A whole number of at least `least`.

    Raises:
        RecipeError: it is none.
    """
    text = settings.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise RecipeError(f"{name}={text} is no whole number of at least {least}", where=where, fix=f"write it as {name}={default}")
    return int(text)
