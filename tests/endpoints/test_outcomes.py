"""What makes an outlook of a response, and what makes it malformed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from potstill.endpoints.base import MalformedError
from potstill.endpoints.outcomes import Asked, array_outlook, bare_outlook, join, outlook

HALF, QUARTER, EIGHTH = math.log(0.5), math.log(0.25), math.log(0.125)
ROW = [(7, QUARTER), (3, HALF), (9, EIGHTH)]


def test_the_likeliest_come_first_and_the_rest_is_the_tail():
    seen = outlook([9], [EIGHTH], [ROW], Asked(2, 2))
    assert seen.support_ids.tolist() == [[3, 7]]
    np.testing.assert_allclose(seen.support_log_p, [[HALF, QUARTER]])
    np.testing.assert_allclose(seen.tail_mass, [0.25])
    assert seen.rank.tolist() == [0]  # the third of the row, shown because it came: how many others are before it is not told


def test_the_rank_is_the_place_among_those_asked_for():
    assert outlook([7], [QUARTER], [ROW], Asked(2, 2)).rank.tolist() == [2]
    assert outlook([1], [math.log(0.01)], [ROW], Asked(3, 3)).rank.tolist() == [0]


def test_outcomes_whose_token_is_not_known_count_for_ranks_and_are_in_the_tail():
    seen = outlook([9], [EIGHTH], [[(-1, HALF), (9, EIGHTH), (7, QUARTER)]], Asked(3, 0))
    assert (seen.rank.tolist(), seen.support_ids.tolist()) == ([3], [[7, 9, -1]])
    np.testing.assert_allclose(seen.tail_mass, [1 - 0.25 - 0.125])
    with pytest.raises(MalformedError, match="more than one in sum"):
        outlook([9], [EIGHTH], [[(-1, HALF), (-1, HALF), (9, EIGHTH)]], Asked(3, 0))


def test_a_token_that_may_stand_in_anothers_place_is_left_out():
    row = [(9, EIGHTH), (3, HALF), (7, QUARTER)]
    stray = outlook([9], [EIGHTH], [row], Asked(3, 3, displacing=True))
    assert (stray.support_ids.tolist(), stray.rank.tolist()) == ([[3, 7, -1]], [0])
    np.testing.assert_allclose(stray.tail_mass, [0.25])
    sorted_row = outlook([9], [EIGHTH], [row[1:] + row[:1]], Asked(3, 3, displacing=True))
    assert (sorted_row.support_ids.tolist(), sorted_row.rank.tolist()) == ([[3, 7, 9]], [3])
    one_more = outlook([9], [EIGHTH], [row], Asked(2, 2, displacing=True))
    assert (one_more.support_ids.tolist(), one_more.rank.tolist()) == ([[3, 7]], [0])
    likely = outlook([3], [HALF], [[(3, HALF), (7, QUARTER)]], Asked(2, 2, displacing=True))
    assert (likely.support_ids.tolist(), likely.rank.tolist()) == ([[3, 7]], [1])
    assert outlook([9], [EIGHTH], [row], Asked(3, 3)).support_ids.tolist() == [[3, 7, 9]]


def test_a_bare_outlook_has_a_number_a_token():
    with pytest.raises(MalformedError, match="1 tokens, and log-probabilities of 2"):
        outlook([9], [HALF, HALF], [], Asked(0, 0))


def test_a_floor_is_minus_infinity():
    seen = outlook([7, 3], [-9999.0, -3.4e38], [[(7, -9999.0), (3, 0.0)], [(7, 0.0), (3, -3.4e38)]], Asked(2, 2))
    assert seen.log_p.tolist() == [-np.inf, -np.inf]
    assert seen.support_log_p.tolist() == [[0.0, -np.inf], [0.0, -np.inf]]
    assert seen.tail_mass.tolist() == [0.0, 0.0]


def test_without_outcomes_all_mass_is_in_the_tail():
    seen = bare_outlook([HALF, QUARTER])
    assert (seen.support_ids.shape, seen.tail_mass.tolist(), seen.rank.tolist()) == ((2, 0), [1.0, 1.0], [0, 0])
    assert len(outlook([], [], [], Asked(0, 0))) == 0
    assert outlook([], [], [], Asked(4, 4)).support_ids.shape == (0, 4)


def test_rows_may_be_shorter_where_fewer_are_known():
    seen = outlook([3, 3], [HALF, HALF], [ROW, [(3, HALF)]], Asked(3, 0))
    assert seen.support_ids.tolist() == [[3, 7, 9], [3, -1, -1]]
    assert seen.support_log_p[1].tolist() == [pytest.approx(HALF), -np.inf, -np.inf]


@pytest.mark.parametrize(
    ("log_p", "rows", "message"),
    [
        ([HALF, HALF], [ROW], "1 tokens, and log-probabilities of 2"),
        ([HALF], [], "likeliest tokens of 0 positions"),
        ([None], [ROW], "the log-probability of token 0 is None"),
        ([math.nan], [ROW], "is nan"),
        ([0.5], [ROW], "is 0.5"),
        ([HALF], [ROW[:2]], "shows 2 outcomes and 3 were asked for"),
        ([HALF], [[*ROW, (7, QUARTER)]], "stands twice"),
        ([HALF], [[(3, HALF), (7, HALF), (9, HALF)]], "more than one in sum"),
        ([HALF], [[(3, HALF), (7, math.nan), (9, EIGHTH)]], "not a number"),
        ([HALF], [[(3, HALF), (7, 1e18), (9, EIGHTH)]], "more than one in sum"),
        ([QUARTER], [ROW], "own log-probability is not the one"),
        ([-math.inf], [ROW], "own log-probability is not the one"),
    ],
)
def test_what_is_no_sound_response(log_p, rows, message):
    with pytest.raises(MalformedError, match=message):
        outlook([3], log_p, rows, Asked(3, 3))


def test_arrays_say_the_same_as_rows():
    ids, values = np.array([[7, 3, 9]]), np.array([[QUARTER, HALF, EIGHTH]])
    one, other = array_outlook([3], [HALF], ids, values, Asked(3, 3)), outlook([3], [HALF], [ROW], Asked(3, 3))
    np.testing.assert_array_equal(one.support_ids, other.support_ids)
    np.testing.assert_array_equal(one.support_log_p, other.support_log_p)


def test_parts_are_joined_in_order():
    parts = [outlook([token], [log_p], [ROW], Asked(2, 2)) for token, log_p in ((3, HALF), (7, QUARTER))]
    whole = join(parts)
    assert whole.rank.tolist() == [1, 2]
    assert whole.support_ids.shape == (2, 2)
    assert whole.tail_mass.shape == whole.log_p.shape == (2,)
