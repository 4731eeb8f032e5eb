"""Personal data in a text, by patterns that are checked: e-mail, phone, IBAN, card, address in the internet.

Each finder gives what it found with its span. What standards reserve for examples (example.com, 192.0.2.0/24, 555-0100, published test
cards) is marked, so that it need not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network

from potstill.text.digits import CALLING_CODES, IBAN_LENGTHS, is_fictional, issued, luhn, mod97

EXAMPLE_NETS = tuple(map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")))
"""Addresses for documentation (RFC 5737, RFC 3849, RFC 9637)."""
RESERVED_NAMES = ("example", "invalid", "test", "localhost", "example.com", "example.net", "example.org")
"""Names for documentation (RFC 2606)."""
TEST_CARDS = frozenset(
    (
        *("4111111111111111", "4242424242424242", "4012888888881881", "5555555555554444", "5105105105105100", "378282246310005"),
        *("371449635398431", "6011111111111117", "6011000990139424", "3530111333300000", "30569309025904", "38520000023237"),
    )
)
"""Numbers that payment services publish for tests."""
_FILES = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "bmp",
        "ico",
        "pdf",
        "txt",
        "csv",
        "json",
        "html",
        "css",
        "js",
        "py",
        "rs",
        "go",
        "c",
        "h",
        "md",
        "zip",
        "tar",
        "gz",
        "mp3",
        "mp4",
    ]
)
_EMAIL = re.compile(r"(?<![\w.+%-])([\w.+%-]{1,64})@((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+([^\W\d_]{2,24}))(?![\w@-])")
_PHONE_WORD = re.compile(
    r"(?i)\b(?:phone|telephone|cell|mobile|fax|call(?: me| us)?|whatsapp|sms|text me|hotline|telefon[aeo]?|teléfono|téléphone)"
    r"[^\w\n][^\d\n]{0,20}$|\bt[eé]l(?:\.|\.? ?:) ?$"
)
_INTERNATIONAL = re.compile(r"(?<![\w+.,/*=^-])(?:\+|00)(?=[1-9])\d(?:[ .\-/]?\(?\d{1,4}\)?){3,7}(?![\d%])")
_AMERICAN = re.compile(
    r"(?<![\w+.,/*=^()-])(?:1[-. ])?(?:\([2-9]\d\d\) ?[2-9]\d\d-|[2-9]\d\d-[2-9]\d\d-|[2-9]\d\d\.[2-9]\d\d\.)\d{4}(?![\w-])(?!\.\d)"
)
_NATIONAL = re.compile(
    r"(?<![\w+.,/*=^-])(?:\(?\d{2,5}\)?(?:[ .-]\d{2,9}){1,5}(?![\w%/])|0\d{2,4} ?/ ?\d{4,9}(?![\w%/])|\d{7,12}(?![\w%.,]))"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?=[ ]?[A-Z0-9])")
_CARD = re.compile(
    r"(?<![\w.,+*/=^-])(?<![-+*/=^] )(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5})"
    r"(?![\w%])(?![.,]\d)(?! ?[-+*/=^])"
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w%])(?!\.\w)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_VERSION_WORD = re.compile(
    r"(?i)(?:\b(?:version|ver|release|build|chapter|section|clause|rule|figure|table|article|step|update|patch)s?|\bv|§)[.:#]? ?$"
)
_GOES_ON = re.compile(r"\s*[=+*×÷<>^]|\s+[-/]\s")
_OPERATORS = tuple("=+*×÷^<>")


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of a text that tells of a person or opens a door.

    Attributes:
        kind: `email`, `phone`, `iban`, `card`, `ip`, `key`, `private_key`.
        start, end: its span in characters, half open.
        value: as written.
        reserved: whether a standard keeps it for examples, or it is a private address.
    """

    kind: str
    start: int
    end: int
    value: str
    reserved: bool = False


Finder = Callable[[str], Iterator[Found]]


def emails(text: str) -> Iterator[Found]:
    """Addresses with a name of at most 64 characters and a domain whose last part is letters and no ending of a file."""
    for match in _EMAIL.finditer(text) if "@" in text else ():
        name, domain, ending = match[1], match[2].lower(), match[3].lower()
        if name.startswith(".") or name.endswith(".") or ".." in name or ending in _FILES or len(domain) > 253:
            continue
        reserved = any(domain == one or domain.endswith(f".{one}") for one in RESERVED_NAMES)
        yield Found("email", *match.span(), match[0], reserved)


