"""Where prompts come from: what a source is, the kinds of them, and how a row becomes a prompt."""

from potstill.sources.request import Keeping, OpenedSource, Rejected, Request, Sifting, Source, open_source

__all__ = ["Keeping", "OpenedSource", "Rejected", "Request", "Sifting", "Source", "open_source"]
