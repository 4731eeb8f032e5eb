"""Where prompts come from: what a source is, the kinds of them, and how a row becomes a prompt."""

from potstill.sources.request import Keeping, Nested, OpenedSource, Request, Sifting, Source, open_source
from potstill.text.lines import Rejected

__all__ = ["Keeping", "Nested", "OpenedSource", "Rejected", "Request", "Sifting", "Source", "open_source"]
