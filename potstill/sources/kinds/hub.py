"""Datasets of the hub, and dataset folders."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from typing import Any

from potstill.errors import InputError, MissingExtraError, RecipeError
from potstill.recipe.paths import expand
from potstill.registry import part
from potstill.sources.labelling import WANTED, prompt_of, sifted
from potstill.sources.request import Request
from potstill.text.lines import Rejected
from potstill.text.rows import Row
from potstill.types import Prompt


@part("source", "hf", version="2")
class HubSource:
    """A dataset: `hf:openai/gsm8k:train?config=main&revision=…`, or a folder of data files, `hf:./folder:train`; needs the extra `hub`.

    Raises:
        RecipeError: the split is not named.
        MissingExtraError: `datasets` is not installed.
        InputError: the dataset cannot be found or read.
    """

    SETTINGS = ("config", "revision")
    COLUMNS = LABELS = WANTED

    def __init__(self, request: Request) -> None:
        self._request = request
        self._name, colon, self._split = request.name.rpartition(":")
        if not colon or not self._name or not self._split:
            raise RecipeError("a dataset is written hf:NAME:SPLIT", where=request.where, fix="as in hf:openai/gsm8k:train?config=main")

    def fingerprint(self) -> str:
        """The library's fingerprint of the rows as they were read."""
        return str(self._dataset._fingerprint)

    def prompts(self) -> Iterator[Prompt]:
        """A prompt a row, in the dataset's order."""
        for row, where in self._rows():
            yield prompt_of(row, where, self._request.columns, self._name.rpartition("/")[2])

    def sift(self) -> Iterator[Prompt | Rejected]:
        """As `prompts`, with what is wrong with malformed rows in their places."""
        for row, where in self._rows():
            yield sifted(row, where, self._request.columns, self._name.rpartition("/")[2])

    def _rows(self) -> Iterator[tuple[Row, str]]:
        for number, row in enumerate(self._dataset):
            yield dict(row), f"hf:{self._name}:{self._split} row {number}"

    @cached_property
    def _dataset(self) -> Any:
        try:
            datasets = import_module("datasets")
        except ImportError:
            raise MissingExtraError.of("datasets", "hub", f"the source {self._request.where}") from None
        settings = self._request.settings
        try:
            return datasets.load_dataset(expand(self._name), settings.get("config"), split=self._split, revision=settings.get("revision"))
        except Exception as error:  # the library raises errors of many kinds, and its loaders any
            what = f"the dataset cannot be read: {str(error).strip().partition(chr(10))[0]}"
            fix = "check its name, config and split, and the network"
            raise InputError(what, where=self._request.where, fix=fix) from error
