"""Numbers that carry a check: what tells a card, a bank account or a phone number from any other digits."""

from __future__ import annotations

IBAN_LENGTHS = {
    "AD": 24,
    "AE": 23,
    "AL": 28,
    "AT": 20,
    "AZ": 28,
    "BA": 20,
    "BE": 16,
    "BG": 22,
    "BH": 22,
    "BR": 29,
    "BY": 28,
    "CH": 21,
    "CR": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "DO": 28,
    "EE": 20,
    "EG": 29,
    "ES": 24,
    "FI": 18,
    "FO": 18,
    "FR": 27,
    "GB": 22,
    "GE": 22,
    "GI": 23,
    "GL": 18,
    "GR": 27,
    "GT": 28,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IL": 23,
    "IQ": 23,
    "IS": 26,
    "IT": 27,
    "JO": 30,
    "KW": 30,
    "KZ": 20,
    "LB": 28,
    "LC": 32,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "LY": 25,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "MR": 27,
    "MT": 31,
    "MU": 30,
    "NL": 18,
    "NO": 15,
    "PK": 24,
    "PL": 28,
    "PS": 29,
    "PT": 25,
    "QA": 29,
    "RO": 24,
    "RS": 22,
    "SA": 24,
    "SC": 31,
    "SD": 18,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "ST": 25,
    "SV": 28,
    "TL": 23,
    "TN": 24,
    "TR": 26,
    "UA": 29,
    "VA": 22,
    "VG": 24,
    "XK": 20,
}
"""Country -> characters of its accounts (the registry of ISO 13616)."""
ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4, 4, frozenset((13, 16, 19))),
    (51, 55, frozenset((16,))),
    (2221, 2720, frozenset((16,))),
    (34, 34, frozenset((15,))),
    (37, 37, frozenset((15,))),
    (6011, 6011, frozenset(range(16, 20))),
    (644, 659, frozenset(range(16, 20))),
    (62, 62, frozenset(range(16, 20))),
    (3528, 3589, frozenset(range(16, 20))),
    (300, 305, frozenset((14,))),
    (36, 36, frozenset((14,))),
    (38, 39, frozenset((14,))),
)
"""First and last prefix of an issuer of cards, and how many digits its numbers have."""
_ONE_OR_TWO = (
    1,
    7,
    20,
    27,
    30,
    31,
    32,
    33,
    34,
    36,
    39,
    40,
    41,
    43,
    44,
    45,
    46,
    47,
    48,
    49,
    51,
    52,
    53,
    54,
    55,
    56,
    57,
    58,
    60,
    61,
    62,
    63,
    64,
    65,
    66,
    81,
    82,
    84,
    86,
    90,
    91,
    92,
    93,
    94,
    95,
    98,
)
_OF_THREE = (21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 80, 85, 87, 88, 96, 97, 99)
_NOBODYS = frozenset(("990", "991", "997", "999"))
CALLING_CODES = frozenset((*map(str, _ONE_OR_TWO), *(f"{zone}{digit}" for zone in _OF_THREE for digit in range(10)))) - _NOBODYS
"""The codes of countries (ITU E.164); zones of three digits are taken whole, but for codes that were never given."""
FICTIONAL = ("447700900", "442079460", "441134960", "441144960", "441184960", "441214960", "441614960", "441632960")
"""Beginnings of British numbers kept for films, in international form; three digits follow."""


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812): every second one from the right is doubled, and the sum ends in 0."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def issued(digits: str) -> bool:
    """Whether an issuer of cards has numbers that begin so and are so long."""
    return any(low <= int(digits[: len(str(low))]) <= high and len(digits) in lengths for low, high, lengths in ISSUERS)


def mod97(account: str) -> int:
    """An account's number modulo 97, the first four characters last and letters as two digits (ISO 7064); 1 where it is right."""
    return int("".join(str(int(letter, 36)) for letter in account[4:] + account[:4])) % 97


def check_digits(country: str, account: str) -> str:
    """The two digits with which `mod97` of country, digits and account is 1."""
    return f"{98 - mod97(f'{country}00{account}'):02d}"


def luhn_digit(digits: str) -> str:
    """The digit that makes `luhn` hold behind these."""
    return next(str(last) for last in range(10) if luhn(f"{digits}{last}"))


def is_fictional(digits: str) -> bool:
    """Whether a phone number is one of those that nobody has: 555-0100 to 555-0199 in America, and Britain's for films."""
    american = digits[-10:]
    if len(digits) in (10, 11) and american[3:8] == "55501":
        return True
    number = digits.removeprefix("00")
    return len(number) == 12 and number.startswith(FICTIONAL)
