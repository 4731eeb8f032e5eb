from __future__ import annotations

import sys

import pytest

from potstill.errors import InputError, MissingExtraError
from potstill.text import language
from potstill.text.language import Heard, check_languages, heard, prose, version

SENTENCES = {
    "en": "The train leaves at eight and arrives three hours later in the city.",
    "de": "Der Zug fährt um acht Uhr ab und kommt nach drei Stunden an.",
    "fr": "Le train part à huit heures et arrive trois heures plus tard.",
    "pl": "Ile jabłek zostanie, jeśli oddamy pięć z dwunastu, które mamy?",
    "ru": "Сколько яблок останется, если отдать пять из двенадцати яблок?",
    "zh": "如果从十二个苹果中送出五个，还剩下多少个苹果？",
    "ja": "十二個のりんごから五個をあげると、いくつ残りますか。",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_languages_are_told_apart(name):
    found = heard(SENTENCES[name])
    assert found is not None
    assert found.language == name
    assert sum(found.shares.values()) == pytest.approx(1, abs=1e-4)
    assert (found.share(["en"]) < 0.001) == (name != "en")


def test_what_is_no_prose():
    text = "Ann paid <<2*3=6>>6 with `print(x)` at https://a.example/b, $\\frac{1}{2}$ and\n```\nwhile True: pass\n```\nso it was."
    assert prose(text) == ["paid", "with", "at", "and", "so", "it", "was"]


@pytest.mark.parametrize("text", ["", "42", "Answer: Ida", "x = y + z", "```\nfor each in the whole list of all things: pass\n```"])
def test_too_little_to_judge(text):
    assert heard(text) is None


def test_kindred_languages_speak_for_each_other():
    found = Heard("nn", {"nn": 0.5, "nb": 0.3, "da": 0.15, "en": 0.05})
    assert found.share(["no"]) == pytest.approx(0.95)
    assert found.share(["en"]) == pytest.approx(0.05)
    assert found.share(["fr"]) == 0


def test_unknown_languages():
    check_languages(["en", "de"], "here")
    with pytest.raises(InputError, match="here: unknown language 'xx'"):
        check_languages(["xx"], "here")


def test_without_the_package(monkeypatch):
    language._identifier.cache_clear()
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    with pytest.raises(MissingExtraError, match=r"telling languages needs the package 'py3langid'.*potstill\[curate\]"):
        version()
    language._identifier.cache_clear()
