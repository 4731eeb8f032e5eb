"""The stage that makes a student from kept traces."""

from potstill.train.stage import fit

__all__ = ["fit"]
