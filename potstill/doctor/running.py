"""The examination before a run pays its teachers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from potstill.doctor.examination import Case, cases, examine
from potstill.doctor.patient import ENDED, QUESTION
from potstill.doctor.result import Diagnosis
from potstill.endpoints.account import account
from potstill.endpoints.budget import check_price, most_microusd
from potstill.endpoints.common import most_tokens
from potstill.errors import BudgetError, CapabilityError
from potstill.models import Sampling, Teacher, spending_of
from potstill.store import Artifact, Run, rows
from potstill.store.atomic import write_text
from potstill.types import Prompt, digest

FILE = "doctor.json"
"""What was found, in the log folder of the stage's artifact."""
LOOKED_AT = 512
"""Prompts among which those are chosen that the teachers are asked."""
MOST_REQUESTS = 30
"""More than all probes of one teacher send."""


def examine_before(run: Run, prompts: Artifact, teachers: Sequence[Teacher], log: Path) -> None:
    """Examine a run's teachers, write down what was found, and stop where a student would be trained on garbage.

    A teacher that was examined with the same settings and not refused, before the run was interrupted, is not examined again.

    Args:
        run: the run.
        prompts: what `prompts.gather` made.
        teachers: of its recipe, opened.
        log: the folder to write in.

    Raises:
        CapabilityError: something is refused that the recipe's losses need, or the teacher's terms forbid it.
        BudgetError: the run's budget is smaller than what the probes may take; nothing was asked.
        PotstillError: a teacher cannot be asked.
    """
    head = list(rows(next(prompts.stream("prompts", size=LOOKED_AT)), Prompt))
    known = {facts["key"]: facts for facts in _written(log / FILE)}
    every = cases(run.recipe, head)
    _afford(run, [case for case in every if _key(case) not in known])
    found: list[dict[str, Any]] = []
    refused: list[tuple[int, Diagnosis]] = []
    for place, (case, teacher) in enumerate(zip(every, teachers, strict=True)):
        key = _key(case)
        if key in known:
            found.append(known[key])
            run.log.say(f"doctor: {case.teacher.model}: examined before")
            continue
        diagnosis = examine(case, teacher)
        bad = bool(diagnosis.of("refused"))
        found.append({**diagnosis.facts(), "key": "" if bad else key})
        write_text(log / FILE, json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        run.log.say(f"doctor: {diagnosis.teacher}: {diagnosis.summary()}")
        refused += [(place, diagnosis)] * bad
    for place, diagnosis in refused:
        _stop(diagnosis, f"teachers.{place} ({diagnosis.teacher})")


def _written(path: Path) -> list[dict[str, Any]]:
    """What was found before; what was refused is looked at again, for the server may have been mended."""
    if not path.is_file():
        return []
    return [facts for facts in json.loads(path.read_text(encoding="utf-8")) if facts.get("key")]


def _key(case: Case) -> str:
    """What decides the findings; the server itself may have changed since."""
    student = None if case.student is None else case.student.decisive()
    return digest(to_jsonable_python([case.teacher.decisive(), student, case.settings.decisive(), case.signal, case.evaluated]))


def _afford(run: Run, wanted: Sequence[Case]) -> None:
    """Whether the run's budget is large enough for the probes of its endpoints, which are beside it."""
    served = [case for case in wanted if case.teacher.served]
    spending = spending_of(run)
    if not served or spending.tokens is spending.usd is None:
        return
    prices = [None if case.teacher.price is None else case.teacher.price.model_dump(exclude_none=True) for case in served]
    for case, price in zip(served, prices, strict=True):
        check_price(spending, price, case.teacher.model)
    tokens = [_most(case) for case in served]
    microusd = sum(most_microusd(some, price) or 0 for some, price in zip(tokens, prices, strict=True))
    budget = account(spending).budget
    if budget.allows(sum(tokens), microusd):
        return
    takes = f"{sum(tokens):,} tokens" + (f" and {microusd / 1e6:.4g} US dollars" if budget.most_microusd is not None else "")
    left = [f"{max(budget.most_tokens - budget.tokens, 0):,} tokens"] if budget.most_tokens is not None else []
    left += [f"{max(budget.most_microusd - budget.microusd, 0) / 1e6:.4g} US dollars"] if budget.most_microusd is not None else []
    what = f"the doctor's probes may take {takes}, and {' and '.join(left)} of the budget are left"
    raise BudgetError(what, where="generate", fix="raise token_budget or usd_budget; nothing was asked of the teachers")


def _most(case: Case) -> int:
    """Most tokens, read and written, that the probes of a teacher take."""
    longest = max(most_tokens(prompt, None, Sampling(max_new_tokens=ENDED)) for prompt in (*case.prompts, QUESTION))
    return MOST_REQUESTS * longest


def _stop(diagnosis: Diagnosis, where: str) -> None:
    """Raise the first of what is refused."""
    refused = diagnosis.of("refused")
    if refused:
        first, others = refused[0], len(refused) - 1
        more = f" (and {others} more: `potstill doctor` shows all)" if others else ""
        why = "it does not answer" if first.name == "answers" else f"the doctor refuses it: {first.name}"
        raise CapabilityError(f"{why}: {first.seen}{more}", where=where, fix=first.advice)
