"""What subjects expected at each token of the same text: their distance from the teacher, and their own loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from potstill.evaluate.subjects import BASE, STUDENT, TEACHER, Subject
from potstill.models import LocalModel
from potstill.models.comparison import MEASURES, Reader, compare
from potstill.models.scoring import score_ids
from potstill.text.chat import Rendered, encode, render, start_ids
from potstill.types import Prompt

COMPARED = (STUDENT, BASE)
"""Who is compared with the teacher."""


@dataclass(frozen=True, slots=True)
class Target:
    """The tokens at which networks are compared.

    Attributes:
        index: place of the prompt among the prompts compared.
        prompt: what stands before them.
        token_ids: the teacher's answer; None for plain text, which is its own target.
    """

    index: int
    prompt: Prompt
    token_ids: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Gaps:
    """How far the student and the base are from the teacher, a row a token.

    Attributes:
        prompt: place of the token's prompt among the prompts compared.
        position: place of the token among its prompt's targets, from 0.
        values: subject -> the `MEASURES` of each token; NaN in texts that are longer than a network's context.
    """

    prompt: Int[np.ndarray, " N"]
    position: Int[np.ndarray, " N"]
    values: Mapping[str, Float[np.ndarray, "N 4"]]

    @classmethod
    def read(cls, table: pa.Table) -> Gaps:
        """The gaps in a table made of those of `gap_table`."""
        columns = {name: table[name].to_numpy() for name in table.column_names}
        values = {who: np.stack([columns[f"{who}/{measure}"] for measure in MEASURES], axis=1) for who in COMPARED}
        return cls(columns["prompt"], columns["position"], values)


@dataclass(frozen=True, slots=True)
class Scores:
    """A subject's loss on plain texts.

    Attributes:
        nats: the cross-entropy of each text, summed over its tokens; NaN for a text longer than the network's context.
        tokens: how many tokens that is.
        bytes: how many bytes of UTF-8 those tokens are.
    """

    nats: Float[np.ndarray, " N"]
    tokens: Float[np.ndarray, " N"]
    bytes: Float[np.ndarray, " N"]

    @classmethod
    def read(cls, table: pa.Table) -> Scores:
        """The scores in a table made of those of `score_table`."""
        return cls(*(table[name].to_numpy() for name in ("nats", "tokens", "bytes")))


def same_tokens(subjects: Mapping[str, Subject], prompts: Sequence[Prompt]) -> bool:
    """Whether teacher, student and base cut texts into the same tokens: one vocabulary, and the same ids for every prompt.

    Raises:
        CapabilityError: a subject gives no network.
    """
    models = dict.fromkeys(subjects[name].network_for(prompt) for name in (TEACHER, *COMPARED) for prompt in prompts)
    first, *others = (model.tokenizer for model in models)
    if any(tokenizer.get_vocab() != first.get_vocab() for tokenizer in others):
        return False
    texts = [prompt.question or prompt.reference or "" for prompt in prompts]
    return all(encode(tokenizer, text) == encode(first, text) for tokenizer in others for text in texts)


def gap_table(subjects: Mapping[str, Subject], targets: Sequence[Target]) -> pa.Table:
    """The gaps at some targets, a row a token. Prompts are taken together by the teacher that answers them."""
    teachers = [subjects[TEACHER].network_for(target.prompt) for target in targets]
    parts = [_gap_rows(np.zeros((0, 2), np.int32), [np.zeros((0, len(MEASURES)), np.float32)] * len(COMPARED))]
    for teacher in dict.fromkeys(teachers):
        mine = [target for target, its in zip(targets, teachers, strict=True) if its is teacher]
        models = [teacher, *(subjects[who].network_for(mine[0].prompt) for who in COMPARED)]
        parts.append(_gap_table(models, mine))
    return pa.concat_tables(parts)


def _gap_table(models: Sequence[LocalModel], targets: Sequence[Target]) -> pa.Table:
    rendered = [[render(model.tokenizer, target.prompt, target.token_ids) for target in targets] for model in models]
    fitting = [i for i in range(len(targets)) if all(_fits(rows[i], model) for rows, model in zip(rendered, models, strict=True))]
    readers = [Reader(model.head, [rows[i] for i in fitting]) for model, rows in zip(models, rendered, strict=True)]
    lengths = [max(0, len(row.input_ids) - row.loss_from) for row in rendered[0]]
    places = [np.stack((np.full(n, target.index), np.arange(n)), axis=1) for target, n in zip(targets, lengths, strict=True)]
    values = []
    for gaps in compare(readers[0], readers[1:]):
        measured = [np.full((n, len(MEASURES)), np.nan, np.float32) for n in lengths]
        for i, gap in zip(fitting, gaps, strict=True):
            measured[i] = gap
        values.append(np.concatenate(measured))
    return _gap_rows(np.concatenate(places), values)


def _gap_rows(places: Int[np.ndarray, "N 2"], values: Sequence[Float[np.ndarray, "N 4"]]) -> pa.Table:
    columns = {"prompt": places[:, 0].astype(np.int32), "position": places[:, 1].astype(np.int32)}
    for who, measured in zip(COMPARED, values, strict=True):
        columns |= {f"{who}/{measure}": measured[:, column] for column, measure in enumerate(MEASURES)}
    return pa.table(columns)


def score_table(subject: Subject, prompts: Sequence[Prompt]) -> pa.Table:
    """The subject's loss on plain texts, a row a text."""
    models = [subject.network_for(prompt) for prompt in prompts]
    found = np.full((len(prompts), 3), np.nan)
    for model in dict.fromkeys(models):
        rendered = {i: render(model.tokenizer, prompt, None) for i, prompt in enumerate(prompts) if models[i] is model}
        fitting = {i: row for i, row in rendered.items() if _fits(row, model)}
        seen = score_ids(model.head, [row.input_ids for row in fitting.values()])
        for (i, row), one in zip(fitting.items(), seen, strict=True):
            found[i] = -one.log_p.sum(dtype=np.float64), len(one.log_p), _target_bytes(model, prompts[i], row)
    return pa.table({"nats": found[:, 0], "tokens": found[:, 1], "bytes": found[:, 2]})


def _fits(row: Rendered, model: LocalModel) -> bool:
    return bool(row.input_ids) and (model.context is None or len(row.input_ids) <= model.context)


def _target_bytes(model: LocalModel, text: Prompt, row: Rendered) -> int:
    """The bytes of the tokens that are predicted: all, but for a first token that no BOS stands before."""
    whole = text.reference or ""
    if start_ids(model.tokenizer):
        return len(whole.encode())
    return len(whole.encode()) - len(str(model.tokenizer.decode(list(row.input_ids[:1]))).encode())
