"""Probes of the log-probabilities: whether they come, what they are of, and whether they can be trusted.

The tolerances are in nats. Models in float32 repeat themselves to 1e-5; batched bfloat16 moves log-probabilities by hundredths, and a
stale cache or a second BOS by whole nats.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from potstill.doctor.answering import why_no_ids
from potstill.doctor.patient import HOTTER, OUTCOMES, QUESTION, UNHEARD, Patient
from potstill.doctor.probe import Told, numbers_agree, probe
from potstill.doctor.result import Outcome
from potstill.models import Answer, Given, Outlook
from potstill.types import Prompt

ROUNDING, HARM = 0.02, 0.25
"""A difference of at most the first is rounding, and one beyond the second is another distribution."""
MASS = 1e-3
"""How far probabilities may sum to more than one, from rounding."""
FLOOR = -9998.0
"""Some servers write -9999 for a log-probability that cannot be written in JSON."""
FLAT = 0.05
"""Log-probabilities that spread by less (standard deviation) tell no temperature."""

NOTHING_CAME = "no log-probabilities came"


@probe("log-probabilities", signal=True)
def log_probabilities(patient: Patient) -> Told:
    """Whether they come at all, one a token."""
    if "top_k" not in patient.gives:
        return Told("refused", "none: it gives text only", 'use losses with kind = "cross_entropy", or another teacher')
    if patient.silence is not None:
        return Told("refused", f"asked for them it does not answer: {patient.silence.what}", patient.silence.fix)
    said = patient.answer
    if not said.token_ids:
        return Told("refused", *why_no_ids(said))
    width = said.outlook.support_ids.shape[-1]
    if not len(said.outlook) or not width:
        fix = (
            "the server answered without them: start it so that it returns log-probabilities (vLLM: --max-logprobs), or change the dialect"
        )
        return Told("refused", "they were asked for and did not come", fix)
    if len(said.outlook) != len(said.token_ids):
        return Told(
            "refused", f"{len(said.outlook)} positions for {len(said.token_ids)} tokens", "the server drops some: use another version"
        )
    return Told("ok", f"{width} outcomes at each of {len(said.outlook)} tokens")


@probe("prompt scoring", signal=True)
def prompt_scoring(patient: Patient) -> Told:
    """Whether it scores a given text."""
    if "score" not in patient.can:
        return Told("ok", "not given: only what it draws itself comes with log-probabilities")
    try:
        scored = patient.score(_given(patient))
    except UNHEARD as error:
        return Told("refused", f"it cannot: {error.what}", error.fix or "take a dialect that does not claim to")
    if not len(scored.outlook):
        return Told("refused", "it claims to, and no log-probabilities came", "the server dropped prompt_logprobs without an error")
    return Told("ok", f"{len(scored.outlook)} tokens of a given text")


@probe("raw or scaled", "top_k", "sampling", signal=True)
def raw_or_scaled(patient: Patient) -> Told:
    """Whether the log-probabilities are the model's own, or divided by the temperature.

    The first token after a prompt has one distribution, whatever it is drawn at. Divided by the temperature, its log-probabilities
    differ from one another by 1 / temperature of what they should.
    """
    slope = _slope(_first(patient.answer), _first(patient.hot))
    if slope is None:
        return Told("unknown", "too few outcomes in common, or too flat to tell")
    if abs(slope - 1) < 0.1:
        return Told("ok", f"raw: at temperature {HOTTER:g} they differ as at 1 (slope {slope:.3f})")
    if abs(slope - 1 / HOTTER) > 0.1:
        return Told("unknown", f"neither: slope {slope:.3f} at temperature {HOTTER:g}", "ask without penalties and other settings")
    seen = f"divided by the temperature: slope {slope:.3f} at {HOTTER:g}; the recipe draws at {patient.temperature:g}"
    fix = "draw at temperature 1, or start SGLang with SGLANG_RETURN_ORIGINAL_LOGPROB=1, vLLM with --logprobs-mode raw_logprobs"
    return Told("warning" if patient.temperature == 1 else "refused", seen, fix)


@probe("drawn and scored", "top_k", "score", "sampling", signal=True)
def drawn_and_scored(patient: Patient) -> Told:
    """Whether it says the same of its answer when it scores that as when it drew it."""
    said, scored = patient.answer, patient.score(_given(patient))
    if not len(said.outlook) or not len(scored.outlook):
        return Told("unknown", NOTHING_CAME)
    if scored.token_ids != said.token_ids:
        return Told("unknown", "the text was put in other tokens when it was scored")
    difference = _apart(scored.outlook, said.outlook)
    seen = f"largest difference {difference:.2g} nats over {len(said.token_ids)} tokens"
    fix = "the two read other prompts (a second BOS, a stale cache: vLLM --no-enable-prefix-caching) or scale differently"
    outcome = numbers_agree(difference, ROUNDING, HARM)
    return Told(outcome, seen, "" if outcome == "ok" else fix)


@probe("repeatable", "top_k", signal=True)
def repeatable(patient: Patient) -> Told:
    """Whether the same text has the same log-probabilities when it is asked about again, with another request in between."""
    if not len(patient.answer.outlook):
        return Told("unknown", NOTHING_CAME)
    if "score" in patient.gives:
        given = _given(patient)
        seen = [patient.score(given).outlook, patient.score(given).outlook]
        patient.score(Given(_longer(given.prompt), given.text, given.token_ids, given.finish_reason))
        seen.append(patient.score(given).outlook)
        at_once, after = _apart(seen[0], seen[1]), _apart(seen[0], seen[2])
    else:
        first, again = _first(patient.answer), _first(patient.draw(tokens=1))
        patient.draw(tokens=1, seed=1)
        last = _first(patient.draw(tokens=1))
        at_once, after = _difference(first, again), _difference(first, last)
    told = f"largest difference {at_once:.2g} nats at once, {after:.2g} after another request"
    outcome = numbers_agree(max(at_once, after), ROUNDING, HARM)
    fix = "start the server without prefix caching (vLLM: --no-enable-prefix-caching), or in a deterministic mode"
    return Told(outcome, told, "" if outcome == "ok" else fix)


@probe("cap on k", "top_k", signal=True)
def cap_on_k(patient: Patient) -> Told:
    """How many outcomes come when 1, 20 and the recipe's number are asked for."""
    came: dict[int, int] = {}
    for k in sorted({1, OUTCOMES, patient.top_k} - {0}):
        try:
            came[k] = _width(patient.draw(tokens=1, outcomes=k).outlook)
        except UNHEARD as error:
            fix = f"set teachers.top_k to {max(came, default=0)}, or raise the server's limit (vLLM: --max-logprobs)"
            outcome: Outcome = "refused" if k <= patient.top_k else "ok"
            return Told(outcome, f"{k} outcomes cannot be had: {error.what}", fix)
    seen = ", ".join(f"{count} of {k}" for k, count in came.items())
    if came.get(patient.top_k, 0) >= patient.top_k:
        return Told("ok", seen)
    fix = f"set teachers.top_k to {max(came.values())}, or raise the server's limit (vLLM: --max-logprobs)"
    return Told("warning", f"{seen}: fewer than the recipe asks for", fix)


