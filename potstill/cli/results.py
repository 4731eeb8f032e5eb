"""What is told when a run is done."""

from __future__ import annotations
