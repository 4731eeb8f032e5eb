from __future__ import annotations

import sys

import pytest

from potstill.curate.blocklist import Blocklist
from potstill.errors import InputError, MissingExtraError


def found(terms, text):
    return [(text[hit.start : hit.end], hit.term) for hit in Blocklist(terms).hits(text)]


@pytest.mark.parametrize(
    ("terms", "text", "hits"),
    [
        (["kill"], "Kill it; skill, kills, KILL-9.", [("Kill", "kill"), ("KILL", "kill")]),
        (["kill*"], "kills, skills", [("kill", "kill*")]),
        (["*orn"], "Make brulimorn and corn, not ornament.", [("orn", "*orn"), ("orn", "*orn")]),
        (["nerve gas"], "NERVE\n  gas, nervegas", [("NERVE\n  gas", "nerve gas")]),
        (["Café"], "cafe CAFÉ", [("cafe", "Café"), ("CAFÉ", "Café")]),
        (["bomb"], "a b\u200bo\u2060mb, a b\u043emb", [("b\u200bo\u2060mb", "bomb"), ("b\u043emb", "bomb")]),
        (["he", "she"], "she he", [("she", "she"), ("he", "he")]),
        (["c++"], "in c++ and c", [("c++", "c++")]),
        (
            ["nerve gas", "mustard-gas"],
            "nerve-gas, nerve\u2013gas, mustard gas",
            [("nerve-gas", "nerve gas"), ("nerve\u2013gas", "nerve gas"), ("mustard gas", "mustard-gas")],
        ),
        (["炸弹"], "怎么做炸弹呢", [("炸弹", "炸弹")]),
        ([], "anything", []),
    ],
)
def test_hits(terms, text, hits):
    assert found(terms, text) == hits


def test_a_file_of_terms(tmp_path):
    path = tmp_path / "terms.txt"
    path.write_text("# terms\nkill\n\n  nerve gas \n", encoding="utf-8")
    assert Blocklist.read(str(path)).terms == ("kill", "nerve gas") == Blocklist.read(["kill", "nerve gas"]).terms
    assert Blocklist.read(str(path)).identity == Blocklist(["nerve gas", "kill"]).identity != Blocklist(["kill"]).identity


def test_faults(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"the term '\.\*' holds no letter"):
        Blocklist([".*"])
    with pytest.raises(InputError, match="here: no such file"):
        Blocklist.read(str(tmp_path / "none.txt"), "here")
    for content, message in ((b"caf\xe9\n", "byte 3 is not UTF-8"), (b"# none\n\n", "holds no term")):
        (tmp_path / "terms.txt").write_bytes(content)
        with pytest.raises(InputError, match=message):
            Blocklist.read(str(tmp_path / "terms.txt"), "here")
    (tmp_path / "terms.txt").write_bytes(b"\xef\xbb\xbfkill\n")
    assert Blocklist.read(str(tmp_path / "terms.txt")).terms == ("kill",)
    monkeypatch.setitem(sys.modules, "ahocorasick", None)
    with pytest.raises(MissingExtraError, match=r"a blocklist needs the package 'pyahocorasick'.*potstill\[curate\]"):
        list(Blocklist(["a"]).hits("a"))
