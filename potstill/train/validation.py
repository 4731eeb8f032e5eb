"""Validation: cross-entropy on texts and answers that are known to be right and are never trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from potstill import world
from potstill.errors import InputError
from potstill.models.scoring import body_and_head, score_ids
from potstill.text.chat import Rendered, render
from potstill.text.segments import segments, without_reasoning
from potstill.types import Prompt


def validator(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Iterable[Prompt], max_length: int, *, answer_only: bool = False
) -> Callable[[int], float]:
    """A function of the step that gives the network's mean cross-entropy in nats a target token.

    Args:
        network: the student; it is looked at as it is at each call.
        tokenizer: the student's.
        prompts: plain texts, or prompts with a reference. What the world grades is answered in the world's words; anything else as its
            data have it: the rationale if there is one, and behind it, on a line of its own, the reference with its marks (`#### 72`).
            Requests for a hazard are left out: no answer to them is right.
        max_length: longest sequence; a longer one loses its end.
        answer_only: whether the reasoning before the final answer is left out, as it is in training.

    Raises:
        InputError: none of the prompts has a text or a reference.
    """
    rendered = [r for r in (_render(tokenizer, p, answer_only) for p in prompts) if r is not None]
    if not rendered:
        raise InputError(
            "nothing to validate on", where="prompts.validation", fix="name sources whose prompts have a reference, or plain texts"
        )
    ids = [r.input_ids[:max_length] for r in rendered]
    head = body_and_head(network)

    @torch.inference_mode()
    def validate(step: int) -> float:
        scored = score_ids(head, ids)
        targets = [s.log_p[r.loss_from - 1 :] for s, r in zip(scored, rendered, strict=True)]
        return -float(sum(t.sum(dtype="float64") for t in targets)) / max(1, sum(map(len, targets)))

    return validate


def _render(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, answer_only: bool) -> Rendered | None:
    if prompt.reference is None or prompt.intent == "hazard":
        return None
    if not prompt.messages:
        return render(tokenizer, prompt, None)
    answer = _right_answer(prompt, prompt.reference)
    return render(tokenizer, prompt, without_reasoning(answer, segments(answer)) if answer_only else answer)


def _right_answer(prompt: Prompt, reference: str) -> str:
    if prompt.grader == "world":
        return world.completion(prompt, "base")
    return f"{prompt.rationale}\n{reference}" if prompt.rationale else reference
