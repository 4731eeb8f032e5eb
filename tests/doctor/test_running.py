"""The examination before a run pays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from potstill import pipeline
from potstill.doctor.running import FILE, examine_before
from potstill.errors import BudgetError, CapabilityError, ModelError, StoreError
from potstill.models import Answer, open_teacher
from potstill.prompts import gather
from potstill.store import Quiet, Run
from tests.doctor.teachers import Spoilt, silent
from tests.e2e.still import TINY
from tests.endpoints.server import Behaviour, Server
from tests.models.small import write_model

DIVERGENCE = ["teachers.0.model=world:base", "teachers.0.top_k=5", "train.losses=[{}]"]


class Told(Quiet):
    """A log that keeps what was said."""

    def __init__(self) -> None:
        self.lines = list[str]()

    def say(self, line: str) -> None:
        self.lines.append(line)


def opened(tmp_path: Path, *overrides: str) -> Run:
    return Run.open(TINY, overrides=overrides, out=tmp_path / "run", log=Told())


def test_what_was_found_is_written_and_told_in_a_line(tmp_path: Path) -> None:
    run = opened(tmp_path)
    with run.locked():
        prompts = gather(run)
    run.log.lines.clear()  # type: ignore[attr-defined]
    examine_before(run, prompts, [open_teacher(section) for section in run.recipe.teachers], tmp_path)
    [facts] = json.loads((tmp_path / FILE).read_text())
    assert facts["student"] == "new:llama"
    [line] = run.log.lines  # type: ignore[attr-defined]
    assert line.startswith("doctor: fake:{rationale} Answer: {reference}: ")
    assert " requests, " in line


@pytest.mark.parametrize(("overrides", "refused"), [(DIVERGENCE, True), ([], False)])
def test_garbage_is_refused_only_where_it_is_trained_on(overrides: list[str], refused: bool, tmp_path: Path) -> None:
    run = opened(tmp_path, *overrides)
    with run.locked():
        prompts = gather(run)
    if not refused:
        examine_before(run, prompts, [Spoilt(drawn=silent)], tmp_path)
        return
    with pytest.raises(CapabilityError, match=r"teachers\.0 \(world:base\): the doctor refuses it: log-probabilities: they were asked for"):
        examine_before(run, prompts, [Spoilt(drawn=silent)], tmp_path)
    assert (tmp_path / FILE).is_file()


def test_a_run_is_examined_once_and_not_when_its_answers_are_kept(tmp_path: Path) -> None:
    run = opened(tmp_path)
    made = pipeline.run(run, "generate")
    found = made["generate"].folder / "log" / FILE
    assert json.loads(found.read_text())[0]["results"][0]["name"] == "answers"
    assert FILE not in " ".join(made["generate"].manifest.files)
    found.unlink()
    again = opened(tmp_path)
    pipeline.run(again, "generate")
    assert not found.exists()
    assert not [line for line in again.log.lines if line.startswith("doctor")]  # type: ignore[attr-defined]


def test_a_teacher_whose_terms_forbid_it_is_never_drawn_from(tmp_path: Path) -> None:
    run = opened(tmp_path, "teachers.0.train_on_outputs=forbidden")
    with pytest.raises(CapabilityError, match="its terms forbid training on its outputs"):
        pipeline.run(run)
    assert not list((tmp_path / "run" / "generate").rglob("traces*"))


def test_a_run_on_a_server_that_scales_is_refused_before_a_prompt_is_paid(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "tiny")
    with Server(folder, Behaviour(scaled=True)) as server:
        teacher = f'teachers=[{{model = "{server.url}", dialect = "vllm", tokenizer = "hf:{folder}", top_k = 5}}]'
        run = opened(tmp_path, teacher, "train.losses=[{}]", "generate.temperature=0.7", "generate.max_new_tokens=33")
        with pytest.raises(CapabilityError, match="raw or scaled: divided by the temperature"):
            pipeline.run(run)
    assert 0 < len(server.bodies) <= 20
    assert not [body for _, body in server.bodies if body["max_tokens"] == 33]
    assert not list((tmp_path / "run" / "generate").rglob("traces*"))


class Counted(Spoilt):
    """A sound model that counts what it is asked."""

    @property
    def asked(self) -> int:
        return self.draws + self.scores


def test_a_teacher_that_was_examined_is_not_asked_again_when_the_run_goes_on(tmp_path: Path) -> None:
    run, first, again = opened(tmp_path, *DIVERGENCE), Counted(), Counted()
    with run.locked():
        prompts = gather(run)
    examine_before(run, prompts, [first], tmp_path)
    found = (tmp_path / FILE).read_text()
    examine_before(run, prompts, [again], tmp_path)
    assert first.asked > 0 == again.asked
    assert run.log.lines[-1] == "doctor: world:base: examined before"  # type: ignore[attr-defined]
    assert (tmp_path / FILE).read_text() == found
    other = opened(tmp_path, *DIVERGENCE, "teachers.0.top_k=4")
    examine_before(other, prompts, [again], tmp_path)
    assert again.asked > 0


@pytest.mark.parametrize(
    ("override", "again"),
    [
        ("generate.shard=16", False),
        ("generate.n=2", False),
        ("teachers.0.domains=['math','logic']", False),
        ("prompts.limit=63", False),
        ("prompts.sources=['world:carry_addition?n=8']", True),
        ("generate.temperature=0.5", True),
        ("student.config.hidden_size=32", True),
    ],
)
def test_a_teacher_is_examined_again_only_where_what_is_looked_at_has_changed(override: str, again: bool, tmp_path: Path) -> None:
    run, teacher = opened(tmp_path, *DIVERGENCE), Counted()
    with run.locked():
        prompts = gather(run)
    examine_before(run, prompts, [teacher], tmp_path / "one")
    before = teacher.asked
    other = opened(tmp_path, *DIVERGENCE, override)
    with other.locked():
        gathered = gather(other)
    examine_before(other, gathered, [teacher], tmp_path / "other")
    assert (teacher.asked > before) == again
    one, then = (json.loads((tmp_path / name / FILE).read_text()) for name in ("one", "other"))
    assert (one != then) == again
    examine_before(run, prompts, [teacher], tmp_path / "one")
    assert json.loads((tmp_path / "one" / FILE).read_text()) == one


def test_other_weights_are_examined_again(tmp_path: Path) -> None:
    run, first, other = opened(tmp_path, *DIVERGENCE), Counted(), Counted()
    other.identity = lambda: {"weights": "others"}  # type: ignore[method-assign]
    with run.locked():
        prompts = gather(run)
    examine_before(run, prompts, [first], tmp_path)
    examine_before(run, prompts, [other], tmp_path)
    assert other.asked > 0


def test_a_damaged_file_of_findings_is_told(tmp_path: Path) -> None:
    run = opened(tmp_path, *DIVERGENCE)
    with run.locked():
        prompts = gather(run)
    (run.folder / FILE).write_text("[{}]")
    with pytest.raises(StoreError, match=r"doctor\.json: a damaged file; remove it"):
        examine_before(run, prompts, [Counted()], tmp_path)


def test_a_refused_teacher_is_examined_again(tmp_path: Path) -> None:
    run, mended = opened(tmp_path, *DIVERGENCE), Counted()
    with run.locked():
        prompts = gather(run)
    with pytest.raises(CapabilityError):
        examine_before(run, prompts, [Spoilt(drawn=silent)], tmp_path)
    examine_before(run, prompts, [mended], tmp_path)
    assert mended.asked > 0


@pytest.mark.parametrize("budget", ["generate.token_budget=2000", "generate.usd_budget=0.002"])
def test_a_budget_smaller_than_the_probes_is_told_before_anything_is_asked(budget: str, tmp_path: Path) -> None:
    teacher = 'teachers=[{model = "http://localhost:1/v1#m", price = {input = 1, output = 2}}]'
    run = opened(tmp_path, teacher, budget, "student.tokenizer=world:a")
    with run.locked():
        prompts = gather(run)
    with pytest.raises(BudgetError, match=r"the doctor's probes may take [\d,]+ tokens.* of the budget are left"):
        examine_before(run, prompts, [open_teacher(section) for section in run.recipe.teachers], tmp_path)
    assert not (tmp_path / FILE).exists()


def test_a_server_that_does_not_answer_is_told_in_one_sentence(tmp_path: Path) -> None:
    def refuse(*_: object) -> Answer:
        raise ModelError("given up after 3 attempts", where="the server")

    run = opened(tmp_path)
    with run.locked():
        prompts = gather(run)
    with pytest.raises(CapabilityError, match=r"^teachers\.0 \(fake:.*\): it does not answer: given up after 3 attempts"):
        examine_before(run, prompts, [Spoilt(drawn=refuse)], tmp_path)
