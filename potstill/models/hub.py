"""What the hub says of a repository's weights: their digests, without reading a weight.

The hub names a large file by the SHA-256 of its bytes. Its cache on the disk keeps the file under that name; where the file is not there
yet, the hub is asked for its header.
"""

from __future__ import annotations

from functools import cache
from json import loads
from pathlib import Path

from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # its client's, which it does not name as its own
from transformers.utils.hub import cached_file

from potstill.store.artifact import digest_file

WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
"""The files that transformers looks for: the weights in one, or the list of those that hold them."""


def weights_digests(repository: str, revision: str) -> dict[str, str]:
    """File name -> digest of the weights that transformers loads; empty where neither the cache nor the hub tells.

    Args:
        repository: its id.
        revision: the commit.
    """
    whole = _digest(repository, revision, WHOLE)
    if whole is not None:
        return {WHOLE: whole}
    found = {name: _digest(repository, revision, name) for name in _shards(repository, revision)}
    return {name: digest for name, digest in found.items() if digest is not None} if None not in found.values() else {}


def _shards(repository: str, revision: str) -> list[str]:
    """The files that the index lists; none where there is no index."""
    try:
        index = cached_file(repository, INDEX, revision=revision)
        return sorted(set(loads(Path(index).read_text(encoding="utf-8"))["weight_map"].values())) if index is not None else []
    except (OSError, ValueError, KeyError):
        return []


@cache
def _digest(repository: str, revision: str, name: str) -> str | None:
    """A file's name among the hub's blobs, which a cache without links has lost; None where there is no such file, or nobody to ask."""
    path = try_to_load_from_cache(repository, name, revision=revision)
    if isinstance(path, str):
        return Path(path).resolve().name if Path(path).is_symlink() else digest_file(Path(path))
    if path is not None:
        return None
    try:
        return get_hf_file_metadata(hf_hub_url(repository, name, revision=revision)).etag
    except (HTTPError, OSError):
        return None
