"""What every exported folder holds beside the weights: tokenizer, chat template, when to stop, and how to load it."""

from __future__ import annotations

from pathlib import Path

from transformers import GenerationConfig

from potstill.export.formats.base import Wanted
from potstill.models import LocalModel
from potstill.models.saving import save_tokenizer
from potstill.recipe import Recipe
from potstill.text.chat import end_ids

README = """# {name}

A student of {parameters:,} parameters ({model_type}), distilled from {teachers} by the potstill recipe `{name}`. Format: `{spec}`.
The weights are frozen and nothing in this folder is pickled.

```python
{imports}

network = {loading}
tokenizer = AutoTokenizer.from_pretrained(".")
{asking}
```
"""
TOKENIZER = "from transformers import AutoTokenizer"
CHAT = """messages = [{"role": "user", "content": "..."}]
inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
answer = network.generate(**inputs, max_new_tokens=256)
print(tokenizer.decode(answer[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))"""
PLAIN = """inputs = tokenizer("...", return_tensors="pt")
print(tokenizer.decode(network.generate(**inputs, max_new_tokens=256)[0], skip_special_tokens=True))"""


def complete(folder: Path, model: LocalModel, wanted: Wanted, recipe: Recipe) -> None:
    """Write what a folder needs beside its weights."""
    save_tokenizer(model.tokenizer, folder)
    generation_config(model).save_pretrained(folder)
    teachers = ", ".join(f"`{teacher.model}`" for teacher in recipe.teachers)
    text = README.format(
        name=recipe.name,
        parameters=model.network.num_parameters(),
        model_type=model.network.config.model_type,
        teachers=teachers,
        spec=wanted.spec,
        imports="\n".join(sorted({TOKENIZER, wanted.format.loader_import})),
        loading=wanted.format.loader,
        asking=CHAT if model.tokenizer.chat_template else PLAIN,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def generation_config(model: LocalModel) -> GenerationConfig:
    """Greedy answers that stop where they do here: at the token that ends a turn, at EOS, or at BOS, which begins another text."""
    tokenizer = model.tokenizer
    ends = model.end_ids.union(end_ids(tokenizer) if tokenizer.chat_template else ())
    return GenerationConfig(
        do_sample=False,
        eos_token_id=sorted(ends) or None,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
    )
