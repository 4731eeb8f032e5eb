from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from potstill.text.personal import PERSONAL

DATA = Path(os.environ.get("POTSTILL_DATA", "../shared/data"))


def found(kind, text):
    """What one finder finds, with `~` before what is kept for examples."""
    hits = list(PERSONAL[kind](text))
    assert all(text[one.start : one.end] == one.value and one.kind == kind for one in hits)
    return [f"~{one.value}" if one.reserved else one.value for one in hits]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("email", "Write to ann.b+c@mail.fern.net, or <d@e.de>.", ["ann.b+c@mail.fern.net", "d@e.de"]),
        ("email", "a@example.com, b@sub.example.org, c@host.test", ["~a@example.com", "~b@sub.example.org", "~c@host.test"]),
        ("email", "photo@2x.png, @decorator, a@b, a..b@c.de, .a@c.de, user@ host.de", []),
        ("phone", "Call +49 151 2345 6789 or (212) 664-7665.", ["+49 151 2345 6789", "(212) 664-7665"]),
        ("phone", "My mobile: 0151 23456789; fax 030/901820.", ["0151 23456789", "030/901820"]),
        ("phone", "Tel.: 0171 / 1234567, teléfono: 912 345 678, tél. 01 42 68 53 00", ["0171 / 1234567", "912 345 678", "01 42 68 53 00"]),
        ("phone", "1-800-356-9377 or 1 (212) 664-7665", ["1-800-356-9377", "1 (212) 664-7665"]),
        ("phone", "call me on 05/25/1930, call me on 01/02/2020 about 1-800 things, mobile 01/23/45/67", []),
        ("phone", "212-664-7665 and 0044 20 8123 4567", ["0044 20 8123 4567", "212-664-7665"]),
        ("phone", "(212) 555-0123 and +44 7700 900123", ["~+44 7700 900123", "~(212) 555-0123"]),
        ("phone", "3125550142 + 2125550199 = 5251100341, 1000000000 grains, 212-664-7665 = x", []),
        ("phone", "5+49 151 2345 6789, 2 * +4915123456789, 2024-01-15, 12/05/1991, $1,234,567.89, 3.14159265", []),
        ("phone", "born in Tel Aviv, Israel on 05/25/1930; +999 123 456 789", []),
        ("iban", "Pay DE89 3704 0044 0532 0130 00 or GB82WEST12345698765432.", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"]),
        ("iban", "DE88 3704 0044 0532 0130 00, DE8937040044053201300, XX89370400440532013000, DE893704004405320130001", []),
        ("card", "4539 1488 0343 6467, 4539148803436467", ["4539 1488 0343 6467", "4539148803436467"]),
        ("card", "3787 344936 71000 and 378734493671000", ["3787 344936 71000", "378734493671000"]),
        ("card", "4111 1111 1111 1111", ["~4111 1111 1111 1111"]),
        ("card", "4539148803436468, 453914880343646, 9539148803436467, 4539 1488-0343 6467, 0.4539148803436467", []),
        ("card", "4539148803436467 * 2, 2 + 4539148803436467, 4539148803436467.5", []),
        ("ip", "at 81.2.69.160, 2a01:4f8:c17:b8f::2", ["81.2.69.160", "2a01:4f8:c17:b8f::2"]),
        ("ip", "10.0.0.138, 192.168.178.1", ["~10.0.0.138", "~192.168.178.1"]),
        ("ip", "203.0.113.77, 2001:db8::8a2e:370", ["~203.0.113.77", "~2001:db8::8a2e:370"]),
        ("ip", "version 81.2.69.160, v81.2.69.160, 1.2.3.4, section 4.3.2.1, 300.1.2.3, 81.2.69.160.5, 12:30:45, std::vector, ab::cd", []),
    ],
)
def test_what_is_found(kind, text, expected):
    assert found(kind, text) == expected


def test_none_in_school_mathematics():
    path = DATA / "gsm8k" / "train.jsonl"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:2000]]
    texts = [text for row in rows for text in row.values()]
    assert [hit for text in texts for kind in PERSONAL for hit in found(kind, text)] == []
