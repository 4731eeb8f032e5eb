"""Numbers and texts as people read them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from potstill.types import Finding

_BYTES = ("B", "kB", "MB", "GB", "TB")


def shortened(text: str, most: int) -> str:
    """The first `most` characters, and how many more there are."""
    return text if len(text) <= most else f"{text[:most]} … ({len(text) - most:,} more characters)"


def significant(value: float, digits: int = 3) -> str:
    """`value` with so many significant digits and commas between thousands: `12,346`, `0.0123`."""
    if not math.isfinite(value):
        return "not finite"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -5:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{max(0, digits - 1 - exponent)}f}"


def short(value: float) -> str:
    """As `significant`, without zeros at its end: `3.1`, `10.7`, `12,346`."""
    text = significant(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def compact(value: float) -> str:
    """A count in three digits: `940`, `12.3k`, `1.32M`, `7.6B`."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def percent(value: float, decimals: int = 1) -> str:
    """A share as percent: `97.1%`."""
    return f"{100 * value:.{decimals}f}%"


def size_of(count: float) -> str:
    """Bytes in decimal units: `2.64 MB`."""
    power = 0
    while abs(count) >= 1000 and power < len(_BYTES) - 1:
        count, power = count / 1000, power + 1
    return f"{count:.3g} {_BYTES[power]}"


def duration(seconds: float) -> str:
    """`43 s`, `4 min 12 s`, `1 h 02 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def seconds_between(started: str, finished: str) -> float | None:
    """Seconds between two times in ISO 8601; None where one is missing or is no time."""
    try:
        return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return None


def factor(ratio: float) -> str:
    """How many times: `10.9×`."""
    return f"{short(ratio)}×"


def measured(value: float, unit: str) -> str:
    """A value in its unit, the unit written where the number alone does not say it."""
    match unit:
        case "share":
            return percent(value)
        case "ratio":
            return factor(value)
        case "bytes":
            return size_of(value)
        case "parameters":
            return f"{value:,.0f}"
        case "tokens/s" | "perplexity":
            return significant(value)
    return f"{value:.3f}" if abs(value) < 100 else significant(value)


def interval(finding: Finding) -> str:
    """The 95% interval in the unit of the value: `[94.8, 98.9]`; empty where none is known."""
    if finding.low is None or finding.high is None:
        return ""
    if finding.unit == "share":
        return f"[{100 * finding.low:.1f}, {100 * finding.high:.1f}]"
    return f"[{measured(finding.low, finding.unit).rstrip('×')}, {measured(finding.high, finding.unit).rstrip('×')}]"


def kept(finding: Finding | None) -> str:
    """A ratio as percent of what it is a ratio to, with its interval: `97.1% [94.8, 98.9]`."""
    return told(finding if finding is None else replace(finding, unit="share"))


def told(finding: Finding | None) -> str:
    """Value and interval; a dash where it was not looked at, and why where nothing could be measured."""
    if finding is None:
        return "–"
    if finding.value is None:
        return "not measured"
    return f"{measured(finding.value, finding.unit)} {interval(finding)}".rstrip()


def model_name(model: str) -> str:
    """A model as it is called on the page: the kind and the end of its path, without settings: `hf:…/stories260K/hf`."""
    kind, _, place = model.partition("?")[0].partition(":")
    steps = place.split("/")
    return f"{kind}:{place if len(steps) <= 2 else '…/' + '/'.join(steps[-2:])}"


def plural(n: int, one: str, many: str = "") -> str:
    """`1 trace`, `3 traces`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
