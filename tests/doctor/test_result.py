"""What the probes found, told."""

from __future__ import annotations

import json
from dataclasses import replace

from potstill.doctor.result import Diagnosis, Result

FOUND = Diagnosis(
    "hf:a",
    "hf:b",
    (
        Result("answers", "ok", "'yes'"),
        Result("repeatable", "refused", "2 nats", "restart it", signal=True),
        Result("licence", "warning", "not stated", "look it up"),
        Result("sizes", "unknown", "not known", group="pair"),
    ),
    requests=3,
    tokens=20,
)


def test_the_table_ends_with_what_to_do_the_worst_first() -> None:
    assert FOUND.lines() == [
        "hf:a -> hf:b",
        "  ok       answers     'yes'",
        "  refused  repeatable  2 nats",
        "  warning  licence     not stated",
        "  unknown  sizes       not known",
        "1 ok, 1 warning, 1 refused, 1 unknown; 3 requests, 20 tokens",
        "refused: repeatable  restart it",
        "warning: licence     look it up",
    ]


def test_what_was_paid_is_told_where_it_is_known() -> None:
    assert replace(FOUND, microusd=1250).summary().endswith("; 3 requests, 20 tokens, 0.001250 US dollars")


def test_its_facts_are_json() -> None:
    facts = json.loads(json.dumps(FOUND.facts()))
    assert facts["teacher"] == "hf:a"
    assert facts["results"][1] == {
        "name": "repeatable",
        "outcome": "refused",
        "seen": "2 nats",
        "advice": "restart it",
        "group": "teacher",
        "signal": True,
    }


def test_for_text_alone_only_the_log_probabilities_faults_are_milder() -> None:
    terms = Result("train on outputs", "refused", "its terms forbid it")
    milder = Diagnosis("a", None, (*FOUND.results, terms)).for_text_alone()
    assert [result.outcome for result in milder.results] == ["ok", "warning", "warning", "unknown", "refused"]
    assert milder.of("refused") == (terms,)
