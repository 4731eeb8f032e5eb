from __future__ import annotations

import numpy as np

from potstill.models.base import Outlook
from potstill.models.scorings import SCORINGS, Scoring, from_table, to_table

SEEN = Outlook(
    log_p=np.array([-0.5, -2.0], np.float32),
    rank=np.array([1, 3], np.int32),
    support_ids=np.array([[4, 7], [1, 0]], np.int32),
    support_log_p=np.array([[-0.5, -1.5], [-0.25, -2.0]], np.float32),
    tail_mass=np.array([0.125, 0.0625], np.float32),
)


def test_scorings_come_back_as_they_went():
    hidden = Outlook(SEEN.log_p, SEEN.rank, hidden=np.ones((2, 3), np.float32), codec="hidden_states", repeat_difference=0.5)
    given = [Scoring("a", "t", "sampled", SEEN), Scoring("b", "t", "teacher_forced", hidden), Scoring("c", "u", "sampled", Outlook())]
    table = to_table(given)
    assert table.schema == SCORINGS
    for one, back in zip(given, from_table(table), strict=True):
        assert (one.id, one.trace_id, one.teacher_id, one.mode) == (back.id, back.trace_id, back.teacher_id, back.mode)
        assert (one.outlook.codec, one.outlook.repeat_difference) == (back.outlook.codec, back.outlook.repeat_difference)
        for name in ("log_p", "rank", "support_ids", "support_log_p", "tail_mass", "hidden"):
            if getattr(one.outlook, name).size:
                np.testing.assert_array_equal(getattr(back.outlook, name), getattr(one.outlook, name))


def test_an_id_tells_who_scored_what_and_how():
    ids = {Scoring(*who, SEEN).id for who in (("a", "t", "sampled"), ("b", "t", "sampled"), ("a", "u", "sampled"), ("a", "t", "teacher_forced"))}
    assert len(ids) == 4
