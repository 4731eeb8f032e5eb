"""The command line. It is thin: it reads words, calls the package and tells what came of it."""

from potstill.cli.entry import main

__all__ = ["main"]
