"""What every loss part is."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from potstill.fit import Batch, Term
from potstill.train.live import LiveTeacher


@runtime_checkable
class Loss(Protocol):
    """One part of the training loss, made from its section of the recipe and the live teacher, if there is one."""

    def term(self, batch: Batch, live: LiveTeacher | None) -> Term:
        """The part's term for one batch."""
        ...
