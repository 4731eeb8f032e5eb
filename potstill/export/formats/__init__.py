"""Formats that a student is written in: one name, one file."""
