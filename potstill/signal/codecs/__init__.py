"""How a teacher's distribution at a position is kept, one way a file."""
