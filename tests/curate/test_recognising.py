from __future__ import annotations

import pytest

from potstill.curate.blocklist import Blocklist
from potstill.curate.passages import Passage
from potstill.curate.recognising import Recognition, Told, eased
from potstill.errors import InputError
from potstill.sources.request import open_source


class Counting:
    """The score of a text is its share of letters x."""

    piece = 400

    def scores(self, texts):
        return [text.count("x") / len(text) if text else None for text in texts]

    def evidence(self, text):
        return (text.index("x"), text.rindex("x") + 1) if "x" in text else None


def seen(text, terms=(), recogniser=None, decides=False):
    recognition = Recognition(Blocklist(terms), recogniser, 0.2, decides)
    (one,) = recognition.look([Passage("answer", text, "answer")])
    return one, text[slice(*recognition.evidence(one))]


def test_the_classifier_alone():
    one, shown = seen("ax.b", recogniser=Counting())
    assert (one.score, shown, one.hit) == (0.25, "x", None)


def test_a_long_text_counts_by_its_worst_piece():
    calm, bad = "a" * 399 + ". ", "x" * 400 + ". "
    one, shown = seen(calm + bad + calm, recogniser=Counting())
    assert one.score == pytest.approx(400 / 402)
    assert shown == "x" * 400


def test_a_term_is_confirmed_at_a_lower_bar():
    assert seen("xx kill bb", ["kill"], Counting())[0].score == pytest.approx(0.5)
    assert seen("xxxkill bb", ["*kill"], Counting())[0].score > 0.5
    one, shown = seen("x kill process", ["kill"], Counting())
    assert one.score < 0.5
    assert (shown, one.hit.term) == ("kill", "kill")


def test_a_term_that_decides():
    assert seen("we kill it", ["kill"], decides=True)[0].score == 1
    assert seen("we skip it", ["kill"], decides=True)[0].score == 0


def test_what_cannot_be_read():
    class Blind(Counting):
        def scores(self, texts):
            return [None for _ in texts]

    assert seen("a", recogniser=Blind())[0].score is None


def test_eased_by_hand():
    """Log-odds of 0.2 are -ln 4, and adding ln 4 to those of 0.5 gives 4 / 5."""
    assert eased(0.2, 0.2) == pytest.approx(0.5)
    assert eased(0.5, 0.2) == pytest.approx(0.8)
    assert (eased(0.0, 0.2), eased(1.0, 0.2)) == (0, 1)


def test_examples_from_sources(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\n".join(f"Text {i} of ours?" for i in range(3)), encoding="utf-8")
    sources = [open_source(str(path), "here", {})]
    told = Told(sources, [*sources, open_source("world:math?n=30", "here", {})])
    assert [len(side) for side in told.prompts] == [3, 30]
    assert told.examples.inside == ("Text 0 of ours?", "Text 1 of ours?", "Text 2 of ours?")
    before = told.identity()
    path.write_text("Another?", encoding="utf-8")
    assert Told([open_source(str(path), "here", {})], told.outside).identity() != before


def test_half_b_is_never_learnt_from():
    told = Told([open_source("world:hazard?n=40&half=B", "here", {}, evaluation=True)], [])
    with pytest.raises(InputError, match="an example of half B of the hazards, which only evaluates"):
        _ = told.prompts
