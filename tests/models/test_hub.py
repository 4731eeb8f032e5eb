from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from huggingface_hub import constants
from huggingface_hub.errors import OfflineModeIsEnabled

from potstill.models import hub
from potstill.models.hf import Place, weights_facts
from potstill.models.hub import weights_digests
from potstill.store.artifact import digest_file

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """Makes a repository in a cache of the hub: snapshots of links to blobs, which are named by their digests. Nobody answers beyond it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))

    def offline(url):
        raise OfflineModeIsEnabled("offline")

    monkeypatch.setattr(hub, "get_hf_file_metadata", offline)
    hub._digest.cache_clear()

    def make(repository, files):
        root = tmp_path / f"models--{repository.replace('/', '--')}"
        snapshot, blobs = root / "snapshots" / REVISION, root / "blobs"
        for folder in (snapshot, blobs, root / "refs"):
            folder.mkdir(parents=True)
        (root / "refs" / "main").write_text(REVISION)
        for name, (blob, content) in files.items():
            (blobs / blob).write_bytes(content)
            (snapshot / name).symlink_to(blobs / blob)
        return snapshot

    return make


def test_the_caches_names_are_the_digests_and_no_weight_is_read(cached):
    cached("org/whole", {"config.json": ("c" * 40, b"{}"), "model.safetensors": ("a" * 64, b"not read")})
    assert weights_digests("org/whole", REVISION) == {"model.safetensors": "a" * 64}
    expected = {"repository": "org/whole", "revision": REVISION, "weights model.safetensors": "a" * 64}
    assert weights_facts(Place("org/whole", REVISION)) == expected


def test_of_many_files_those_count_that_the_index_lists(cached):
    index = json.dumps({"weight_map": {"x": "model-1.safetensors", "y": "model-2.safetensors", "z": "model-1.safetensors"}}).encode()
    shards = {f"model-{i}.safetensors": (str(i) * 64, b"") for i in (1, 2)}
    other = {"consolidated.safetensors": ("9" * 64, b"")}
    cached("org/shards", {"config.json": ("c" * 40, b"{}"), hub.INDEX: ("b" * 40, index), **shards, **other})
    assert weights_digests("org/shards", REVISION) == {f"model-{i}.safetensors": str(i) * 64 for i in (1, 2)}


def test_before_the_weights_are_there_the_hub_tells_the_same(cached, monkeypatch):
    cached("org/later", {"config.json": ("c" * 40, b"{}")})
    asked = []
    monkeypatch.setattr(hub, "get_hf_file_metadata", lambda url: asked.append(url) or SimpleNamespace(etag="a" * 64))
    assert weights_digests("org/later", REVISION) == {"model.safetensors": "a" * 64}
    assert weights_digests("org/later", REVISION) == {"model.safetensors": "a" * 64}
    assert [url.rpartition("/")[2] for url in asked] == ["model.safetensors"]
    assert REVISION in asked[0]


def test_a_copy_in_the_cache_is_read(cached):
    snapshot = cached("org/copied", {"config.json": ("c" * 40, b"{}")})
    (snapshot / "model.safetensors").write_bytes(b"weights")
    assert weights_digests("org/copied", REVISION) == {"model.safetensors": digest_file(snapshot / "model.safetensors")}


def test_a_shard_that_nobody_tells_of_leaves_all_untold(cached):
    index = json.dumps({"weight_map": {"x": "model-1.safetensors", "y": "model-2.safetensors"}}).encode()
    cached("org/half", {"config.json": ("c" * 40, b"{}"), hub.INDEX: ("b" * 40, index), "model-1.safetensors": ("1" * 64, b"")})
    assert weights_digests("org/half", REVISION) == {}
    assert weights_digests("org/nothing", REVISION) == {}
