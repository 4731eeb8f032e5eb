"""The families of attacks, one a file."""
