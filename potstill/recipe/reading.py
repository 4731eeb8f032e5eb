"""Reading a recipe, and saying where it is wrong: file, line, key, and the nearest known key."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from potstill.errors import RecipeError
from potstill.recipe.models import KEY_NAMES
from potstill.recipe.places import KeyPath, line_of
from potstill.recipe.section import NUMBER, RAMP, Fault
from potstill.recipe.sections import Recipe
from potstill.registry import did_you_mean

Model = TypeVar("Model", bound=BaseModel)

DEEPEST = 100
"""Levels of tables and lists; no setting comes near, and JSON's reader gives up at 200."""


def load(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in the file at `path`.

    Args:
        path: a TOML file.
        overrides: `key.path=value`, as given to `--set`. Places in lists count from 0; the value is read as TOML, else as a string; an
            empty one takes the key out, back to its default.

    Raises:
        RecipeError: the file cannot be read, is no TOML, or is no recipe; names file, line and key.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RecipeError("no such recipe", where=str(path), fix="check the path") from None
    except IsADirectoryError:
        raise RecipeError("a folder without a run.json", where=str(path), fix="give a recipe file or a run folder") from None
    except UnicodeDecodeError as error:
        *before, line = error.object[: error.start].split(b"\n")
        where = f"{path}:{len(before) + 1}:{len(line.decode()) + 1}"
        raise RecipeError("not UTF-8", where=where, fix="save it as UTF-8") from None
    except ValueError:  # a null character in the path
        raise RecipeError("no such recipe", where=repr(str(path)), fix="check the path") from None
    except OSError as error:
        raise RecipeError(f"cannot be read: {error.strerror}", where=str(path), fix="give a file that you may read") from None
    return parse(text, str(path), overrides)


def parse(text: str, source: str = "recipe", overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in `text`; `source` names the text in errors. Otherwise as `load`."""
    if isinstance(overrides, str):
        raise RecipeError("a list of overrides belongs here, not a single one", where=overrides, fix=f"write overrides=[{overrides!r}]")
    text = text.replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(error, text, source) from None
    except RecursionError:
        raise _too_deep(source) from None
    _check_depth(values, source)
    set_by: dict[KeyPath, str] = {}
    for override in overrides:
        set_by[_override(values, override)] = override
        _check_depth(values, f"--set {override}")
    try:
        return _strictly(Recipe, values)
    except ValidationError as error:
        raise _recipe_error(error, Recipe, text, source, set_by) from None


def load_as(model: type[Model], path: Path) -> Model:
    """What the TOML file at `path` holds, as its class: a file that a recipe names.

    Raises:
        RecipeError: the file is no TOML in UTF-8, or does not hold what the class asks for; names file, line and key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
        values = tomllib.loads(text)
    except UnicodeDecodeError:
        raise RecipeError("not UTF-8", where=str(path), fix="save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(error, text, str(path)) from None
    except RecursionError:
        raise _too_deep(str(path)) from None
    _check_depth(values, str(path))
    try:
        return _strictly(model, values)
    except ValidationError as error:
        raise _recipe_error(error, model, text, str(path), {}) from None


def validate(model: type[Model], values: Mapping[str, Any], where: str) -> Model:
    """A part's own settings as its class.

    Args:
        model: the part's settings class.
        values: the settings as written, `FilterSection.settings`.
        where: the place in the recipe, `filters.0`.

    Raises:
        RecipeError: an unknown key or a wrong value; names the place, the key and the nearest known key.
    """
    try:
        return _strictly(model, values)
    except ValidationError as error:
        raise _recipe_error(error, model, "", where, {}) from None


def _strictly(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Validated as JSON: arrays become tuples, and nothing else is converted (a string is no number)."""
    return model.model_validate_json(json.dumps(values, default=str), strict=True)


def _override(values: dict[str, Any], override: str) -> KeyPath:
    """Apply one `key.path=value` in place; the path it set."""
    where = f"--set {override}"
    path, equals, text = override.partition("=")
    if not equals or not path.strip():
        raise RecipeError("not of the form key=value", where=where, fix="as in --set train.lr=2e-5")
    keys: KeyPath = ()
    target: Any = values
    *outer, last = path.strip().split(".")
    for key in outer:
        keys += (_slot(target, key, where),)
        if isinstance(target, dict):
            target.setdefault(key, {})
        target = target[keys[-1]]
    slot = _slot(target, last, where)
    if text.strip():
        target[slot] = _override_value(text.strip(), where)
    elif isinstance(target, list) or slot in target:
        target.pop(slot)
    return (*keys, slot)


def _slot(values: Any, key: str, where: str) -> Any:
    """`key` as a table's key or as a place in a list."""
    if isinstance(values, dict):
        return key
    if isinstance(values, list) and key.isdecimal() and int(key) < len(values):
        return int(key)
    holder = f"a list of {len(values)}, counted from 0" if isinstance(values, list) else "a single value"
    raise RecipeError(f"there is no {key!r} in {holder}", where=where, fix="as in --set teachers.0.top_k=5")


def _override_value(text: str, where: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    except RecursionError:
        raise _too_deep(where) from None
    return parsed["value"] if len(parsed) == 1 else text


def _check_depth(values: Mapping[str, Any], where: str) -> None:
    level: list[Any] = [values]
    for _ in range(DEEPEST):
        level = [
            item for value in level if isinstance(value, dict | list) for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise _too_deep(where)


def _too_deep(where: str) -> RecipeError:
    return RecipeError("nested too deep", where=where, fix=f"keep tables and lists to {DEEPEST} levels")


def _syntax_error(error: tomllib.TOMLDecodeError, text: str, source: str) -> RecipeError:
    what, _, place = str(error).partition(" (at ")
    numbers = re.findall(r"\d+", place)
    line, column = (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else (text.rstrip("\n").count("\n") + 1, None)
    where = f"{source}:{line}" + (f":{column}" if column else "")
    return RecipeError(f"not valid TOML: {what[0].lower()}{what[1:]}", where=where, fix="strings take quotes, tables [brackets]")


def part_settings(model: type[Model], given: Mapping[str, Any], of: str, where: str) -> Model:
    """The settings of a part, which stand beside its name in a section of the recipe.

    Args:
        model: the part's settings.
        given: as in the recipe.
        of: the part, as in `the filter 'answer'`.
        where: its place in the recipe, for errors.

    Raises:
        RecipeError: an unknown setting, or a value that a setting cannot have.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        fault = error.errors()[0]
    key = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        raise RecipeError(f"unknown key {key!r} for {of}", where=where, fix=did_you_mean(key, sorted(model.model_fields)))
    what = fault["msg"].removeprefix("Value error, ")
    raise RecipeError(f"{key}: {what}" if key else what, where=where, fix=f"see {of}")


def _recipe_error(error: ValidationError, model: type[BaseModel], text: str, source: str, set_by: Mapping[KeyPath, str]) -> RecipeError:
    """The first fault, unknown keys before all others: a misspelt key is also why another one is missing."""
    faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    path, what, fix = _explain(faults[0], model)
    override = next((given for keys, given in set_by.items() if path[: len(keys)] == keys[: len(path)]), None)
    if override and _holds_key(path):
        override = f"{override.partition('=')[0]}=…"
    line = line_of(text, path)
    where = f"--set {override}" if override else f"{source}:{line}" if line else source
    return RecipeError(what, where=where, fix=fix)


def _explain(fault: ErrorDetails, model: type[BaseModel]) -> tuple[KeyPath, str, str]:
    """Key path, fault and remedy of one of pydantic's errors."""
    path, given = tuple(key for i, key in enumerate(fault["loc"]) if i == 0 or key not in (NUMBER, RAMP)), fault["input"]
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, Fault):
        keys = cause.key.split(".")
        return path + tuple(int(key) if key.isdecimal() else key for key in keys), cause.what, ""
    name, described = ".".join(map(str, path)), _description(model, path)
    match fault["type"]:
        case "extra_forbidden":
            what, fix = f"unknown key {name!r}", _hint(str(path[-1]), list(_fields(_section(model, path[:-1]))), model)
        case "missing":
            path, what, fix = path[:-1], f"{name!r} is missing", "add it"
        case "tuple_type" if isinstance(given, dict):
            what, fix = f"{name!r} is a list of tables", f"write [[{name}]]"
        case "too_short":
            what, fix = f"{name!r} must not be empty", described
        case _ if _holds_key(path):
            what, fix = f"{name!r} is not what belongs there", described
        case "string_pattern_mismatch":
            what, fix = f"{name!r} cannot be {json.dumps(given)}", described
        case _:
            rule = fault["msg"].removeprefix("Input ").removeprefix("Value error, ")
            what, fix = f"{name!r} {rule[0].lower()}{rule[1:]}, got {json.dumps(given, default=str)}", described
    return path, what, fix


def _holds_key(path: Sequence[str | int]) -> bool:
    """Whether what stands at a path may be a server's key, which is not to be shown."""
    return any(str(name).lower() in KEY_NAMES | {"api_key_env", "parameters"} for name in path)


def _description(model: type[BaseModel], path: Sequence[str | int]) -> str:
    """What the setting at `path` is, `it is: DESCRIPTION`, from its field; empty for the items of a plain list or table."""
    field = _fields(_section(model, path[:-1])).get(str(path[-1])) if path else None
    return f"it is: {field.description.rstrip('.')}" if field and field.description else ""


def _hint(key: str, known: list[str], model: type[BaseModel]) -> str:
    """The nearest known key; for a key at home elsewhere, that section."""
    homes = [name for name, field in model.model_fields.items() if key in _fields(field.annotation)]
    hint = did_you_mean(key, known)
    return f"it belongs to [{homes[0]}]" if homes and not hint.startswith("did") else hint


def _section(model: type[BaseModel], path: Sequence[str | int]) -> Any:
    """The annotation of the section at `path`; None when the path leaves the sections."""
    annotation: Any = model
    for key in path:
        if isinstance(key, str):
            field = _fields(annotation).get(key)
            annotation = field.annotation if field else None
    return annotation


def _fields(annotation: Any) -> dict[str, Any]:
    """The fields of the model in an annotation: `X`, `X | None`, `tuple[X, ...]`; none for anything else."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return dict(kind.model_fields)
    return {}
