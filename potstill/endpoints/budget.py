"""What requests cost, and the tokens and dollars that all endpoint teachers of a run may use together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from potstill.errors import BudgetError, ModelError
from potstill.models.base import Spending
from potstill.types import Usage

PRICES = ("input", "output", "cached_input")


def cost_microusd(usage: Usage, price: Mapping[str, float] | None) -> int | None:
    """Millionths of a US dollar for what an answer took, rounded up; None where the price or the tokens are not known.

    A dollar a million tokens is a millionth a token. Tokens that the server's cache held cost `cached_input`, or `input` where it is not
    given.
    """
    if price is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
    read = Decimal(str(price["input"]))
    of_cached = price.get("cached_input")
    whole = (
        (usage.prompt_tokens - cached) * read
        + cached * (read if of_cached is None else Decimal(str(of_cached)))
        + usage.completion_tokens * Decimal(str(price["output"]))
    )
    return int(whole.to_integral_value(ROUND_CEILING))


def most_microusd(tokens: int, price: Mapping[str, float] | None) -> int | None:
    """The most that so many tokens can cost; None where the price is not known."""
    if price is None:
        return None
    dearest = max(Decimal(str(value)) for value in price.values())
    return int((tokens * dearest).to_integral_value(ROUND_CEILING))


def check_price(spending: Spending, price: Mapping[str, float] | None, where: str) -> None:
    """A price can be counted with, and is there where a budget of dollars needs it.

    Raises:
        ModelError: it is missing, incomplete, or has an unknown name.
    """
    if price is None:
        if spending.usd is not None:
            fix = "give the teacher's price = {input = …, output = …} (0 for a server of your own), or leave usd_budget out"
            raise ModelError("a budget of dollars needs the teacher's price", where=where, fix=fix)
        return
    missing = [name for name in PRICES[:2] if name not in price] + [name for name in price if name not in PRICES]
    if missing:
        raise ModelError(f"the price names {sorted(price)}", where=where, fix="give input and output, and cached_input if there is one")


class Budget:
    """Tokens and dollars that are left. What a request can take is set aside while it is in flight, so that the total never goes over.

    Args:
        spending: the limits; None: none.
        tokens, microusd: what was used before.
    """

    def __init__(self, spending: Spending, tokens: int = 0, microusd: int = 0) -> None:
        self.most_tokens = spending.tokens
        self.most_microusd = None if spending.usd is None else int(Decimal(str(spending.usd)) * 1_000_000)
        self.tokens, self.microusd = tokens, microusd
        self._tokens_aside = self._microusd_aside = self._in_flight = 0

    def allows(self, tokens: int, microusd: int | None) -> bool:
        """Whether a request that takes at most this may start."""
        fits = self.most_tokens is None or self.tokens + self._tokens_aside + max(tokens, 1) <= self.most_tokens
        return fits and (self.most_microusd is None or self.microusd + self._microusd_aside + (microusd or 0) <= self.most_microusd)

    @property
    def in_flight(self) -> int:
        """Requests for which something is set aside; when they end, more may be left than it seems."""
        return self._in_flight

    def set_aside(self, tokens: int, microusd: int | None) -> None:
        """A request starts."""
        self._in_flight += 1
        self._tokens_aside += tokens
        self._microusd_aside += microusd or 0

    def settle(self, tokens: int, microusd: int | None, used_tokens: int, used_microusd: int | None) -> None:
        """A request ends, for which the first two were set aside and which took the last two."""
        self._in_flight -= 1
        self._tokens_aside -= tokens
        self._microusd_aside -= microusd or 0
        self.tokens += used_tokens
        self.microusd += used_microusd or 0

    def error(self, where: str) -> BudgetError:
        """What to raise when it is used up."""
        of_tokens = f" of {self.most_tokens:,}" if self.most_tokens is not None else ""
        of_usd = f" of {self.most_microusd / 1e6:.6g}" if self.most_microusd is not None else ""
        what = f"the budget is used up: {self.tokens:,}{of_tokens} tokens and {self.microusd / 1e6:.6g}{of_usd} US dollars are spent"
        fix = "the next request could go over it; raise the budget and run the same command: what is paid is kept, and it goes on"
        return BudgetError(what, where=where, fix=fix)


def charged(usage: Usage, set_aside: int, microusd_aside: int | None) -> tuple[int, int | None]:
    """Tokens and micro-dollars that a budget counts for an answer: what the server told, else all that was set aside."""
    told = usage.prompt_tokens is not None and usage.completion_tokens is not None
    tokens = (usage.prompt_tokens or 0) + (usage.completion_tokens or 0) if told else set_aside
    return tokens, usage.cost_microusd if usage.cost_microusd is not None else microusd_aside
