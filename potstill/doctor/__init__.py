"""A teacher, or a teacher and its student, probed before anything is paid: what would train on garbage is refused."""

from potstill.doctor.examination import Case, cases, examine
from potstill.doctor.result import Diagnosis, Result
from potstill.doctor.running import examine_before

__all__ = ["Case", "Diagnosis", "Result", "cases", "examine", "examine_before"]
