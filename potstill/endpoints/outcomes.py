"""From the log-probabilities in a response to what a teacher expected, with the checks that tell a broken response from a sound one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from potstill.endpoints.base import MalformedError
from potstill.models.base import Outlook
from potstill.types import LogProbKind

FLOOR = -9999.0
"""vLLM and hosted APIs write this for minus infinity; SGLang writes the smallest float."""
_SLACK = 1e-3
"""Nats, and mass over one, that the rounding of a sound server may cost."""

Row = Sequence[tuple[int, float]]
"""Token ids and log-probabilities of one position, in any order; -1 is the id of an outcome whose token is not known."""

FEWER = "the server shows fewer than it was asked for, or two of them under one name: lower top_k, or use a version that names token ids"
"""What to do where too few outcomes come, or two under one name."""
_NO_PROBABILITIES = "the numbers are no log-probabilities of the model: see the server's settings (logits, penalties, a grammar)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of each position.

    Attributes:
        top_k: how many of the likeliest tokens are kept.
        shown: how many each row must show at least: `top_k`, or the whole vocabulary where it is smaller.
        kind: what the log-probabilities are of.
        displacing: whether a row may begin with the token that was there, in the place of the last of the likeliest, as vLLM's chat does.
    """

    top_k: int
    shown: int
    kind: LogProbKind = "raw"
    displacing: bool = False


def outlook(token_ids: Sequence[int], log_p: Sequence[float | None], rows: Sequence[Row], asked: Asked) -> Outlook:
    """What was expected at T tokens.

    Args:
        token_ids: [T] the tokens that were there.
        log_p: [T] their log-probabilities, nats.
        rows: [T] the outcomes told at each position, the realised one among them or not; empty when none were asked for.
        asked: what each position must show.

    Raises:
        MalformedError: something is missing, colliding, not a number or not a distribution.
    """
    if not asked.top_k:
        return _bare(_numbers(log_p, len(token_ids)), asked.kind)
    widest = max([asked.top_k, *(len(row) for row in rows)])
    ids, values = np.full((len(rows), widest), -1, np.int64), np.full((len(rows), widest), -np.inf)
    for place, row in enumerate(rows):
        if row:
            ids[place, : len(row)], values[place, : len(row)] = zip(*row, strict=True)
    return array_outlook(token_ids, log_p, ids, values, asked)


def array_outlook(token_ids: Sequence[int], log_p: Sequence[float | None], ids: np.ndarray, values: np.ndarray, asked: Asked) -> Outlook:
    """`outlook` of outcomes in arrays.

    Args:
        token_ids: [T] as in `outlook`.
        log_p: [T] as in `outlook`.
        ids: [T, w] outcomes, -1 where there is none, or none that is known: it counts for the ranks, and is in the tail.
        values: [T, w] their log-probabilities; -inf where there is none.
        asked: as in `outlook`.

    Raises:
        MalformedError: as in `outlook`.
    """
    realised = _numbers(log_p, len(token_ids))
    if len(ids) != len(token_ids):
        raise MalformedError(f"{len(token_ids)} tokens, and the likeliest tokens of {len(ids)} positions")
    values = _floored(values.astype(np.float64))
    _check_rows(ids, values, asked)
    among = _agreeing(np.asarray(token_ids, np.int64), realised, ids, values)
    rank = 1 + (values > among[:, None]).sum(1)
    known = np.isfinite(among) & (rank <= asked.top_k)
    left_out = ids < 0
    if asked.displacing:
        stray = _stray(np.asarray(token_ids, np.int64), ids, values, asked.top_k)
        known &= ~stray
        left_out[:, 0] |= stray
    ids, values = np.where(left_out, -1, ids), np.where(left_out, -np.inf, values)
    order = np.lexsort((left_out, -values), axis=1)[:, : asked.top_k]
    kept_ids, kept = np.take_along_axis(ids, order, 1), np.take_along_axis(values, order, 1)
    tail = np.clip(1.0 - np.exp(kept).sum(1), 0.0, 1.0)
    return Outlook(
        log_p=realised.astype(np.float32),
        rank=np.where(known, rank, 0).astype(np.int32),
        support_ids=kept_ids.astype(np.int32),
        support_log_p=kept.astype(np.float32),
        tail_mass=tail.astype(np.float32),
        kind=asked.kind,
    )


