"""How long `potstill --help` takes, beside Python that starts and does nothing.

    python benchmarks/startup.py [--quick]

Both are processes of their own and take turns. `help_seconds` is the median wall time; the CPU time stands beside it, since a busy machine
lengthens only the first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from common import Aim, Spread, keep, show

COMMANDS = {"potstill --help": [sys.executable, "-m", "potstill.cli", "--help"], "python -c pass": [sys.executable, "-c", "pass"]}


def main() -> None:
    """Time both and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three rounds, into startup.quick.json")
    rounds = 3 if parser.parse_args().quick else 15
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for number in range(rounds + 1):
        for name, command in COMMANDS.items():
            taken = timed(command)
            if number > 0:  # the first round warms the disk's cache
                times[name].append(taken)
    wall, cpu = ({name: Spread.of(pair[clock] for pair in pairs) for name, pairs in times.items()} for clock in (0, 1))
    show("Start-up", [{"command": name, "wall s": str(wall[name]), "CPU s": str(cpu[name])} for name in COMMANDS])
    ours = "potstill --help"
    keep(
        "startup",
        {"help_seconds": wall[ours].median, "help_cpu_seconds": cpu[ours].median},
        aims={"help_seconds": Aim(at_most=0.3)},
        seeds=[],
        spread={clock: {name: s.to_json() for name, s in spreads.items()} for clock, spreads in (("wall", wall), ("cpu", cpu))},
    )


def timed(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one process."""
    before, started = os.times(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
