from __future__ import annotations

import pickle

import pytest

from potstill import errors
from potstill.errors import BudgetError, LimitError, MissingExtraError, PotstillError, StoreError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PotstillError)]


def test_an_error_says_where_what_and_what_to_do() -> None:
    error = StoreError("the disk is full", where="runs/x", fix="make room")
    assert str(error) == "runs/x: the disk is full; make room"
    assert str(StoreError("the disk is full")) == "the disk is full"
    assert str(StoreError("full", fix="make room")) == "full; make room"


@pytest.mark.parametrize("kind", KINDS)
def test_errors_survive_the_way_between_processes(kind: type[PotstillError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("what", where="where", fix="fix")))
    assert type(copy) is kind
    assert (copy.what, copy.where, copy.fix) == ("what", "where", "fix")


def test_exit_codes() -> None:
    assert {kind.exit_code for kind in KINDS if kind not in (LimitError, BudgetError)} == {1}
    assert LimitError.exit_code == 2
    assert BudgetError.exit_code == 3


def test_a_missing_extra_is_named() -> None:
    error = MissingExtraError.of("datasets", "hub", "reading from the hub")
    assert "datasets" in str(error)
    assert "pip install 'potstill[hub]' -c constraints.txt" in str(error)


def test_the_tree_in_the_docstring_is_whole() -> None:
    for kind in KINDS:
        assert kind.__name__ in str(errors.__doc__)
