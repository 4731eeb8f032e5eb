"""What a teacher says at a position: a distribution over K outcomes, how it is stored, and how far a student's is from it."""

from potstill.signal.outcomes import Dense, HiddenStates, Outcomes, Point, Signal, Sparse

__all__ = ["Dense", "HiddenStates", "Outcomes", "Point", "Signal", "Sparse"]
