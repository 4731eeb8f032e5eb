from __future__ import annotations

import pytest

from potstill.text.digits import check_digits, is_fictional, issued, luhn, luhn_digit, mod97


def test_luhn_by_hand():
    """79927398713: doubled 1, 8, 3, 2, 9 give 2, 7, 6, 4, 9 = 28; the others 3, 7, 9, 7, 9, 7 are 42; 70 ends in 0."""
    assert luhn("79927398713")
    assert not any(luhn(f"7992739871{last}") for last in "012456789")
    assert luhn_digit("7992739871") == "3"


@pytest.mark.parametrize("account", ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NO9386011117947"])
def test_accounts_of_the_standard(account):
    assert mod97(account) == 1
    assert check_digits(account[:2], account[4:]) == account[2:4]
    assert mod97(account[:-1] + str((int(account[-1]) + 1) % 10)) != 1


@pytest.mark.parametrize(
    ("digits", "known"),
    [
        ("4539148803436467", True),
        ("378734493671000", True),
        ("37873449367100", False),
        ("9539148803436467", False),
        ("2221000000000009", True),
    ],
)
def test_issuers(digits, known):
    assert issued(digits) is known


@pytest.mark.parametrize(
    ("digits", "nobody"),
    [("2125550123", True), ("12125550199", True), ("2125550223", False), ("447700900123", True), ("447700910123", False)],
)
def test_numbers_that_nobody_has(digits, nobody):
    assert is_fictional(digits) is nobody
