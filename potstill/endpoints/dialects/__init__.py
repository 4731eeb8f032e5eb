"""How servers are asked and what they answer, one kind of server a file."""