@probe("whole rows", "top_k", signal=True)
def whole_rows(patient: Patient) -> Told:
    """Whether every position has as many outcomes as the others: those whose token is not known are left out, and count in the tail."""
    outlook = patient.answer.outlook
    if not outlook.support_ids.size:
        return Told("unknown", NOTHING_CAME)
    counts = (outlook.support_ids >= 0).sum(-1)
    if counts.min() < counts.max():
        short = int((counts < counts.max()).sum())
        fix = "the others are in the tail; name the model's own tokenizer, or use a dialect that tells tokens by their ids"
        return Told("warning", f"{short} of {len(counts)} positions have fewer than {counts.max()} outcomes", fix)
    return Told("ok", f"{counts.max()} outcomes at every one of {len(counts)} positions")


@probe("probabilities", "top_k", signal=True)
def probabilities(patient: Patient) -> Told:
    """Whether the outcomes are distinct and sorted, with probabilities that sum to one at most."""
    outlook = patient.answer.outlook
    if not outlook.support_ids.size:
        return Told("unknown", NOTHING_CAME)
    fix = "the numbers are no log-probabilities: see the server's settings (logits, penalties, a grammar)"
    faults = list(_faults(outlook))
    mass = float(_mass(outlook).max())
    if faults:
        return Told("refused", "; ".join(faults), fix)
    return Told("ok", f"distinct, sorted, at most {mass:.4f} together")


