from __future__ import annotations

import pytest

from potstill.errors import InputError, RecipeError
from potstill.sources.labelling import WANTED, check_columns, prompt_of, sifted, text_of
from potstill.text.lines import Rejected
from potstill.types import Message, Prompt


def of(row, columns=None, **given):
    return prompt_of(row, "x.jsonl:1", columns or {}, **given)


def test_columns_of_the_wanted_names():
    row = {
        "prompt": "a?",
        "reference": 7,
        "domain": "math",
        "skill": "sum",
        "grader": "number",
        "risk": "0.2",
        "intent": "ambiguous",
        "z": 1,
    }
    expected = Prompt(
        (Message("user", "a?"),),
        domain="math",
        skill="sum",
        reference="7",
        grader="number",
        intent="ambiguous",
        risk=0.2,
        source="x.jsonl:1",
    )
    assert of(row) == expected


def test_mapped_columns_and_constants():
    row = {"question": "a?", "answer": "7", "prompt": "not this"}
    prompt = of(row, {"prompt": "question", "reference": "answer", "domain": "=math.sums", "system": "=Be brief."})
    assert prompt.messages == (Message("system", "Be brief."), Message("user", "a?"))
    assert (prompt.reference, prompt.domain) == ("7", "math.sums")


def test_skill_of_the_source():
    assert of({"prompt": "a?"}, skill="file").skill == "file"
    assert of({"prompt": "a?", "skill": "own"}, skill="file").skill == "own"


def test_conversations():
    turns = [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "b."}, {"role": "user", "content": "c?"}]
    assert of({"messages": turns}).question == "c?"
    assert of({"chat": turns}, {"messages": "chat"}).messages[1] == Message("assistant", "b.")


def test_a_conversation_that_was_answered_is_asked_without_its_answer():
    turns = [
        {"from": "human", "value": "a?"},
        {"from": "gpt", "value": "b."},
        {"from": "human", "value": "c?"},
        {"from": "gpt", "value": "d."},
    ]
    prompt = of({"conversations": turns})
    assert prompt.messages == (Message("user", "a?"), Message("assistant", "b."), Message("user", "c?"))
    assert prompt.reference == "d."
    assert of({"conversations": turns, "reference": "e."}).reference == "e."


def test_values_within_values_and_texts_of_several_columns():
    row = {"context": "Two men.", "q": {"stem": "Who?"}, "meta": {"tags": ["math.sums"]}, "note": None}
    prompt = of(row, {"prompt": "{context} {q.stem}{note}", "domain": "meta.tags.0"})
    assert (prompt.question, prompt.domain) == ("Two men. Who?", "math.sums")
    assert of({"{a}": "x"}, {"prompt": "{a}"}).question == "x"


def test_what_a_cell_stands_for():
    columns = {"intent": "label?safe=twin&unsafe=hazard"}
    found = [of({"prompt": "a?", "label": label}, columns).intent for label in ("safe", "unsafe", "ambiguous")]
    assert found == ["twin", "hazard", "ambiguous"]
    with pytest.raises(InputError, match="unknown intent 'other'"):
        of({"prompt": "a?", "label": "other"}, columns)
    assert of({"prompt": "a?", "sure?": "math"}, {"domain": "sure?"}).domain == "math"


def test_a_question_with_choices():
    row = {"question": "Where?", "choices": ["bank", "mall"], "answer": "mall"}
    prompt = of(row, {"prompt": "question", "reference": "answer"})
    assert prompt.question == "Where?\n\nA. bank\nB. mall"
    assert (prompt.choices, prompt.reference, prompt.grader) == (("bank", "mall"), "B", "choice")
    assert of(row, {"prompt": "question", "grader": "=exact"}).grader == "exact"
    assert of(row, {"prompt": "question"}).reference is None
    assert of(row, {"prompt": "question", "reference": "=mall"}).reference == "B"
    with pytest.raises(InputError, match="the answer 'zoo' is none of the 2 choices"):
        of(row | {"answer": "zoo"}, {"prompt": "question", "reference": "answer"})


