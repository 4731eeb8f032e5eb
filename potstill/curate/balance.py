"""Balance: how often each prompt is drawn, so that the strata come to the shares that are wanted. Nothing is deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from potstill.errors import InputError
from potstill.recipe.curation import BalanceSection
from potstill.registry import did_you_mean

VERSION = "1"
"""Raised when the same prompts would be drawn otherwise."""
BALANCE = pa.schema([("prompt_id", pa.string()), ("stratum", pa.string()), ("times", pa.int32())])
"""A row a prompt that could be drawn; 0 times: it is not."""
STRATA = pa.schema(
    [
        ("stratum", pa.string()),
        ("before", pa.int64()),
        ("share_before", pa.float64()),
        ("wanted", pa.float64()),
        ("after", pa.int64()),
        ("share_after", pa.float64()),
        ("distinct", pa.int64()),
        ("short", pa.int64()),
    ]
)
"""A row a stratum: prompts that there are, the share wanted, draws, how many different prompts they are, and how many draws are lacking."""


@dataclass(frozen=True, slots=True)
class Focus:
    """How far a mixture is given to a few of its strata.

    Attributes:
        strata: how many have any prompt.
        largest: the largest stratum.
        share: of all draws that are its.
        effective: so many strata of equal size would be as mixed: the exponential of the shares' entropy (Jost 2006, Oikos 113:363).
    """

    strata: int
    largest: str
    share: float
    effective: float


@dataclass(frozen=True)
class Balanced:
    """What is drawn.

    Attributes:
        times: [N] how often each prompt is drawn.
        of: [N] the stratum of each.
        table: a row a stratum, with the columns of `STRATA`.
        before, after: the mixtures.
    """

    times: np.ndarray
    of: tuple[str, ...]
    table: pa.Table
    before: Focus
    after: Focus

    def draws(self, ids: Sequence[str]) -> pa.Table:
        """[N] the table of how often each prompt is drawn, with the columns of `BALANCE`.

        Args:
            ids: of the prompts.
        """
        return pa.table([pa.array(ids), pa.array(self.of, pa.string()), pa.array(self.times, pa.int32())], schema=BALANCE)

    def summary(self) -> dict[str, Any]:
        """The few numbers of it: draws, different prompts, draws that are lacking, and the largest stratum before and after."""
        told = {when: focus_facts(focus) for when, focus in (("before", self.before), ("after", self.after))}
        counts = {"draws": int(self.times.sum()), "distinct": int((self.times > 0).sum()), "left_out": int((self.times == 0).sum())}
        return {**counts, "short": int(sum(self.table["short"].to_pylist())), **told}


def focus_facts(focus: Focus) -> dict[str, Any]:
    """A focus as plain values."""
    return {"strata": focus.strata, "largest": focus.largest, "share": focus.share, "effective": focus.effective}


def focus(counts: Mapping[str, int]) -> Focus:
    """How far counts are given to a few strata; of equally large ones the first by name counts as the largest."""
    there = {name: count for name, count in sorted(counts.items()) if count}
    total = sum(there.values())
    if not total:
        return Focus(0, "", 0.0, 0.0)
    shares = np.array(list(there.values())) / total
    largest = max(there, key=lambda name: there[name])
    return Focus(len(there), largest, there[largest] / total, float(np.exp(-(shares * np.log(shares)).sum())))


def balance(ids: Sequence[str], strata: Sequence[str], settings: BalanceSection, seed: int, where: str = "prompts.balance") -> Balanced:
    """How often each prompt is drawn.

    A stratum gets its share of `total`, and no more than all of its prompts `max_upsampling` times: where that is less, the draws are
    lacking, and no other stratum takes them. Within a stratum every prompt is drawn equally often, give or take one; which of them once
    more follows from the seed and its id alone, so that the order does not matter and a larger total only adds.

    Args:
        ids: [N] of the prompts.
        strata: [N] the stratum of each.
        settings: what is wanted.
        seed: decides which prompts are drawn.
        where: the recipe's key, for errors.

    Raises:
        InputError: a stratum of the target has no prompt, or nothing is drawn.
    """
    there = dict(sorted(Counter(strata).items()))
    wanted = shares(there, settings, where)
    quotas = _whole({name: share * (settings.total or len(ids)) for name, share in wanted.items()})
    drawn = {name: min(quota, settings.max_upsampling * there[name]) for name, quota in quotas.items()}
    if not any(drawn.values()):
        raise InputError("balancing draws no prompt", where=where, fix="raise total, or change the target")
    times = _times(ids, strata, drawn, seed)
    distinct = Counter(name for name, count in zip(strata, times.tolist(), strict=True) if count)
    columns = {
        "stratum": list(there),
        "before": list(there.values()),
        "share_before": [count / len(ids) for count in there.values()],
        "wanted": [wanted[name] for name in there],
        "after": [drawn[name] for name in there],
        "share_after": [drawn[name] / sum(drawn.values()) for name in there],
        "distinct": [distinct[name] for name in there],
        "short": [quotas[name] - drawn[name] for name in there],
    }
    return Balanced(times, tuple(strata), pa.table(columns, schema=STRATA), focus(there), focus(drawn))


def shares(counts: Mapping[str, int], settings: BalanceSection, where: str = "prompts.balance") -> dict[str, float]:
    """The share of the draws that each stratum should have.

    With a target: as it says, and strata that it does not name have what is left of 1 in proportion to their sizes. Else proportional to
    n^(1/temperature): 1 leaves the shares as they are, higher ones level them (Arivazhagan et al. 2019, arXiv 1907.05019; as an exponent
    in Conneau and Lample 2019, arXiv 1901.07291). With neither, equal. Then a cap: what is above it goes to the others, in proportion.

    Args:
        counts: stratum -> prompts.
        settings: what is wanted.
        where: the recipe's key, for errors.

    Returns:
        stratum -> share. They sum to 1, or to less where the cap allows no more.

    Raises:
        InputError: a stratum of the target has no prompt.
    """
    if settings.target:
        found = _targeted(counts, settings.target, where)
    else:
        power = 0.0 if settings.temperature is None else 1 / settings.temperature
        found = _scaled({name: count**power for name, count in counts.items()}, 1.0)
    return found if settings.cap is None else _capped(found, settings.cap)


def _targeted(counts: Mapping[str, int], target: Mapping[str, float], where: str) -> dict[str, float]:
    for name in target:
        if name not in counts:
            raise InputError(f"no prompt is of the stratum {name!r}", where=f"{where}.target", fix=did_you_mean(name, sorted(counts)))
    rest = {name: count for name, count in counts.items() if name not in target}
    if not rest:
        return _scaled({name: target[name] for name in counts}, 1.0)
    others = _scaled(rest, max(1 - sum(target.values()), 0.0))
    return {name: target[name] if name in target else others[name] for name in counts}


def _scaled(sizes: Mapping[str, float], total: float) -> dict[str, float]:
    whole = sum(sizes.values())
    return {name: total * size / whole if whole else 0.0 for name, size in sizes.items()}


def _capped(wanted: Mapping[str, float], cap: float) -> dict[str, float]:
    """No share above the cap; what was above it goes to those that are below, in proportion, as long as there are any."""
    capped: set[str] = set()
    found = dict(wanted)
    while above := {name for name, share in found.items() if share > cap and name not in capped}:
        capped |= above
        rest = {name: share for name, share in wanted.items() if name not in capped}
        found = dict.fromkeys(capped, cap) | _scaled(rest, max(1 - cap * len(capped), 0.0))
    return {name: found[name] for name in wanted}


def _whole(sizes: Mapping[str, float]) -> dict[str, int]:
    """Sizes as whole numbers of the same sum, rounded: the largest remainders get one more."""
    found = {name: int(size + 1e-9) for name, size in sizes.items()}
    lacking = round(sum(sizes.values())) - sum(found.values())
    for name in sorted(sizes, key=lambda name: (found[name] - sizes[name], name))[: max(lacking, 0)]:
        found[name] += 1
    return found


def _times(ids: Sequence[str], strata: Sequence[str], drawn: Mapping[str, int], seed: int) -> np.ndarray:
    """[N] the draws of each stratum over its prompts."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(strata):
        places.setdefault(name, []).append(place)
    times = np.zeros(len(ids), np.int64)
    for name, mine in places.items():
        often, once_more = divmod(drawn[name], len(mine))
        times[mine] = often
        if once_more:
            times[sorted(mine, key=lambda place: (_rank(seed, ids[place]), ids[place]))[:once_more]] += 1
    return times


def _rank(seed: int, id_: str) -> int:
    return xxhash.xxh3_64_intdigest(f"{seed}/{id_}".encode())
