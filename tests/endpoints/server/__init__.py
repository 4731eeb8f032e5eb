"""A server for tests: a tiny real model that speaks the five dialects truthfully, and errs where it is told to."""

from tests.endpoints.server.behaviour import FAULTS, Behaviour
from tests.endpoints.server.serving import Server

__all__ = ["FAULTS", "Behaviour", "Server"]
