"""Personal data and secrets that nobody has: made up, and right by every check, to measure a filter with."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable, Mapping
from itertools import pairwise

from potstill.text.digits import check_digits, luhn_digit
from potstill.text.keys import LEAST_ENTROPY, entropy

NAMES = ("mira.oak", "j_stone77", "tomas.berg", "ola-lind", "kim.rivers", "pia.moss")
DOMAINS = ("fernmail.net", "willowpost.org", "harborline.co.uk", "brightkiln.de", "oakandiron.io")
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "email": ("You can write to {} for more.", "Contact: {}.", "<{}> sent this."),
    "phone": ("Call me at {} tonight.", "Phone: {}.", "My mobile is {}, by the way."),
    "iban": ("Please pay to {} today.", "IBAN {}.", "The account is {}."),
    "card": ("It was paid with {}.", "Card number: {}.", "Use my card {} for it."),
    "ip": ("The server is at {}.", "Connect to {} first.", "It came from {} last night."),
    "key": ("api_key = '{}'", "Use the token: {}", "export SECRET_TOKEN={}"),
    "private_key": ("Here is my key:\n{}\n", "{}"),
}
"""Kind -> sentences that one of it is put into."""


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))


def _letters(rng: random.Random, count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Letters and digits as random as a key's."""
    while True:
        found = "".join(rng.choices(alphabet, k=count))
        if entropy(found) > LEAST_ENTROPY + 0.3 and any(map(str.isdigit, found)) and any(map(str.isalpha, found)):
            return found


def _email(rng: random.Random) -> str:
    return f"{rng.choice(NAMES)}{rng.randrange(100)}@{rng.choice(DOMAINS)}"


def _phone(rng: random.Random) -> str:
    """One of the usual forms, none of those that are kept for films."""
    area, exchange, line = f"{rng.randrange(2, 10)}{rng.randrange(2, 9)}4", f"{rng.randrange(2, 5)}{rng.randrange(3, 9)}7", _digits(rng, 4)
    return rng.choice(
        (
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"+1 {area} {exchange} {line}",
            f"+49 151 {_digits(rng, 4)} {_digits(rng, 4)}",
            f"+44 20 8{_digits(rng, 3)} {_digits(rng, 4)}",
            f"+33 6 {' '.join(_digits(rng, 2) for _ in range(4))}",
            f"0049 30 {_digits(rng, 4)}{_digits(rng, 3)}",
        )
    )


def _iban(rng: random.Random) -> str:
    country, account = rng.choice((("DE", _digits(rng, 18)), ("FR", _digits(rng, 23)), ("GB", f"MOSS{_digits(rng, 14)}")))
    whole = f"{country}{check_digits(country, account)}{account}"
    grouped = " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))
    return rng.choice((whole, grouped))


def _card(rng: random.Random) -> str:
    begun = rng.choice(("4", "53", "2221", "37", "6011"))
    length = 15 if begun == "37" else 16
    body = begun + _digits(rng, length - 1 - len(begun))
    whole = body + luhn_digit(body)
    cuts = (0, 4, 10, 15) if begun == "37" else (0, 4, 8, 12, 16)
    groups = [whole[start:end] for start, end in pairwise(cuts)]
    return rng.choice((whole, " ".join(groups), "-".join(groups)))


def _ip(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return f"2a01:4f8:{rng.randrange(4096):x}:{rng.randrange(4096):x}::{rng.randrange(1, 4096):x}"
    return f"{rng.choice((45, 81, 91, 146, 185))}.{rng.randrange(30, 250)}.{rng.randrange(250)}.{rng.randrange(1, 250)}"


def _token(rng: random.Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': _digits(rng, 10)})}.{_letters(rng, 43)}"


def _key(rng: random.Random) -> str:
    return rng.choice(
        (
            f"AKIA{_letters(rng, 16, string.ascii_uppercase + '234567')}",
            f"ghp_{_letters(rng, 36)}",
            f"sk-proj-{_letters(rng, 40)}",
            f"hf_{_letters(rng, 34)}",
            _token(rng),
            _letters(rng, 32, string.hexdigits.lower()[:16]),
            _letters(rng, 24),
        )
    )


def _private_key(rng: random.Random) -> str:
    """A block of random letters that is no key of anything."""
    kind = rng.choice(("", "RSA ", "EC ", "OPENSSH "))
    lines = "\n".join(_letters(rng, 64) for _ in range(4))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


def _spelt(value: str) -> str:
    return value.replace("@", " (at) ").replace(".", " (dot) ")


def _marked(value: str) -> str:
    return value.replace(".", "[.]").replace(":", "[:]").replace("@", "[@]")


def _dotted(value: str) -> str:
    """With points where spaces and hyphens stand."""
    return re.sub(r"[ -]+", ".", value)


def _spaced(value: str) -> str:
    """With a space behind each third letter or digit of those that stand together."""
    return re.sub(r"(\w{3})(?=\w)", r"\1 ", value)


def _dashed(value: str) -> str:
    """With the dashes of typography."""
    return value.replace("-", "\u2013").replace(" ", "\u2013")


def _wide(value: str) -> str:
    """With full-width digits."""
    return value.translate({ord(digit): ord(digit) + 0xFEE0 for digit in string.digits})


def _broken(value: str) -> str:
    """With a line break in its middle."""
    middle = len(value) // 2
    return f"{value[:middle]}\n{value[middle:]}"


def _headless(value: str) -> str:
    """Without the lines that say what it is."""
    return "\n".join(value.splitlines()[1:-1])


DISGUISED: Mapping[str, tuple[Callable[[str], str], ...]] = {
    "email": (_spelt, _marked, _broken),
    "phone": (_dotted, _spaced, _dashed, _wide),
    "iban": (str.lower, _spaced, _dashed, _wide),
    "card": (_dotted, _spaced, _dashed, _wide),
    "ip": (_spelt, _marked, _wide),
    "key": (_broken, _spaced),
    "private_key": (_headless,),
}
"""Kind -> ways to write one otherwise."""
MADE_UP: Mapping[str, Callable[[random.Random], str]] = {
    "email": _email,
    "phone": _phone,
    "iban": _iban,
    "card": _card,
    "ip": _ip,
    "key": _key,
    "private_key": _private_key,
}
"""Kind -> what makes one up."""