@probe("floor", "top_k", signal=True)
def floor(patient: Patient) -> Told:
    """Whether some log-probabilities are a floor that stands for less."""
    outlook = patient.answer.outlook
    there = outlook.support_log_p[outlook.support_ids >= 0]
    values = np.concatenate([there, outlook.log_p])
    if not values.size:
        return Told("unknown", NOTHING_CAME)
    floored = int((values <= FLOOR).sum())
    if floored:
        return Told("warning", f"{floored} of {values.size} values are at the floor ({values.min():g})", "they count as probability 0")
    return Told("ok", f"none; the lowest is {values.min():.2f} nats")


def _faults(outlook: Outlook) -> Iterable[str]:
    """What is wrong with the rows of outcomes."""
    ids, log_p = outlook.support_ids, outlook.support_log_p
    there = ids >= 0
    if np.isnan(log_p[there]).any() or np.isnan(outlook.log_p).any():
        yield "some are not numbers"
        return
    if any(len(set(row[mask].tolist())) < mask.sum() for row, mask in zip(ids, there, strict=True)):
        yield "an outcome stands twice at a position"
    if any((np.diff(row[mask]) > 1e-6).any() for row, mask in zip(log_p, there, strict=True)):
        yield "they are not sorted"
    mass = _mass(outlook)
    if (mass > 1 + MASS).any():
        yield f"they sum to {float(mass.max()):.3f}"
    if len(outlook.tail_mass) and outlook.codec == "top_k" and (np.abs(mass + outlook.tail_mass - 1) > MASS)[mass <= 1 + MASS].any():
        yield f"with their tail they sum to {float((mass + outlook.tail_mass).min()):.3f}"


def _mass(outlook: Outlook) -> np.ndarray:
    """[T] probability of the outcomes kept."""
    there = np.where(outlook.support_ids >= 0, np.exp(outlook.support_log_p.astype(np.float64)), 0.0)
    mass: np.ndarray = there.sum(-1)
    return mass


def _given(patient: Patient) -> Given:
    """The text that is scored: its own answer."""
    said = patient.answer
    return Given(patient.prompt, said.text, said.token_ids, said.finish_reason)


def _longer(prompt: Prompt) -> Prompt:
    """A prompt that begins as another and goes on: what a cache of prefixes mixes up."""
    if not prompt.messages:
        return Prompt((), reference=f"{prompt.reference} and")
    return Prompt((*prompt.messages[:-1], QUESTION.messages[0]))


def _first(answer: Answer) -> dict[int, float]:
    """The outcomes of an answer's first token, with their log-probabilities."""
    outlook = answer.outlook
    if not len(outlook):
        return {}
    row = zip(outlook.support_ids[0].tolist(), outlook.support_log_p[0].tolist(), strict=True)
    return {token_id: log_p for token_id, log_p in row if token_id >= 0}


def _slope(plain: dict[int, float], hot: dict[int, float]) -> float | None:
    """Least squares: how much the second differ where the first differ by one nat; None where these are too few or too flat."""
    both = sorted(plain.keys() & hot.keys())
    a, b = np.array([plain[i] for i in both]), np.array([hot[i] for i in both])
    if len(both) < 2 or a.std() < FLAT:
        return None
    return float(((a - a.mean()) * (b - b.mean())).sum() / ((a - a.mean()) ** 2).sum())


def _difference(one: dict[int, float], other: dict[int, float]) -> float:
    """The largest difference of the outcomes that both have; without any the two say nothing alike."""
    both = one.keys() & other.keys()
    return max((abs(one[i] - other[i]) for i in both), default=float("inf"))


def _apart(one: Outlook, other: Outlook) -> float:
    """The largest difference of two scorings of the same tokens."""
    return float(np.abs(one.log_p - other.log_p).max(initial=0.0)) if len(one) == len(other) else float("inf")


def _width(outlook: Outlook) -> int:
    """Outcomes that came at the first position."""
    return int((outlook.support_ids[:1] >= 0).sum())


PROBES = (
    log_probabilities,
    prompt_scoring,
    raw_or_scaled,
    drawn_and_scored,
    repeatable,
    cap_on_k,
    whole_rows,
    probabilities,
    floor,
)
"""In the order of the table."""
