"""Every deliberate error of potstill.

    PotstillError            exit code 1: the user's to mend; printed as one line, without a traceback
    ├── RecipeError          the recipe file: what is wrong, file, line and key
    ├── InputError           a file, dataset or row that cannot be used
    ├── ModelError           a model that cannot be found, loaded or used as asked
    ├── CapabilityError      a part needs what its teacher does not give
    ├── StoreError           the run folder: locked, of another recipe, unwritable, damaged
    ├── MissingExtraError    an optional package is not installed
    ├── TrainingError        a loss or gradient that is not finite
    ├── LimitError           exit code 2: a limit that the recipe set was missed
    └── BudgetError          exit code 3: a budget of tokens or money is used up; the same command goes on once it is raised

An interrupt (Ctrl-C) exits with code 3; the same command goes on where it stopped.
"""

from __future__ import annotations


class PotstillError(Exception):
    """A deliberate error: what is wrong, where, and what to do about it.

    Args:
        what: the fault in one clause.
        where: the file, line, key or model concerned; empty when `what` says it.
        fix: what the user can do next; empty when nothing but the fault is known.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(what, where, fix)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"; {self.fix}" if self.fix else ""
        return f"{place}{self.what}{remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.fix)


def _rebuild(kind: type[PotstillError], what: str, where: str, fix: str) -> PotstillError:
    return kind(what, where=where, fix=fix)


class RecipeError(PotstillError):
    """The recipe file cannot be read, or asks for what cannot be."""


class InputError(PotstillError):
    """A file, dataset or row that cannot be used."""


class ModelError(PotstillError):
    """A model that cannot be found, loaded or used as asked."""


class CapabilityError(PotstillError):
    """A part needs what its teacher does not give; nothing is silently put in its place."""


class StoreError(PotstillError):
    """The run folder is locked, belongs to another recipe, cannot be written or is damaged."""


class MissingExtraError(PotstillError):
    """An optional package is not installed."""

    @classmethod
    def of(cls, package: str, extra: str, purpose: str) -> MissingExtraError:
        """The error for `purpose`, which needs `package` from the extra named `extra`."""
        return cls(f"{purpose} needs the package {package!r}", fix=f"pip install 'potstill[{extra}]' -c constraints.txt")


class TrainingError(PotstillError):
    """A loss or a gradient that is not finite; the last checkpoint is whole."""


class LimitError(PotstillError):
    """A limit that the recipe set was missed."""

    exit_code = 2


class BudgetError(PotstillError):
    """A budget of tokens or money, or a server's quota, is used up; all that was paid is kept, and the same command goes on."""

    exit_code = 3
