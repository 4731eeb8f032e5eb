"""Loss parts: what a batch's rows are compared with. One name, one file; a part gives numbers a token and leaves the rest to the loop."""
