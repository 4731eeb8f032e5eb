"""Where prompts come from: what a source is, the kinds of them, and how a row becomes a prompt."""

from potstill.sources.request import OpenedSource, Request, Source, open_source

__all__ = ["OpenedSource", "Request", "Source", "open_source"]
