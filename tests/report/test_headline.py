from dataclasses import replace

from potstill.report.findings import Findings
from potstill.report.headline import header, summary
from potstill.report.sources import Material
from potstill.types import Finding


def test_the_sentence_says_size_accuracy_and_speed(material: Material) -> None:
    head = header(material)
    assert head.summary.startswith("10.7x smaller, keeps ")
    assert head.summary.endswith("] of the teacher's accuracy, 3.1x as fast.")
    assert (head.teacher, head.student) == ("world:aligned", "new:llama, 123,144 parameters")
    assert (head.verdict, head.verdict_text) == ("passed", "passed: 3 limits held")


def test_the_sentence_is_of_few_words(empty: Material) -> None:
    findings = Findings(
        [
            Finding("export", "parameters", "safetensors", "all", 123_144.0, unit="parameters"),
            Finding("export", "parameters_ratio", "safetensors", "all", 123_144 / 1_342_270, unit="ratio"),
            Finding("capability", "retention", "student", "all", 0.971, 0.948, 0.989, unit="ratio"),
        ]
    )
    assert summary(replace(empty, findings=findings)) == "10.9x smaller, keeps 97.1% [94.8, 98.9] of the teacher's accuracy."


def test_without_a_teacher_to_compare_with_the_student_speaks_for_itself(empty: Material) -> None:
    findings = Findings(
        [
            Finding("export", "parameters", "safetensors", "all", 381_600.0, unit="parameters"),
            Finding("capability", "accuracy", "student", "all", 0.25, 0.1, 0.4, 60),
        ]
    )
    assert summary(replace(empty, findings=findings)) == "381,600 parameters, 25.0% [10.0, 40.0] of the answers right."


def test_tiles_carry_interval_and_n(material: Material) -> None:
    tiles = {tile.label: tile for tile in header(material).tiles}
    assert tiles["smaller"].value == "10.7×"
    assert tiles["smaller"].detail == "123k of 1.32M parameters, 493 kB"
    assert (tiles["hazards leaked"].value, tiles["hazards leaked"].detail) == ("1.2%", "half B, [0.4, 3.6], n = 240")
    assert tiles["cheaper"].value == "68%"


def test_a_verdict_for_every_outcome(material: Material, partial: dict[str, Material]) -> None:
    failed = header(replace(material, missed=("a", "b")))
    assert (failed.verdict, failed.verdict_text, failed.missed) == ("failed", "failed: 2 checks", ("a", "b"))
    assert header(partial["train"]).verdict_text == "not evaluated"


def test_a_run_that_stopped_says_where(partial: dict[str, Material], empty: Material) -> None:
    assert header(partial["filter"]).summary == "Stopped after filter: there is no student yet."
    assert header(partial["train"]).summary == "Stopped after train: the student is not measured yet."
    assert header(empty).summary == "Nothing done yet."
    assert [step.amount for step in header(partial["filter"]).steps] == ["32", "32", "23", None, None, None]


def test_plain_text_has_its_own_sentence(plain_text: Material) -> None:
    assert summary(plain_text) == "10.7x smaller, 2.420 nats a token on unseen text where the teacher has 1.930, 3.1x as fast."


def test_text_that_the_checkpoint_was_chosen_on_is_not_called_unseen(plain_text: Material, chosen_on_text: Material) -> None:
    assert summary(chosen_on_text) == (
        "10.7x smaller, 2.420 nats a token where the teacher has 1.930"
        " (on text that was not trained on; the checkpoint was chosen on it), 3.1x as fast."
    )
    tiles = [{tile.label: tile.detail for tile in header(material).tiles} for material in (plain_text, chosen_on_text)]
    assert tiles[0]["loss on unseen text"] == "nats a token; teacher 1.930"
    assert tiles[1]["loss on validation text"] == "nats a token; teacher 1.930; the checkpoint was chosen on it"
