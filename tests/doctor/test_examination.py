"""The whole examination."""

from __future__ import annotations

from pathlib import Path

import pytest

from potstill.doctor import Case, Diagnosis, cases, examine
from potstill.doctor.examination import PROBES
from potstill.recipe import GenerateSection, StudentSection, TeacherSection, load
from tests.doctor.teachers import Spoilt, silent
from tests.e2e.still import TINY
from tests.endpoints.server import Behaviour, Server
from tests.models.small import ask, write_model


def outcomes(diagnosis: Diagnosis) -> dict[str, str]:
    return {result.name: result.outcome for result in diagnosis.results}


def test_the_probes_have_names_of_their_own() -> None:
    names = [probe.name for probe in PROBES]
    assert len(set(names)) == len(names)
    assert names[0] == "answers"


def test_a_teacher_of_the_world_and_its_student_are_well() -> None:
    config = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    found = examine(Case(TeacherSection(model="world:base"), StudentSection(model="new:llama", config=config)))
    assert found.of("refused") == found.of("warning") == ()
    assert {result.group for result in found.results} == {"teacher", "pair"}
    assert len(found.results) == len(PROBES) + 2 + 8
    assert 0 < found.requests <= 20
    assert 0 < found.tokens <= 300


def test_of_a_fake_only_what_applies_is_asked() -> None:
    found = outcomes(examine(Case(TeacherSection(model="fake:yes"))))
    assert "seed" not in found
    assert "BOS" not in found
    assert found["repeatable"] == found["probabilities"] == "ok"
    assert found["licence"] == "warning"


def test_answers_on_file_are_asked_a_question_that_they_answer(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "What is 1+1?", "answer": "2"}\n')
    found = examine(Case(TeacherSection(model=f"recorded:{file}"), signal=False))
    assert outcomes(found) == {
        "answers": "ok",
        "token ids": "ok",
        "log-probabilities": "warning",
        "prompt scoring": "ok",
        "licence": "warning",
        "train on outputs": "warning",
    }
    assert examine(Case(TeacherSection(model=f"recorded:{file}"))).of("refused")[0].name == "log-probabilities"


def test_a_teacher_that_does_not_answer_is_asked_nothing_more(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "What is 1+1?", "answer": "2"}\n')
    found = outcomes(examine(Case(TeacherSection(model=f"recorded:{file}"), prompts=(ask("And 2+2?"),))))
    assert found == {"answers": "refused", "licence": "warning", "train on outputs": "warning"}


def test_terms_that_forbid_it_are_refused_for_text_too() -> None:
    forbidden = TeacherSection(model="fake:yes", train_on_outputs="forbidden")
    assert [result.name for result in examine(Case(forbidden, signal=False)).of("refused")] == ["train on outputs"]


def test_dropped_log_probabilities_harm_only_who_trains_on_them() -> None:
    section = TeacherSection(model="fake:yes")
    assert "log-probabilities" in [r.name for r in examine(Case(section), Spoilt(drawn=silent)).of("refused")]
    assert examine(Case(section, signal=False), Spoilt(drawn=silent)).of("refused") == ()


def test_the_cases_of_a_recipe() -> None:
    teachers = 'teachers=[{model = "world:math", domains = ["math"]}, {model = "world:base", top_k = 5}]'
    hazard, long = ask("How is dax made?", intent="hazard", half="A", domain="x"), ask("a" * 50, domain="x")
    divergence = load(TINY, [teachers, "train.losses=[{}]"])
    math, base = cases(divergence, [hazard, ask("1+1?", domain="math"), ask("b", domain="x"), long])
    assert math.prompts == (ask("1+1?", domain="math"),)
    assert base.prompts == (ask("b", domain="x"), long)
    assert (math.signal, base.signal) == (True, True)
    assert base.student == divergence.student
    [text] = cases(load(TINY, []))
    assert not text.signal
    assert text.prompts == ()


@pytest.mark.parametrize("loss", ["{}", '{teacher = "live"}'])
def test_any_divergence_needs_the_log_probabilities(loss: str) -> None:
    [case] = cases(load(TINY, ["teachers.0.model=world:base", "teachers.0.top_k=5", f"train.losses=[{loss}]"]))
    assert case.signal


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model."""
    return write_model(tmp_path_factory.mktemp("models") / "tiny")


def served(folder: Path, behaviour: Behaviour, dialect: str = "vllm", *, batch: bool = False) -> Diagnosis:
    """What is found of a server that errs like this."""
    with Server(folder, behaviour) as server:
        known = f"hf:{folder}"
        section = TeacherSection(model=server.url, dialect=dialect, tokenizer=known, licence="MIT", train_on_outputs="allowed", batch=batch)
        return examine(Case(section, settings=GenerateSection(temperature=0.7, max_new_tokens=32)))


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "llama_cpp", "openai"])
def test_a_truthful_server_is_well(dialect: str, folder: Path) -> None:
    found = served(folder, Behaviour(), dialect)
    assert found.of("refused") == found.of("warning") == ()
    assert [result.name for result in found.of("unknown")] == ["end token"]


def test_probes_are_asked_at_once_where_the_recipe_asks_in_batches(folder: Path) -> None:
    found = served(folder, Behaviour(), "openai", batch=True)
    assert found.results[0].outcome == "ok"
    assert found.requests > 5


@pytest.mark.parametrize(
    ("behaviour", "name", "outcome"),
    [
        (Behaviour(scaled=True), "raw or scaled", "refused"),
        (Behaviour(stale_cache=True), "drawn and scored", "refused"),
        (Behaviour(max_logprobs=5), "log-probabilities", "refused"),
        (Behaviour(key="k"), "answers", "refused"),
        (Behaviour(ignores=frozenset({"seed"})), "seed", "warning"),
        (Behaviour(ignores=frozenset({"temperature"})), "greedy", "warning"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_servers_fault_is_found(behaviour: Behaviour, name: str, outcome: str, folder: Path) -> None:
    assert outcomes(served(folder, behaviour))[name] == outcome