def phones(text: str) -> Iterator[Found]:
    """Phone numbers: with a country's code; in the American form; or behind a word such as `call`.

    A run of digits alone is none, and neither is a term of an equation: mathematics is full of both.
    """
    taken: list[tuple[int, int]] = []
    for match, sure in ((match, sure) for rule, sure in _PHONE_RULES for match in rule.finditer(text)):
        start, end = match.span()
        if any(start < last and first < end for first, last in taken) or _in_equation(text, start, end):
            continue
        digits = re.sub(r"\D", "", match[0])
        if sure(match, digits) and (sure is not _is_national or _PHONE_WORD.search(text, max(0, start - 40), start)):
            taken.append((start, end))
            yield Found("phone", start, end, match[0], is_fictional(digits))


def _in_equation(text: str, start: int, end: int) -> bool:
    """Whether a number is a term of a sum or product."""
    return _GOES_ON.match(text, end) is not None or text[max(0, start - 3) : start].rstrip()[-1:] in _OPERATORS


def _is_international(match: re.Match[str], digits: str) -> bool:
    number = digits[2:] if match[0].startswith("00") else digits
    return number.startswith(tuple(CALLING_CODES)) and 8 <= len(number) <= 15 and (match[0][0] == "+" or digits != match[0])


def _is_american(match: re.Match[str], digits: str) -> bool:
    return digits[-9:-7] != "11" and digits[-6:-4] != "11"


def _is_national(match: re.Match[str], digits: str) -> bool:
    return 7 <= len(digits) <= 12 and len(set(digits)) > 2


_PHONE_RULES = ((_INTERNATIONAL, _is_international), (_AMERICAN, _is_american), (_NATIONAL, _is_national))


def ibans(text: str) -> Iterator[Found]:
    """Bank accounts: a country's code with its length, and check digits that leave 1 modulo 97 (ISO 13616)."""
    for match in _IBAN.finditer(text):
        length = IBAN_LENGTHS.get(match[0][:2])
        end = None if length is None else _after(text, match.start(), length)
        if end is not None and mod97(text[match.start() : end].replace(" ", "")) == 1:
            yield Found("iban", match.start(), end, text[match.start() : end])


def _after(text: str, start: int, length: int) -> int | None:
    """Where so many capital letters and digits end, single spaces left out; None where there are not so many, or more."""
    place = start
    for count in range(length):
        if count and text[place : place + 1] == " ":
            place += 1
        if not re.match(r"[A-Z0-9]", text[place : place + 1]):
            return None
        place += 1
    return None if re.match(r"[A-Za-z0-9]", text[place : place + 1]) else place


def cards(text: str) -> Iterator[Found]:
    """Payment cards: an issuer's prefix and length, written in its groups or in one, and the Luhn check digit (ISO/IEC 7812)."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if issued(digits) and luhn(digits):
            yield Found("card", *match.span(), match[0], digits in TEST_CARDS)


def addresses(text: str) -> Iterator[Found]:
    """Addresses in the internet; private ones and those for documentation are marked, versions and sections are none."""
    for match in _IPV4.finditer(text):
        try:
            address = IPv4Address(match[0])
        except AddressValueError:
            continue
        small = all(int(one) < 30 for one in match[0].split("."))
        if not small and not _VERSION_WORD.search(text, max(0, match.start() - 16), match.start()):
            yield Found("ip", *match.span(), match[0], not address.is_global)
    for match in _IPV6.finditer(text) if "::" in text or text.count(":") >= 7 else ():
        try:
            long = IPv6Address(match[0])
        except AddressValueError:
            continue
        if len(match[0]) > 6:
            public = long in _GLOBAL_UNICAST and long.is_global and not any(long in net for net in EXAMPLE_NETS if net.version == 6)
            yield Found("ip", *match.span(), match[0], not public)


_GLOBAL_UNICAST = ip_network("2000::/3")
PERSONAL: Mapping[str, Finder] = {"email": emails, "phone": phones, "iban": ibans, "card": cards, "ip": addresses}
"""Kind -> its finder."""
