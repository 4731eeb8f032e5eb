from potstill.report.findings import Findings, called, explained
from potstill.types import Finding

FOUND = Findings(
    [
        Finding("capability", "accuracy", "base", "all", 0.1, 0.0, 0.2, 10),
        Finding("capability", "accuracy", "student", "chain", None, by="not measured: no grader"),
        Finding("capability", "accuracy", "student", "all", 0.5, 0.4, 0.6, 10, 2),
        Finding("capability", "accuracy", "teacher", "all", 0.9, 0.8, 1.0, 10),
        Finding("export", "bytes", "int8", "weights", 5.0, unit="bytes"),
    ]
)


def test_subjects_come_in_their_order_and_groups_as_found() -> None:
    assert FOUND.subjects("accuracy") == ["teacher", "student", "base"]
    assert FOUND.groups("accuracy") == ["all", "chain"]
    assert FOUND.legend("bytes") == (("int8", "int8"),)


def test_what_was_not_measured_has_no_value_and_no_dot() -> None:
    assert FOUND.value("accuracy", group="chain") is None
    assert FOUND.dots("accuracy", "chain") == ()
    assert FOUND.get("nothing") is None
    assert not FOUND.measured("nothing")


def test_a_dot_says_whose_it_is_its_interval_and_n() -> None:
    student = FOUND.dots("accuracy", "all")[1]
    assert (student.look, student.value, student.low, student.high) == ("student", 0.5, 0.4, 0.6)
    assert student.note == "all, student: 50.0% [40.0, 60.0], n = 10, 2 answers could not be judged"


def test_the_student_before_training_is_called_that() -> None:
    assert called("base") == "before training"
    assert explained(Finding("s", "n", "base", "all", None)) == "all, before training: not measured"
