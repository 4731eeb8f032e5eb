"""Divergences between a teacher's and a student's distribution: one name, one file."""
