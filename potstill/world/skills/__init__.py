"""The generators, one file a group of skills; `potstill.world.catalogue` gathers them."""
