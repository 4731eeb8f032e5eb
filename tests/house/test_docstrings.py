"""Every public function, method and class says what it does, and its annotations are whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from potstill import registry
from tests.house import tree


def public(body: list[ast.stmt]) -> Iterator[ast.ClassDef | tree.Function]:
    """The public functions and classes of a module, and the public methods of its public classes."""
    for node in body:
        if isinstance(node, ast.ClassDef | tree.Function) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def unannotated(node: tree.Function) -> list[str]:
    """The arguments without an annotation, and `return` when the result has none."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *filter(None, [node.args.vararg, node.args.kwarg])]
    bare = [a.arg for a in arguments if a.annotation is None and a.arg not in {"self", "cls"}]
    return bare + (["return"] if node.returns is None else [])


@pytest.mark.parametrize("module", sorted(tree.modules()))
def test_public_names_say_what_they_do(module: str) -> None:
    source = tree.parsed(tree.modules()[module])
    assert ast.get_docstring(source), f"{module} has no docstring"
    silent = [f"{node.lineno} {node.name}" for node in public(source.body) if not ast.get_docstring(node)]
    assert not silent


@pytest.mark.parametrize("module", sorted(tree.modules()))
def test_annotations_are_whole(module: str) -> None:
    bare = {f"{f.lineno} {f.name}": unannotated(f) for f in tree.functions(tree.modules()[module]) if unannotated(f)}
    assert not bare


@pytest.mark.parametrize("kind", sorted(registry.HOMES))
def test_every_part_has_a_line_to_show(kind: str) -> None:
    home = registry.HOMES[kind]
    if find_spec(home.rpartition(".")[0]) is None or find_spec(home) is None or not registry.names(kind):
        pytest.skip(f"{home} holds no {kind} yet")
    for name in registry.names(kind):
        assert registry.find(kind, name).summary, f"{kind} {name} has no docstring"
