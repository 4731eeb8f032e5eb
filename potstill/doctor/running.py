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
from potstill.errors import BudgetError, CapabilityError, StoreError
from potstill.models import Sampling, Teacher, spending_of
from potstill.models.tokenizers import tokenizer_facts
from potstill.store import Artifact, Run, rows
from potstill.store.atomic import write_text
from potstill.types import Prompt, digest

FILE = "doctor.json"
"""What was found, in the log folder of the stage's artifact; and in the run folder, whatever was found there of any teacher."""
UNSEEN = frozenset({"price", "domains"})
"""A teacher's settings that no probe sees; what its domains leave it to answer stands in the prompts."""
LOOKED_AT = 512
"""Prompts among which those are chosen that the teachers are asked."""
MOST_REQUESTS = 30
"""More than all probes of one teacher send."""


def examine_before(run: Run, prompts: Artifact, teachers: Sequence[Teacher], log: Path) -> None:
    """Examine a run's teachers, write down what was found, and stop where a student would be trained on garbage.

    A teacher that was examined in the run folder with the same settings and prompts and not refused is not examined again.

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
    known = _known(run)
    every = [(case, teacher, _key(case, teacher)) for case, teacher in zip(cases(run.recipe, head), teachers, strict=True)]
    _afford(run, [case for case, _, key in every if key not in known])
    found: list[dict[str, Any]] = []
    refused: list[tuple[int, Diagnosis]] = []
    for place, (case, teacher, key) in enumerate(every):
        if key in known:
            run.log.say(f"doctor: {case.teacher.model}: examined before")
            found.append(known[key])
        else:
            diagnosis = examine(case, teacher)
            run.log.say(f"doctor: {diagnosis.teacher}: {diagnosis.summary()}")
            if diagnosis.of("refused"):
                refused.append((place, diagnosis))
                found.append(diagnosis.facts())
            else:
                known[key] = {**diagnosis.facts(), "key": key}
                found.append(known[key])
        _write(run.folder / FILE, list(known.values()))
        _write(log / FILE, found)
    for place, diagnosis in refused:
        _stop(diagnosis, f"teachers.{place} ({diagnosis.teacher})")


def _known(run: Run) -> dict[str, dict[str, Any]]:
    """What was found in the run folder, by its key; what was refused is looked at again, for the server may have been mended.

    Raises:
        StoreError: the file is damaged.
    """
    path = run.folder / FILE
    if not path.is_file():
        return {}
    try:
        return {facts["key"]: facts for facts in json.loads(path.read_text(encoding="utf-8"))}
    except (ValueError, TypeError, KeyError):
        raise StoreError("a damaged file", where=str(path), fix="remove it: the teachers are examined anew") from None


def _write(path: Path, found: Sequence[dict[str, Any]]) -> None:
    write_text(path, json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def _key(case: Case, teacher: Teacher) -> str:
    """What decides the findings; a server itself may have changed since."""
    section = {name: value for name, value in case.teacher.decisive().items() if name not in UNSEEN}
    student = None if case.student is None else case.student.decisive()
    tokenizer = None if case.first_tokenizer is None else tokenizer_facts(case.first_tokenizer)
    settings = [case.settings.temperature, case.settings.max_new_tokens, case.signal, case.evaluated, case.seed]
    prompts = [prompt.id for prompt in case.prompts]
    return digest(to_jsonable_python([section, teacher.identity(), student, tokenizer, settings, prompts]))


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
