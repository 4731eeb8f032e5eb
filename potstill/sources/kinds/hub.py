"""Datasets of the hub, and dataset folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from textwrap import shorten
from typing import Any

from potstill.errors import InputError, MissingExtraError, RecipeError
from potstill.recipe.paths import expand
from potstill.registry import part
from potstill.sources.files import fingerprint_of
from potstill.sources.labelling import WANTED, prompt_of, sifted
from potstill.sources.request import Request
from potstill.text.lines import Rejected, ending
from potstill.text.rows import ENDINGS, Sifted, sift_rows
from potstill.types import Prompt

OURS = tuple(one for one in ENDINGS if one != ".txt")
"""Endings of data files whose rows are the same here and in the library."""
LONGEST = 240
"""Characters that are told of the library's own message."""
_NAMED = re.compile(r"(.+):([^:\[\]]+(?:\[[^\]]*\])?)")
"""A name and a split, which may be a slice: `train[:100]`."""


@part("source", "hf", version="4")
class HubSource:
    """A dataset: `hf:openai/gsm8k:train?config=main&revision=…`, or a folder of data files, `hf:./folder:train`; needs the extra `hub`.

    Which files of a folder make up a split the library says; they are read here, so that a malformed row is told by file and line and those
    behind it are read. Of a dataset of the hub, of a slice (`train[:100]`) and of other files the library makes a table first: what it
    cannot read stops the source, and what is no prompt is told by the row's number.

    Raises:
        RecipeError: the split is not named.
        MissingExtraError: `datasets` is not installed.
        InputError: the dataset cannot be found or read.
    """

    SETTINGS = ("config", "revision")
    COLUMNS = LABELS = WANTED

    def __init__(self, request: Request) -> None:
        self._request = request
        found = _NAMED.fullmatch(request.name)
        if found is None:
            raise RecipeError("a dataset is written hf:NAME:SPLIT", where=request.where, fix="as in hf:openai/gsm8k:train?config=main")
        self._name, self._split = found.groups()

    def fingerprint(self) -> str:
        """SHA-256 of a folder's files, or the library's fingerprint of the rows as they were read."""
        return fingerprint_of(self._files) if self._files else str(self._dataset._fingerprint)

    def prompts(self) -> Iterator[Prompt]:
        """A prompt a row, in the dataset's order."""
        for where, row in self._rows():
            if isinstance(row, Rejected):
                raise row.error
            yield prompt_of(row, where, self._request.columns, self._skill)

    def sift(self) -> Iterator[Prompt | Rejected]:
        """As `prompts`, with what is wrong with malformed rows in their places."""
        for where, row in self._rows():
            yield sifted(row, where, self._request.columns, self._skill)

    @property
    def _skill(self) -> str:
        return self._name.rstrip("/").rpartition("/")[2]

    def _rows(self) -> Iterator[Sifted]:
        for path in self._files:
            yield from sift_rows(path)
        if not self._files:
            for number, row in enumerate(self._dataset):
                yield f"hf:{self._name}:{self._split} row {number}", dict(row)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        """The files of the split that are read here; none where the library reads it."""
        if not Path(expand(self._name)).is_dir():
            return ()
        named = self._asked("load_dataset_builder").config.data_files or {}
        files = tuple(Path(path) for path in named.get(self._split, ()))
        return files if all(path.is_file() and ending(path) in OURS for path in files) else ()

    @cached_property
    def _dataset(self) -> Any:
        return self._asked("load_dataset", split=self._split)

    def _asked(self, function: str, **more: Any) -> Any:
        """What the library's function says of the dataset."""
        try:
            datasets = import_module("datasets")
        except ImportError:
            raise MissingExtraError.of("datasets", "hub", f"the source {self._request.where}") from None
        settings = self._request.settings
        try:
            return getattr(datasets, function)(expand(self._name), settings.get("config"), revision=settings.get("revision"), **more)
        except Exception as error:  # the library raises errors of many kinds, and its loaders any
            cause = error.__cause__ if str(error.__cause__ or "").strip() else error
            what = f"the dataset cannot be read: {shorten(str(cause), LONGEST, placeholder='…')}"
            fix = "check its name, config and split, and the network"
            raise InputError(what, where=self._request.where, fix=fix) from error