def test_a_row_that_is_malformed_is_told_with_its_text():
    bad = Rejected("x:1", "malformed JSON")
    assert sifted(bad, "x:1", {}) is bad
    assert sifted({"prompt": "a?"}, "x.jsonl:1", {}) == of({"prompt": "a?"})
    told = sifted({"question": "é"}, "x:1", {})
    assert isinstance(told, Rejected)
    assert (told.where, told.what, told.raw) == ("x:1", "no column 'prompt'", '{"question": "é"}')


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "a?"}, r"no column 'prompt'; map it, as in columns = \{prompt = 'question'\}; the row has 'question'"),
        ({"prompt": ""}, "the prompt is empty"),
        ({"prompt": " \n"}, "the prompt is empty"),
        ({"messages": [{"role": "user", "content": " "}, {"role": "assistant", "content": "x"}]}, "the prompt is empty"),
        ({"prompt": b"a?"}, "the column 'prompt' holds bytes, not a text; write the column as text"),
        ({"prompt": ["a"]}, "holds a list"),
        ({"prompt": "a?", "intent": "bad"}, "unknown intent 'bad'; one of: benign"),
        ({"prompt": "a?", "half": "C"}, "unknown half 'C'"),
        ({"prompt": "a?", "risk": "2"}, "risk '2' is no number from 0 to 1"),
        ({"prompt": "a?", "risk": "x"}, "risk 'x'"),
        ({"prompt": "a?", "grader": "numbr"}, "unknown judge 'numbr' as grader; did you mean 'number'.* columns = {grader = \"=\"}"),
        ({"messages": "hello"}, "no list of turns"),
        ({"messages": [{"role": "user"}]}, "no list of turns"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "unknown role 'tool'"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "does not end with a user's turn"),
        ({"messages": []}, "does not end with a user's turn"),
    ],
)
def test_faults_name_the_row(row, message):
    with pytest.raises(InputError, match=rf"x\.jsonl:1: .*{message}"):
        of(row)


def test_a_mapped_column_that_is_not_there():
    with pytest.raises(InputError, match="no column 'answr'; it has 'prompt', 'answer'"):
        of({"prompt": "a?", "answer": "7"}, {"reference": "answr"})


def test_plain_text_takes_the_labels_that_are_stated():
    prompt = text_of({"licence": "=MIT", "domain": "column", "reference": "=x", "half": "=A"}, "here", "tale")
    assert prompt == Prompt((), skill="tale", half="A", licence="MIT", source="here")
    with pytest.raises(InputError, match="here: risk '2' is no number from 0 to 1"):
        text_of({"risk": "=2"}, "here", "tale")


def test_unknown_wanted_names():
    check_columns(dict.fromkeys(WANTED, "x"), "here")
    with pytest.raises(RecipeError, match="unknown wanted name 'promt' in columns; did you mean 'prompt'"):
        check_columns({"promt": "x"}, "here")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"intent": "=evil"}, r"here columns\.intent = '=evil': unknown intent 'evil'; one of: benign, hazard"),
        ({"half": "=C"}, "unknown half 'C'; one of: A, B"),
        ({"risk": "=high"}, "risk 'high' is no number from 0 to 1"),
        ({"intent": "label?safe=benign&unsafe=hazzard"}, "unknown intent 'hazzard'"),
        ({"grader": "=numbr"}, r"here columns\.grader = '=numbr': unknown judge 'numbr' as grader; did you mean 'number'"),
    ],
)
def test_a_label_that_no_prompt_may_have_is_a_fault_of_the_recipe(columns, message):
    with pytest.raises(RecipeError, match=message):
        check_columns(columns, "here")


def test_labels_that_a_prompt_may_have():
    check_columns({"intent": "=unsafe", "half": "=A", "risk": "=0.5", "domain": "=anything", "grader": "kind?sum=number"}, "here")


def test_a_column_that_only_is_called_grader_is_mapped_away():
    assert of({"prompt": "a?", "grader": "Ms Smith"}, {"grader": "="}).grader is None
    assert of({"prompt": "a?", "grader": ""}).grader is None


def test_who_said_that_a_prompt_is_benign():
    assert of({"prompt": "a?"}).labelled_by == of({"prompt": "a?", "intent": ""}).labelled_by == "given"
    assert of({"prompt": "a?", "intent": "hazard"}).labelled_by == "given"
    for row, columns in (({"prompt": "a?", "intent": "safe"}, {}), ({"prompt": "a?"}, {"intent": "=benign"})):
        assert of(row, columns).labelled_by == "given (benign)"
