"""Probes of the answers: whether they come, in which tokens, and whether the settings of the drawing are heard."""

from __future__ import annotations

import math

import numpy as np

from potstill.doctor.patient import ENDED, TOKENS, UNHEARD, Patient
from potstill.doctor.probe import Told, probe
from potstill.errors import PotstillError
from potstill.models import Answer
from potstill.models.fake import FakeTeacher
from potstill.text.chat import end_ids, render
from potstill.text.spans import decode
from potstill.types import Prompt

OTHER_SEEDS = (1, 2, 3)
"""Tried in turn until one draws something else."""
LIKELY = 0.05
"""Another seed gives an answer of a lower probability again once in twenty times at most."""


@probe("answers")
def answers(patient: Patient) -> Told:
    """Whether it answers at all."""
    try:
        said = patient.answer
    except UNHEARD as error:
        return Told("refused", error.what, error.fix)
    if not said.text.strip():
        return Told("warning", "its first answer is empty", "ask it a question of the recipe by hand")
    return Told("ok", f"{said.text.strip()[:40]!r}, ended by {said.finish_reason}")


@probe("token ids")
def token_ids(patient: Patient) -> Told:
    """Whether the answer comes in token ids."""
    count = len(patient.answer.token_ids)
    if count:
        return Told("ok", f"{count} ids")
    if patient.silence is not None:
        return Told("unknown", "none came, and it does not answer when it is asked for log-probabilities")
    if "top_k" in patient.gives:
        return Told("refused", *why_no_ids(patient.answer))
    return Told("ok", "text only: the student's tokenizer will put it in tokens")


def why_no_ids(said: Answer) -> tuple[str, str]:
    """Why an answer has no token ids though they were to come, and what to do."""
    if said.reasoning_field:
        seen = f"its reasoning stands in a field of its own ({said.reasoning_field}), and the tokens that are told are the answer's alone"
        fix = "use a dialect that takes token ids (vllm, sglang, llama_cpp) with `tokenizer`, switch the reasoning off in `parameters`, "
        return seen, fix + 'or use losses with kind = "cross_entropy"'
    if len(said.outlook):
        return "a token of the answer is none of its tokenizer's", "name the tokenizer that this model was trained with"
    return "no token ids came with the answer", "the server dropped them: start it so that it returns token ids"


@probe("ids are text", "top_k")
def ids_are_text(patient: Patient) -> Told:
    """Whether the token ids of the answer are its text."""
    said = patient.answer
    if not said.token_ids:
        return Told("unknown", "there are no ids")
    if patient.tokenizer is not None:
        read = decode(patient.tokenizer, said.token_ids)
    elif isinstance(patient.open(), FakeTeacher):
        read = FakeTeacher.decode(said.token_ids)
    else:
        return Told("unknown", "its tokenizer is not known", 'name it: tokenizer = "hf:…" beside the teacher')
    if read.strip() == said.text.strip() or _without_marks(patient, said) == said.text.strip():
        return Told("ok", f"{len(said.token_ids)} ids decode to the answer's text")
    fix = "name the tokenizer that this model was trained with"
    return Told("refused", f"the ids decode to {read[:30]!r} and the answer is {said.text[:30]!r}", fix)


