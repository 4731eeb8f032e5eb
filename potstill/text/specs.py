"""Short names with settings, as recipes write them: `text:corpus.txt?bytes=0:60000&window=256`."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, unquote

from potstill.errors import RecipeError
from potstill.recipe.paths import expand, is_path
from potstill.registry import did_you_mean

_KINDS = re.compile(r"(?:[a-z_]+:)*")
"""What stands before a path: `hf:`, `reward:hf:`."""
_DATASETS = re.compile(r"(?:^|[?&](?:of|twins)=)hf:([^?&]*)")


def split_spec(spec: str, known: Collection[str], where: str, nested: Collection[str] = ()) -> tuple[str, dict[str, str]]:
    """What stands before the first `?`, and the settings behind it: `name=value` joined by `&`, with `%0A` for a line break.

    Args:
        spec: as written.
        known: names of settings.
        where: for messages.
        nested: those whose value is a short name itself: all that stands behind a `?` in it, to the end, are its own settings.

    Raises:
        RecipeError: a setting that is not among `known`, stands twice, or is no `name=value`.
    """
    name, _, query = spec.partition("?")
    before, mark, inner = query.partition("?")
    holder = before.rpartition("&")[2].partition("=")[0]
    if mark and holder in nested:
        name, settings = split_spec(f"{name}?{before}", known, where)
        return name, {**settings, holder: f"{settings[holder]}?{inner}"}
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


def without_folders(spec: str) -> str:
    """A short name, or a row's place in a file, as strangers may read it: of a path outside the working directory only its last part.

    `hf:/home/me/models/small` becomes `hf:…/small`; paths in its settings, and a server's model that is one, are cut alike. Paths below the
    working directory and names that are no paths stay, and so does what was done to a row: `stress:hex of …/a.csv:3`.
    """
    if spec.startswith("stress:") and " of " in spec:
        made, of, row = spec.partition(" of ")
        return made + of + without_folders(row)
    name, question, query = spec.partition("?")
    settings = (one.partition("=") for one in query.split("&"))
    return _shown(name) + question + "&".join(key + equals + _setting(value) for key, equals, value in settings)


def _shown(name: str) -> str:
    kinds = cast("re.Match[str]", _KINDS.match(name))[0]
    rest = name[len(kinds) :]
    if not kinds.endswith(("http:", "https:")):
        return kinds + _last(rest)
    address, mark, model = name.partition("#")
    return address + mark + _last(model)


def _setting(value: str) -> str:
    read = unquote(value)
    shown = _shown(read)
    return value if shown == read else shown


def _last(path: str) -> str:
    """The last part of a path that leads out of the working directory; any other stays."""
    outside = path.startswith(("/", "~")) or ".." in path.split("/")
    return f"…/{path.rstrip('/').rpartition('/')[2]}" if outside else path


def hub_datasets(sources: Collection[str]) -> tuple[str, ...]:
    """The hub's names of the datasets among sources, or named in one (`hf:NAME:SPLIT`), each once; a folder of data files has none."""
    names = [found[1].rpartition(":")[0] for source in sources for found in _DATASETS.finditer(source)]
    return tuple(dict.fromkeys(name for name in names if name and not is_path(name) and not Path(expand(name)).is_dir()))
