"""What strangers read: names of teachers, sources and judges without the folders of whoever made the data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from potstill.export.data.facts import Facts
from potstill.store import SCHEMAS
from potstill.text.specs import without_folders
from potstill.types import TeacherCard, canonical_json


def published(record: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """A record of `potstill.store.nested` as it is exported; its ids stay those of the run.

    Args:
        record: a prompt with its completions and the teachers' cards.
        facts: of the run; says what each teacher is called.
    """
    return {
        **record,
        "source": without_folders(record["source"]),
        "completions": [_completion(one, facts) for one in record["completions"]],
        "teachers": [_card(one, facts) for one in record["teachers"]],
    }


def teachers(facts: Facts) -> pa.Table:
    """The teachers' cards as they are exported, with the ids that they have in the run."""
    cards = [{"id": card.id, **_card(asdict(card), facts)} for card in facts.teachers]
    return pa.Table.from_pylist(cards, schema=SCHEMAS[TeacherCard])


def _completion(one: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    decision = one["decision"]
    if decision is not None:
        decision = {**decision, "because": [_said(why) for why in decision["because"]]}
    verdicts = [{**verdict, "why": _said(verdict["why"])} for verdict in one["verdicts"]]
    return {**one, "teacher": facts.published[one["teacher"]], "decision": decision, "verdicts": verdicts}


def _said(why: str) -> str:
    """What is said of a draw may name its judge at the end: `did not pass 0.5 by reward:hf:/home/me/judge`."""
    what, by, judge = why.partition(" by ")
    return what + by + without_folders(judge)


def _card(card: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    known = {key: without_folders(value) if isinstance(value, str) else value for key, value in json.loads(card["facts"]).items()}
    name, terms = facts.published[card["name"]], without_folders(card["terms"])
    return {**card, "name": name, "terms": terms, "facts": canonical_json(known)}
