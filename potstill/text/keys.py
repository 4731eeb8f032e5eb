"""Keys, tokens and passwords in a text: by the prefix that their issuer gives them, by their form, or by what they are assigned to."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from potstill.text.personal import Finder, Found

PREFIXES = {
    "Amazon": r"(?:AKIA|ASIA)[A-Z2-7]{16}",
    "Anthropic": r"sk-ant-[\w-]{20,}",
    "GitHub": r"gh[oprsu]_[A-Za-z0-9]{36,}|github_pat_\w{22,}",
    "GitLab": r"glpat-[\w-]{20,}",
    "Google": r"AIza[\w-]{35}",
    "Hugging Face": r"hf_[A-Za-z0-9]{30,}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "OpenAI": r"sk-(?:proj-|svcacct-)?[\w-]{20,}",
    "SendGrid": r"SG\.[\w-]{22}\.[\w-]{43}",
    "Slack": r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "Stripe": r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "Telegram": r"\d{8,10}:[\w-]{35}",
}
"""Issuer -> what its keys look like."""
LEAST_ENTROPY = 3.0
"""Bits a character that an assigned token must have; words have about 2.5, random letters and digits above 3.5."""
_PREFIXED = re.compile("|".join(f"(?<![A-Za-z0-9_-])(?:{form})(?![A-Za-z0-9_-])" for form in PREFIXES.values()))
_JWT = re.compile(r"(?<![\w.-])(eyJ[\w-]{8,})\.(eyJ[\w-]{4,})\.([\w-]{16,})(?![\w-])")
_ASSIGNED = re.compile(
    r"(?i)(?<![a-z])(?:api|access|auth|secret|private|client|bearer|session|refresh)?[ _-]?"
    r"(?:key|token|secret|passw(?:or)?d|pwd|credential|bearer|authorization)s?(?:\"|')?"
    r"(?:\s*(?::=|[:=]>?|\bis\b)\s*(?:bearer\s+|basic\s+)?|\s+)[\"'`]?(?P<value>[A-Za-z0-9+/_.~-]{16,}={0,2})"
)
_HINT = re.compile(r"(?i)key|token|secret|passw|pwd|credential|bearer|authorization")
_IN_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s:/@]{1,64}:(?P<value>[^\s:/@]{3,128})@[\w.-]+")
_PLACEHOLDER = re.compile(r"(?i)example|placeholder|your|changeme|dummy|redacted|xxxx|\*\*\*|1234567|abcdef|insert|<|\$\{|password")
_MARK = r"(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_BLOCK = re.compile(rf"-----BEGIN {_MARK}.*?(?:-----END {_MARK}|\Z)", re.DOTALL)
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def entropy(text: str) -> float:
    """Bits a character, of the letters' shares in the text itself (Shannon)."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values()) if text else 0.0


def keys(text: str) -> Iterator[Found]:
    """Keys with a known prefix, JSON web tokens, passwords in addresses, and random tokens that a word such as `token` is assigned.

    What is plainly a placeholder (`sk-xxxx…`, `your-key`, `…EXAMPLE`) is marked as reserved.
    """
    taken: list[tuple[int, int]] = []
    for start, end in _candidates(text):
        if not any(start < last and first < end for first, last in taken):
            taken.append((start, end))
            value = text[start:end]
            yield Found("key", start, end, value, _PLACEHOLDER.search(value) is not None or len(set(value)) < min(8, len(value) // 2))


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    for match in _PREFIXED.finditer(text):
        yield match.span()
    for match in _JWT.finditer(text):
        if _is_header(match[1]):
            yield match.span()
    for match in _IN_ADDRESS.finditer(text):
        yield match.span("value")
    for match in _ASSIGNED.finditer(text) if _HINT.search(text) else ():
        if _is_random(match["value"]):
            yield match.span("value")


def _is_header(part: str) -> bool:
    """Whether it is the first part of a JSON web token (RFC 7519): an object that names its algorithm."""
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and "alg" in header


def _is_random(value: str) -> bool:
    """Letters and digits without order; no name of a file or a module, no word, no date."""
    if _UUID.fullmatch(value):
        return True
    mixed = any(letter.isdigit() for letter in value) and any(letter.isalpha() for letter in value)
    return mixed and entropy(value) >= LEAST_ENTROPY and max(map(len, re.findall(r"[a-z]+", value)), default=0) < 12 and not _dotted(value)


def _dotted(value: str) -> bool:
    parts = re.split(r"[./]", value)
    return len(parts) > 2 and all(len(part) < 12 for part in parts)


def private_keys(text: str) -> Iterator[Found]:
    """Blocks of private keys in the text form of RFC 7468 and of PGP, whole or cut off."""
    for match in _BLOCK.finditer(text) if "PRIVATE KEY" in text else ():
        yield Found("private_key", *match.span(), match[0])


SECRETS: Mapping[str, Finder] = {"key": keys, "private_key": private_keys}
"""Kind -> its finder."""
