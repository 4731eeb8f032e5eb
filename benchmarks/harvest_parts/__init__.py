"""The parts of `harvest.py`, a figure or a few each."""
