"""The stage that shows a run: one HTML page, and a model card for the student."""

from __future__ import annotations

from potstill.report.stage import write

__all__ = ["write"]
