from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from potstill.errors import StoreError
from potstill.store import Artifact, Workspace
from potstill.store.artifact import content_of, digest_file, hash_files
from potstill.types import digest
from tests.store import still


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    return still.distil(tmp_path / "run")


def test_hashes_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc" * 1_000_000)
    assert digest_file(path) == hashlib.sha256(b"abc" * 1_000_000).hexdigest()
    assert digest({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()
    assert content_of("train", {"a": "1"}) != content_of("generate", {"a": "1"})


def test_tables_beside_the_others_are_not_in_the_content():
    files = {"a.parquet": "1", "said.parquet": "2", "said-00003.parquet": "3", "said-so.parquet": "4", "log/said.parquet": "5"}
    alone = {name: files[name] for name in ("a.parquet", "said-so.parquet", "log/said.parquet")}
    assert content_of("filter", files, ["said"]) == content_of("filter", alone) == content_of("filter", alone, ["said"])
    assert content_of("filter", files) != content_of("filter", alone)


def test_what_belongs_to_the_content(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for name in ("a.txt", "deep/b.txt", "deep/log/c.txt", "log/seconds.txt", ".scratch/step", "manifest.json"):
        workspace.path(name).write_text(name)
    assert list(hash_files(tmp_path)) == ["a.txt", "deep/b.txt", "deep/log/c.txt"]


def test_an_artifact_is_read_and_verified(artifact: Artifact) -> None:
    again = Artifact.read(artifact.folder)
    assert again == artifact
    again.verify()
    assert again.label == f"generate {again.content[:12]}"
    assert again.table("traces").num_rows == again.count("traces") == still.SHARDS * 50
    assert [len(piece) for piece in again.stream("traces", ["x"], size=60)] == [60, 40]
    assert again.path("student/weights").stat().st_size == 1000
    assert not (again.folder / ".scratch").exists()


def test_a_stages_own_artifact_is_read_as_its_kind(artifact: Artifact) -> None:
    class Cut(Artifact):
        @property
        def rows(self) -> int:
            return self.table("traces").num_rows

    assert Cut.read(artifact.folder).rows == still.SHARDS * 50


@pytest.mark.parametrize("name", ["traces-00001.parquet", "student/deeper/tokenizer.json"])
def test_one_flipped_bit_is_found(artifact: Artifact, name: str) -> None:
    path = artifact.folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError, match=rf"{name}: a damaged file.*--force"):
        artifact.verify()
    artifact.verify(hashes=False)


def test_a_missing_file_is_found(artifact: Artifact) -> None:
    (artifact.folder / "student" / "weights").unlink()
    with pytest.raises(StoreError, match="student/weights: a file of the artifact is missing"):
        artifact.verify(hashes=False)


def test_a_file_that_was_put_there_is_found(artifact: Artifact) -> None:
    (artifact.folder / ".DS_Store").write_bytes(b"left by a file manager")
    artifact.verify()
    shutil.copy(artifact.folder / "traces-00000.parquet", artifact.folder / f"traces-{still.SHARDS:05}.parquet")
    with pytest.raises(StoreError, match=rf"traces-{still.SHARDS:05}.parquet: a file that is none of the artifact's; move it out"):
        artifact.verify()
    artifact.verify(hashes=False)


def test_a_doctored_manifest_is_found(artifact: Artifact) -> None:
    path = artifact.folder / "manifest.json"
    (artifact.folder / "scorecard.json").write_text('{"missed": ["accuracy"]}')
    changed = digest_file(artifact.folder / "scorecard.json")
    path.write_text(path.read_text().replace(artifact.manifest.files["scorecard.json"], changed))
    with pytest.raises(StoreError, match="content hash is not its files'"):
        Artifact.read(artifact.folder).verify()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stage": "x"}', "[" * 100_000])
def test_a_damaged_manifest_is_named(artifact: Artifact, text: str) -> None:
    (artifact.folder / "manifest.json").write_text(text)
    with pytest.raises(StoreError, match=r"manifest\.json: a damaged manifest"):
        Artifact.read(artifact.folder)


def test_a_manifest_that_cannot_be_read_is_named(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refused)
        with pytest.raises(StoreError, match=r"manifest\.json: not permitted: Permission denied"):
            Artifact.read(artifact.folder)
    (artifact.folder / "manifest.json").unlink()
    (artifact.folder / "manifest.json").mkdir()
    with pytest.raises(StoreError, match=r"manifest\.json: a damaged manifest"):
        Artifact.read(artifact.folder)


def test_what_is_not_there_is_named(artifact: Artifact, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no artifact here"):
        Artifact.read(tmp_path)
    with pytest.raises(StoreError, match="no answers.parquet in the artifact"):
        artifact.path("answers.parquet")


def test_a_workspace_tells_what_is_there(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "stage")
    assert not workspace.has_table("traces", 0)
    workspace.write_table("traces", pa.table({"x": [1]}), 0)
    workspace.write_table("traces", pa.table({"x": [2]}), 1)
    assert workspace.has_table("traces", 0)
    assert not workspace.has_table("traces")
    assert workspace.table("traces")["x"].to_pylist() == [1, 2]
    assert [piece["x"].to_pylist() for piece in workspace.stream("traces", ["x"], size=1)] == [[1], [2]]
    with workspace.write_folder("student") as folder:
        (folder / "a").write_text("")
        assert not workspace.has("student")
    assert workspace.has("student/a")
    workspace.write_json("a.json", {"é": 1})
    assert (workspace.folder / "a.json").read_text() == '{\n  "é": 1\n}\n'
    assert workspace.scratch.is_dir()
    assert workspace.log.is_dir()
    workspace.remove_scratch()
    assert not (workspace.folder / ".scratch").exists()