def bare_outlook(log_p: Sequence[float | None], kind: LogProbKind = "raw") -> Outlook:
    """The realised tokens' log-probabilities alone: all mass is in the tail.

    Raises:
        MalformedError: one is missing or not a log-probability.
    """
    return _bare(_numbers(log_p, len(log_p)), kind)


def _bare(realised: np.ndarray, kind: LogProbKind) -> Outlook:
    steps = len(realised)
    nothing_ids, nothing = np.zeros((steps, 0), np.int32), np.zeros((steps, 0), np.float32)
    whole = np.ones(steps, np.float32)
    return Outlook(realised.astype(np.float32), np.zeros(steps, np.int32), nothing_ids, nothing, whole, kind=kind)


def join(parts: Sequence[Outlook]) -> Outlook:
    """Outlooks at tokens that follow each other, as one; at least one."""
    return Outlook(
        log_p=np.concatenate([part.log_p for part in parts]),
        rank=np.concatenate([part.rank for part in parts]),
        support_ids=np.concatenate([part.support_ids for part in parts]),
        support_log_p=np.concatenate([part.support_log_p for part in parts]),
        tail_mass=np.concatenate([part.tail_mass for part in parts]),
        kind=parts[0].kind,
    )


def _numbers(log_p: Sequence[float | None], steps: int) -> np.ndarray:
    if len(log_p) != steps:
        raise MalformedError(f"{steps} tokens, and log-probabilities of {len(log_p)}")
    numbers = _floored(np.array([np.nan if value is None else value for value in log_p], np.float64))
    if np.isnan(numbers).any() or (numbers > _SLACK).any():
        at = int(np.flatnonzero(np.isnan(numbers) | (numbers > _SLACK))[0])
        raise MalformedError(f"the log-probability of token {at} is {log_p[at]}", _NO_PROBABILITIES)
    return np.asarray(np.minimum(numbers, 0.0))


def _floored(values: np.ndarray) -> np.ndarray:
    return np.where(values <= FLOOR, -np.inf, values)


def _check_rows(ids: np.ndarray, values: np.ndarray, asked: Asked) -> None:
    counts = (ids >= 0).sum(1)
    if (counts < asked.shown).any():
        at = int(np.flatnonzero(counts < asked.shown)[0])
        what = f"position {at} shows {counts[at]} outcomes and {asked.shown} were asked for: none, or with colliding names"
        raise MalformedError(what, FEWER)
    ordered = np.sort(ids, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise MalformedError("a token stands twice among the outcomes of a position", _NO_PROBABILITIES)
    if np.isnan(values).any() or (values > _SLACK).any() or (np.exp(values).sum(1) > 1 + _SLACK).any():
        what = "the outcomes of a position are no part of a distribution: not a number, or more than one in sum"
        raise MalformedError(what, _NO_PROBABILITIES)


def _stray(token_ids: np.ndarray, ids: np.ndarray, values: np.ndarray, top_k: int) -> np.ndarray:
    """[T] whether a row begins with the realised token though all others are likelier, and has no more than the outcomes that are kept:
    whether it is the last of the likeliest itself, or only stands in that one's place, cannot be told.
    """
    told = ((ids >= 0) | np.isfinite(values)).sum(1)
    likelier = (values > values[:, :1]).sum(1)
    stray: np.ndarray = (ids[:, 0] == token_ids) & (told <= top_k) & (likelier > 0) & (likelier == told - 1)
    return stray


def _agreeing(token_ids: np.ndarray, realised: np.ndarray, ids: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What the outcomes say of the realised token, [T]; -inf where it is not among them. It must be what is said of it by itself."""
    same = ids == token_ids[:, None]
    among: np.ndarray = np.where(same, values, -np.inf).max(1, initial=-np.inf)
    both = np.isfinite(realised) & np.isfinite(among)
    if (np.abs(among[both] - realised[both]) > _SLACK).any() or (np.isfinite(realised) != np.isfinite(among))[same.any(1)].any():
        raise MalformedError("a token's own log-probability is not the one among the outcomes of its position", FEWER)
    return among
