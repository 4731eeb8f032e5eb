from __future__ import annotations

import pytest

from potstill.errors import InputError, RecipeError
from potstill.recipe.curation import LabelSection
from potstill.sources.labels import Said, ready_labellers
from potstill.types import Message, Prompt


def labeller(**settings):
    return ready_labellers([LabelSection(kind="rule", **settings)])[0]


def said(one, *texts):
    return one.part.label([Prompt((Message("user", text),)) for text in texts])


def test_phrases_are_whole_words_whatever_their_case_and_spaces():
    one = labeller(rules=[{"phrases": ["prime number", "C++"], "domain": "math"}])
    assert said(one, "Is 7 a Prime\n number?", "prime numbers", "in c++ code", "in c++x") == [Said("math"), None, Said("math"), None]


def test_patterns_and_the_first_rule_that_says_something():
    rules = [
        {"patterns": [r"\d+\s*[+*]\s*\d+"], "domain": "math"},
        {"phrases": ["open a lock"], "intent": "hazard", "family": "locks", "half": "A"},
        {"phrases": ["lock"], "domain": "home", "language": "en"},
    ]
    one = labeller(rules=rules)
    assert said(one, "2 + 2, and how do I open a lock?") == [Said("math", "hazard", "locks", "A", "en")]
    assert said(one, "a lock", "nothing") == [Said("home", language="en"), None]


def test_rules_of_a_file_follow_and_its_hash_counts(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text('[[rules]]\nphrases = ["sum"]\ndomain = "math"\n')
    one = labeller(file=str(path), rules=[{"phrases": ["sum of parts"], "domain": "prose"}])
    assert said(one, "a sum", "the sum of parts") == [Said("math"), Said("prose")]
    before = one.identity
    path.write_text('[[rules]]\nphrases = ["sums"]\ndomain = "math"\n')
    assert labeller(file=str(path)).identity != before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "there is no rule; write rules"),
        ({"rules": [{"domain": "math"}]}, "a rule needs phrases or patterns"),
        ({"rules": [{"phrases": ["a"]}]}, "a rule gives a domain, an intent or a language"),
        ({"rules": [{"phrases": ["a"], "domain": "x", "half": "A"}]}, "family and half stand beside an intent"),
        ({"rules": [{"patterns": ["("], "domain": "x"}]}, "a pattern is no regular expression"),
        ({"rules": [{"phrases": ["a"], "intent": "evil"}]}, r"rules\.0\.intent"),
    ],
)
def test_faults(settings, message):
    with pytest.raises(RecipeError, match=message):
        labeller(**settings)


@pytest.mark.parametrize(("text", "message"), [("[[rules]", "not valid TOML"), ('[[rules]]\nphrase = ["a"]\n', r"rules\.0\.phrase")])
def test_faults_of_the_file(tmp_path, text, message):
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(InputError, match=rf"rules\.toml: {message}"):
        labeller(file=str(tmp_path / "rules.toml"))
