"""Probes of what the teacher reads: how its prompts begin, and which roles its chat template takes."""

from __future__ import annotations

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from potstill.doctor.patient import QUESTION, TEXT, Patient
from potstill.doctor.probe import Told, probe
from potstill.errors import PotstillError
from potstill.text.chat import render
from potstill.types import Message, Prompt

TALKS = {
    "user": QUESTION,
    "system": Prompt((Message("system", "Be brief."), *QUESTION.messages)),
    "assistant": Prompt((*QUESTION.messages, Message("assistant", "5"), Message("user", "And 3 + 4?"))),
}
"""Role -> a conversation that needs it."""


@probe("BOS", "sampling", signal=True)
def bos(patient: Patient) -> Told:
    """How many BOS tokens stand at the head of what it reads."""
    if patient.tokenizer is None:
        return Told("unknown", "its tokenizer is not known", 'name it: tokenizer = "hf:…" beside the teacher')
    heads = {kind: heads_with(patient.tokenizer, prompt) for kind, prompt in (("chat", QUESTION), ("text", TEXT))}
    seen = ", ".join(f"{kind} begins with {count}" for kind, count in heads.items() if count is not None)
    if any(count is not None and count > 1 for count in heads.values()):
        return Told("refused", seen, "take the BOS out of the chat template, or set add_bos_token = false in the tokenizer's config")
    return Told("ok", seen) if patient.network else _as_the_server_reads(patient, patient.tokenizer, seen)


def _as_the_server_reads(patient: Patient, tokenizer: PreTrainedTokenizerBase, seen: str) -> Told:
    """The server's count of the prompt's tokens beside ours."""
    usage = patient.answer.usage
    read = usage.prompt_tokens if usage is not None else None
    if read is None:
        return Told("unknown", f"{seen}; the server does not say how many tokens it read")
    ours = len(render(tokenizer, patient.prompt, None).input_ids)
    if read == ours:
        return Told("ok", f"{seen}; the server read {read} tokens, as the template writes")
    told = f"the server read {read} tokens and the template writes {ours}"
    if read == ours + 1:
        return Told("refused", f"{told}: a second BOS, or none of ours", "send prompts as token ids, or set add_special_tokens = false")
    return Told("warning", told, "the server uses another chat template or tokenizer: name the model's own")


def heads_with(tokenizer: PreTrainedTokenizerBase, prompt: Prompt) -> int | None:
    """The BOS tokens at the head of a prompt; None where the tokenizer cannot put it in tokens."""
    try:
        ids = render(tokenizer, prompt, None).input_ids
    except PotstillError:
        return None
    return next((place for place, token_id in enumerate(ids) if token_id != tokenizer.bos_token_id), len(ids))


@probe("roles", "sampling")
def roles(patient: Patient) -> Told:
    """Which roles its chat template takes, and whether the prompts need others."""
    if patient.tokenizer is None:
        return Told("unknown", "its tokenizer is not known")
    return told_of_roles(patient.tokenizer, patient.asked)


def told_of_roles(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Prompt]) -> Told:
    """The roles that a template takes, against those of the prompts."""
    if not tokenizer.chat_template:
        if all(not prompt.messages for prompt in prompts):
            return Told("ok", "no chat template, and none is needed: the prompts are plain text")
        return Told("warning", "no chat template: it only goes on with plain text", "put a chat_template.jinja beside its tokenizer.json")
    refused = [role for role, talk in TALKS.items() if heads_with(tokenizer, talk) is None]
    needed = {message.role for prompt in prompts for message in prompt.messages}
    if needed.intersection(refused):
        return Told("refused", f"the template refuses {', '.join(refused)}, which the prompts use", "mend the template, or the prompts")
    if refused:
        return Told("ok", f"the template refuses {', '.join(refused)}, which no prompt uses")
    return Told("ok", "the template takes user, system and assistant turns")


PROBES = (bos, roles)
"""In the order of the table."""