def _without_marks(patient: Patient, said: Answer) -> str | None:
    """What a server tells that leaves out special tokens, those around thoughts too; None where the tokenizer is not known."""
    if patient.tokenizer is None:
        return None
    return str(patient.tokenizer.decode(list(said.token_ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)).strip()


@probe("length limit", "sampling")
def length_limit(patient: Patient) -> Told:
    """Whether an answer stays within `max_new_tokens`."""
    count = _length(patient.answer)
    if count is None:
        return Told("unknown", "neither ids nor a count of tokens came")
    if count <= TOKENS:
        return Told("ok", f"asked for {TOKENS} tokens at most, {count} came")
    return Told("warning", f"asked for {TOKENS} tokens at most, {count} came", "the server ignores max_tokens: every answer costs more")


@probe("greedy", "sampling")
def greedy(patient: Patient) -> Told:
    """Whether temperature 0 takes the likeliest token."""
    try:
        said = patient.greedy
    except UNHEARD as error:
        if not patient.evaluated:
            raise
        fix = "the recipe measures the teacher at temperature 0: take another teacher, or leave evaluate.sources out"
        return Told("refused", f"asked at temperature 0 it does not answer: {error.what}", fix)
    if not len(said.outlook):
        return Told("unknown", "it tells no probabilities, so the likeliest token is not known")
    others = int((said.outlook.log_p < said.outlook.support_log_p.max(-1, initial=-np.inf) - 1e-4).sum())
    if not others:
        return Told("ok", f"all {len(said.outlook)} tokens are the likeliest")
    return Told("warning", f"{others} of {len(said.outlook)} tokens are not the likeliest", "the server ignores temperature = 0")


@probe("seed", "sampling")
def seed(patient: Patient) -> Told:
    """Whether the same seed draws the same, and another something else."""
    first, heat = patient.hot, patient.heat
    if not _same(first, patient.draw(temperature=heat)):
        fix = "draws cannot be repeated; an interrupted run goes on from what it wrote down all the same"
        return Told("warning", "the same seed drew two different answers", fix)
    if any(not _same(first, patient.draw(temperature=heat, seed=other)) for other in OTHER_SEEDS):
        return Told("ok", "the same seed draws the same, another seed something else")
    chance = math.exp(float(first.outlook.log_p.sum())) if len(first.outlook) else None
    if chance is None or chance > LIKELY:
        return Told("unknown", f"{len(OTHER_SEEDS)} other seeds drew the same, which may be chance")
    return Told("warning", f"other seeds drew the same, of probability {chance:.1g}", "it ignores the seed: set generate.n to 1")


@probe("end token", "sampling")
def end_token(patient: Patient) -> Told:
    """Whether an answer that stopped ends with the token that ends a turn."""
    said = patient.greedy
    if said.finish_reason != "stop":
        return Told("unknown", f"its greedy answer had not ended after {_length(said) or ENDED} tokens")
    if not said.token_ids or patient.tokenizer is None:
        return Told("unknown", "ids or tokenizer are not known")
    ends = patient.network.end_ids if patient.network else frozenset(end_ids(patient.tokenizer))
    last = said.token_ids[-1]
    shown = str(patient.tokenizer.convert_ids_to_tokens(last))
    if last in ends:
        return Told("ok", f"answers end with {shown!r} (id {last})")
    return Told("warning", f"an answer stopped after {shown!r} (id {last}), no end token", "a student taught by it does not learn to stop")


@probe("context", "sampling")
def context(patient: Patient) -> Told:
    """Whether the prompt and an answer of full length fit its context."""
    held = getattr(patient.open(), "context", None)
    if held is None:
        return Told("unknown", "the length of its context is not known")
    asked = _longest(patient)
    if asked is None:
        return Told("unknown", f"{held} tokens; how many a prompt takes is not known", 'name its tokenizer: tokenizer = "hf:…"')
    needed = asked + patient.max_new_tokens
    if needed <= held:
        return Told("ok", f"{held} tokens; {needed} needed")
    fix = f"set generate.max_new_tokens to {max(held - asked, 1)} or less"
    return Told("warning", f"{held} tokens; a prompt of {asked} and an answer of {patient.max_new_tokens} do not fit", fix)


def _longest(patient: Patient) -> int | None:
    """Tokens of the longest prompt as the teacher reads it; without a tokenizer, what the server counted where it was asked that one."""
    lengths = [length for prompt in patient.asked if (length := _prompt_length(patient, prompt)) is not None]
    return max(lengths) if len(lengths) == len(patient.asked) else None


def _prompt_length(patient: Patient, prompt: Prompt) -> int | None:
    """Tokens of a prompt; None where that is not known."""
    if patient.tokenizer is None:
        told = patient.answer.usage
        return told.prompt_tokens if told is not None and prompt == patient.prompt else None
    try:
        return len(render(patient.tokenizer, prompt, None).input_ids)
    except PotstillError:
        return None


def _length(answer: Answer) -> int | None:
    told = answer.usage.completion_tokens if answer.usage is not None else None
    return len(answer.token_ids) or told


def _same(one: Answer, other: Answer) -> bool:
    return (one.text, one.token_ids) == (other.text, other.token_ids)


PROBES = (answers, token_ids, ids_are_text, length_limit, greedy, seed, end_token, context)
"""In the order of the table."""
