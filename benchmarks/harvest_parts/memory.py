"""How much memory a process has taken."""

from __future__ import annotations

from pathlib import Path


def peak_mib() -> float:
    """This process's own peak of resident memory. (`ru_maxrss` may be that of the process that started it.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
