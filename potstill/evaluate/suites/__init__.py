"""Suites: what is measured, one name, one file."""
