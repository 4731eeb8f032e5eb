"""The package as the house tests see it: its modules, their sizes and their imports, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "potstill"

FOUNDATION = {"errors", "types", "registry", "recipe", "store"}
TOOLS = {"text", "signal", "endpoints", "models", "interp", "judges", "sources", "attacks", "curate", "fit", "world", "teach"}
STAGES = {"prompts", "generate", "filter", "attribute", "train", "edit", "evaluate", "mine", "calibrate", "export", "serve", "report"}
TOP = {"pipeline", "check", "compare", "doctor", "cli", "console", "__main__", ""}
"""The last is `potstill/__init__.py`, which hands everything on."""
LAYERS = {name: height for height, names in enumerate((FOUNDATION, TOOLS, STAGES, TOP)) for name in names}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file of every module of the package; a package is its `__init__`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def unit(module: str) -> str:
    """The part of the house that a module belongs to: `potstill.store.run` is of `store`."""
    return [*module.split("."), ""][1]


def imports(module: str) -> set[str]:
    """The modules of the package that a module imports anywhere: in functions, for type checking only, and by name through importlib."""
    return {_module_of(target) for node in ast.walk(parsed(modules()[module])) for target in _targets(module, node)} - {module}


def _targets(module: str, node: ast.AST) -> Iterator[str]:
    """The dotted names of the package that a statement imports."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [f"{_absolute(module, node)}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
        names = [word.value for word in node.args[:1] if isinstance(word, ast.Constant) and isinstance(word.value, str)]
    else:
        return
    yield from (name for name in names if name.split(".")[0] == "potstill")


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".") if modules()[module].name == "__init__.py" else module.split(".")[:-1]
    return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _module_of(name: str) -> str:
    """The module that a dotted name is, or is defined in."""
    while name not in modules():
        name = name.rpartition(".")[0]
    return name


def functions(path: Path) -> Iterator[Function]:
    """Every function of a file, nested ones too."""
    yield from (node for node in ast.walk(parsed(path)) if isinstance(node, Function))


def length(node: Function) -> int:
    """Lines of a function, decorators left out."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def sources() -> list[Path]:
    """Every Python file of the project."""
    folders = ("potstill", "tests", "docs", "examples", "benchmarks", "studies")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
