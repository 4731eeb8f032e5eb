from __future__ import annotations

from pathlib import Path

import pytest

from potstill.errors import InputError
from potstill.sources.files import files_of, fingerprint_of, plain_name
from potstill.store.artifact import digest_file


def test_one_file_a_folder_and_a_pattern(tmp_path):
    for name in ("b.csv", "a.jsonl.gz", "notes.md", ".x.csv"):
        (tmp_path / name).write_text("x")
    assert files_of(f"{tmp_path}/notes.md", "here") == [tmp_path / "notes.md"]
    assert [path.name for path in files_of(str(tmp_path), "here")] == ["a.jsonl.gz", "b.csv"]
    assert [path.name for path in files_of(f"{tmp_path}/b.*", "here")] == ["b.csv"]
    with pytest.raises(InputError, match="here: no such file or folder"):
        files_of(f"{tmp_path}/c.csv", "here")


def test_the_fingerprint_of_one_file_is_its_hash(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    assert fingerprint_of([tmp_path / "a.txt"]) == digest_file(tmp_path / "a.txt")
    assert fingerprint_of([tmp_path / "a.txt"] * 2) != fingerprint_of([tmp_path / "a.txt"])


def test_names_without_endings():
    assert [plain_name(Path(name)) for name in ("a.jsonl", "a.jsonl.gz", "v1.2.csv.zst")] == ["a", "a", "v1.2"]
