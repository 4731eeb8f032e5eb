"""Where prompts come from, a kind a file."""
