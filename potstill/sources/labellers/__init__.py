"""Who labels prompts, a kind a file."""
