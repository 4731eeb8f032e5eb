"""Examining one of the world's models on unseen items, by the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from potstill import world
from potstill.models.base import Sampling
from potstill.models.generation import Ask, generate
from potstill.models.scoring import body_and_head
from potstill.text.chat import end_ids, render
from potstill.types import Prompt


def answers(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: list[Prompt], batch_size: int = 128) -> list[str]:
    """Greedy answers of at most 120 tokens."""
    asks = [Ask(render(tokenizer, p, None).input_ids, p.id) for p in prompts]
    sampling = Sampling(n=1, temperature=0.0, max_new_tokens=120)
    drawn = generate(
        body_and_head(network),
        asks,
        sampling,
        end_ids=end_ids(tokenizer),
        context=network.config.max_position_embeddings,
        batch_size=batch_size,
    )
    return [str(tokenizer.decode(list(row[0].token_ids), skip_special_tokens=True)).strip() for row in drawn]


def exam(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    skills: Iterable[str],
    right: Callable[[Prompt, str], bool],
    n: int,
    seed: int,
) -> dict[str, float]:
    """The share of right answers on `n` held-out items of each skill.

    Args:
        network: a causal language model.
        tokenizer: the tokenizer that it reads with.
        skills: names of skills of the world.
        right: tells a right answer to a prompt.
        n: items a skill.
        seed: of the items; examinations of different seeds overlap where a skill has few held-out items.
    """
    prompts = world.prompts(list(skills), n * len(list(skills)), seed, held=True)
    marks: dict[str, list[bool]] = {}
    for prompt, text in zip(prompts, answers(network, tokenizer, prompts), strict=True):
        marks.setdefault(prompt.skill, []).append(right(prompt, text))
    return {name: sum(m) / len(m) for name, m in marks.items()}
