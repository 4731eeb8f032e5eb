"""Texts of others in Markdown and YAML: shown as they are, and read back as they were."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""Characters that are not seen and change what is: controls, zero-width ones, line separators, changes of direction."""


def visible(text: str) -> str:
    """`text` with control characters and characters that hide or reorder text made visible; line ends and tabs stay."""
    return _HIDDEN.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"


def plain(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    line = " ".join(visible(text).split())
    link = r"\[\]" if re.search(r"\]\s*[(\[:]", line) else ""
    return re.sub(rf"([\\`*_<>#|~&{link}])", r"\\\1", line)


def quoted(text: str) -> str:
    """A string as YAML reads it back."""
    return json.dumps(visible(text).replace("\n", " "), ensure_ascii=False)


def front_matter(front: Iterable[tuple[str, str | tuple[str, ...]]]) -> str:
    """YAML, every string in double quotes."""
    lines = []
    for key, value in front:
        if isinstance(value, str):
            lines.append(f"{key}: {quoted(value)}")
        else:
            lines += [f"{key}:", *(f"- {quoted(item)}" for item in value)]
    return "\n".join(lines)


def licence_keys(names: Collection[str]) -> dict[str, str]:
    """The hub's keys for the licence of what is made of things under `names`: that of all of them, or `other` for several.

    No key where there are none, or where one of them (an empty name) is not known: a licence is never made up. Upper and lower case make no
    difference. The hub wants names of its own without spaces.
    """
    stated = {name.lower() for name in names}
    if not stated or "" in stated:
        return {}
    if len(stated) == 1:
        return {"license": stated.pop()}
    return {"license": "other", "license_name": "several-see-below"}
