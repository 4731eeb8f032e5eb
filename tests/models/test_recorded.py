from __future__ import annotations

import json

import pytest

from potstill.errors import CapabilityError, InputError, ModelError, RecipeError
from potstill.models import open_teacher
from potstill.models.base import Given, Options, Sampling
from potstill.models.recorded import open_recorded
from potstill.recipe import load
from potstill.types import Prompt
from tests.house import tree
from tests.models.small import ask

ONE = Sampling()


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def texts(teacher, question, n=1):
    return [answer.text for answer in teacher.draw([ask(question)], Sampling(n=n))[0]]


@pytest.fixture
def answers(tmp_path):
    rows = [
        {"prompt": "a?", "answer": "1"},
        {"prompt": "b?", "answer": "2"},
        {"prompt": " a? ", "answer": "3"},
        {"prompt": "c?", "answer": None},
    ]
    return write(tmp_path / "answers.jsonl", rows)


def test_draws_are_the_recorded_answers(answers):
    teacher = open_recorded(str(answers), Options())
    assert texts(teacher, "a?") == ["1"]
    assert texts(teacher, "a?", n=3) == ["1", "3"]
    assert texts(teacher, "b?", n=2) == ["2"]
    assert teacher.gives == {"text"}


def test_a_prompt_without_an_answer_is_named(answers):
    teacher = open_recorded(str(answers), Options())
    for question in ("c?", "d?"):
        with pytest.raises(ModelError, match=rf"no recorded answer to '{question[0]}\?'"):
            teacher.draw([ask(question)], ONE)


def test_columns_are_mapped(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("q,out,why\na?,yes,length\nb?,no,stop\n")
    teacher = open_recorded(str(path), Options(columns={"prompt": "q", "answer": "out", "finish_reason": "why"}))
    ((answer,),) = teacher.draw([ask("a?")], ONE)
    assert (answer.text, answer.finish_reason) == ("yes", "length")
    with pytest.raises(ModelError, match="unknown column 'anwser'; did you mean 'answer'"):
        open_recorded(str(path), Options(columns={"anwser": "out"}))
    with pytest.raises(InputError, match="no column 'prompt'"):
        open_recorded(str(path), Options()).draw([ask("a?")], ONE)
    with pytest.raises(InputError, match="unknown finish_reason 'yes'"):
        open_recorded(str(path), Options(columns={"prompt": "q", "answer": "q", "finish_reason": "out"})).draw([ask("a?")], ONE)


def test_parallel_files_and_a_cut(tmp_path):
    write(tmp_path / "asked.jsonl", [{"input": "a?"}, {"input": "b?"}, {"input": "c?"}])
    (tmp_path / "cot_0.json").write_text(json.dumps(["one\n\nQ: more", "two"]))
    (tmp_path / "cot_1.json").write_text(json.dumps(["three\n\nQ: x\n\nQ: y"]))
    spec = f"{tmp_path}/cot_*.json?prompts={tmp_path}/asked.jsonl&cut=%0A%0AQ"
    teacher = open_recorded(spec, Options(columns={"prompt": "input"}))
    assert [texts(teacher, question) for question in ("a?", "b?", "c?")] == [["one"], ["two"], ["three"]]
    (tmp_path / "cot_1.json").unlink()
    with pytest.raises(InputError, match="2 answers and 3 prompts in parallel files"):
        texts(open_recorded(spec, Options(columns={"prompt": "input"})), "a?")


def test_missing_files_and_settings(tmp_path, answers):
    with pytest.raises(InputError, match="no such file"):
        open_recorded(str(tmp_path / "none.jsonl"), Options())
    with pytest.raises(InputError, match="no file matches"):
        open_recorded(f"{tmp_path}/none_*.json", Options())
    (tmp_path / "answers_folder").mkdir()
    for name in (str(tmp_path), f"{tmp_path}/answers*"):
        with pytest.raises(InputError, match=r"recorded:.*: a folder, not a file"):
            open_recorded(name, Options())
    with pytest.raises(InputError, match="recorded:: no file is named"):
        open_recorded("", Options())
    with pytest.raises(RecipeError, match="unknown setting 'cutt'"):
        open_recorded(f"{answers}?cutt=x", Options())


def test_it_scores_nothing(answers):
    with pytest.raises(CapabilityError, match="cannot score"):
        open_recorded(str(answers), Options()).score([Given(Prompt((), reference="x"))])


def test_identity_is_of_the_files_and_how_they_are_read(answers):
    before = open_recorded(str(answers), Options()).identity()
    assert open_recorded(f"{answers}?cut=x", Options()).identity() != before
    answers.write_text(answers.read_text() + "\n" + json.dumps({"prompt": "z?", "answer": "9"}))
    assert open_recorded(str(answers), Options()).identity()["files"] != before["files"]


def test_real_rationales(data_dir, monkeypatch):
    monkeypatch.setenv("POTSTILL_DATA", str(data_dir))
    (section,) = load(tree.ROOT / "recipes" / "svamp_palm.toml").teachers
    teacher = open_teacher(section)
    path = data_dir / "dsbs" / "svamp" / "svamp_train.json"
    questions = [json.loads(line)["input"] for line in path.read_text().splitlines()]
    drawn = teacher.draw([ask(question) for question in questions], ONE)
    assert len(drawn) == 800
    assert drawn[0][0].text.endswith("84 / 2 = 42. The answer is (84 / 2).")
    assert not any("\n\nQ" in answer.text for group in drawn for answer in group)


def test_the_questions_on_file(tmp_path):
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": " a? ", "answer": "1"}\n{"prompt": "b?", "answer": "2"}\n{"prompt": "a?", "answer": "3"}\n')
    teacher = open_recorded(str(file), Options())
    assert teacher.questions(5) == ["a?", "b?"]
    assert teacher.questions(1) == ["a?"]
