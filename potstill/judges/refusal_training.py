"""Trains and measures the refusal detector: `python -m potstill.judges.refusal_training DATA [--write]`.

DATA is the folder of shared data: `xstest/completions` (human labels; Röttger et al. 2024, arXiv 2308.01263; CC BY 4.0), and answers that
comply from `gsm8k` (MIT), `flan_cot` (Apache-2.0) and `tofu` (MIT). The rest is text of the project's own (`refusal_texts`).

Each of the two chat models is tested with weights that saw none of its answers. The strength of the penalty is chosen by cross-validation
on the other model's answers, with all answers to prompts of one type held out together.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import xxhash

from potstill.errors import InputError
from potstill.judges.refusal_texts import Labelled, generated, of_world, vocabulary
from potstill.judges.shares import wilson
from potstill.text.hashing import Features
from potstill.text.linear import TextClassifier
from potstill.text.refusals import SHIPPED, VOCABULARY, RefusalDetector, listed, opening, said, view

MODELS = ("llama2orig", "mistralinstruct")
"""The files of `xstest/completions`: answers of Llama-2 with its own system prompt, and of Mistral-Instruct."""
LABELS = {"1": "comply", "2": "refuse", "3": "partial"}
"""The first letter of a human label -> ours."""
FEATURES = Features(words=(1, 2), characters=(), opening=25, bits=16)
OWN = 0.5
"""How much the texts that are no model's count, of 1."""
PENALTIES = (1e-4, 1e-5)
GENERATED, OF_WORLD, OF_EACH_SET = 3000, 400, 200


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer of a model with its human label.

    Attributes:
        text: the answer.
        label: `comply`, `partial` or `refuse`.
        prompt: what was asked.
        type: the kind of prompt; a safe one and its unsafe contrast are of one type.
    """

    text: str
    label: str
    prompt: str
    type: str

    @property
    def apart(self) -> bool:
        """Whether it answers a prompt of the half that was not looked at while the phrases were written."""
        return xxhash.xxh32_intdigest(self.prompt.encode()) % 2 == 1


def labelled(data: Path, model: str) -> list[Heard]:
    """The human-labelled answers of one model.

    Raises:
        InputError: the file is not there.
    """
    path = data / "xstest" / "completions" / f"{model}.csv"
    if not path.is_file():
        raise InputError("no labelled answers", where=str(path), fix="name the folder that holds xstest/completions")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [Heard(row["completion"], LABELS[row["final_label"][0]], row["prompt"], row["type"].removeprefix("contrast_")) for row in rows]


def measure(data: Path) -> dict[str, Any]:
    """Figures on answers of models that were not trained on, and on both together.

    The result holds for each model, and `both`: `n`; `accuracy`, `sensitivity` and `specificity` (a refusal, in full or in part, is
    positive), each with `n`, `value`, `low` and `high` (Wilson, 95%); `three_way`, the accuracy of three labels; `confusion`, human label
    by judged kind; the same of the list of openings alone (`list`); and, as `apart`, of the answers to the half of the prompts that was
    not looked at while the phrases were written. `l2` is the penalty chosen.

    Raises:
        InputError: data are missing.
    """
    answers = {model: labelled(data, model) for model in MODELS}
    own = _own(data)
    found: dict[str, Any] = {}
    everything: list[tuple[Heard, str]] = []
    for model in MODELS:
        others = [heard for other in MODELS if other != model for heard in answers[other]]
        l2 = _penalty(others, own)
        judged = RefusalDetector(_fitted(others, own, l2)).kinds([heard.text for heard in answers[model]])
        pairs = [(heard, one.kind) for heard, one in zip(answers[model], judged, strict=True)]
        found[model] = {"l2": l2, **_figures(pairs)}
        everything += pairs
    return {**found, "both": _figures(everything)}


def train(data: Path) -> RefusalDetector:
    """The detector trained on the answers of both models, with the figures of `measure` on its card.

    Raises:
        InputError: data are missing.
    """
    both = [heard for model in MODELS for heard in labelled(data, model)]
    own = _own(data)
    fitted = _fitted(both, own, _penalty(both, own))
    sources = "generated text and the built-in world's; xstest completions (CC BY 4.0); gsm8k (MIT), flan_cot (Apache-2.0), tofu (MIT)"
    return RefusalDetector(fitted.with_card(trained_on=sources, figures=measure(data)))


def _own(data: Path) -> list[Labelled]:
    """Texts that no tested model wrote."""
    gsm8k = [json.loads(line)["answer"] for line in _lines(data / "gsm8k" / "train.jsonl")]
    tofu = [json.loads(line)["answer"] for line in _lines(data / "tofu" / "full.json")]
    cot = [line.rsplit("\t", 1)[-1] for name in ("ecqa", "strategyqa") for line in _lines(data / "flan_cot" / f"{name}_train.tsv")]
    sets = [(text, "comply") for texts in (gsm8k, tofu, cot) for text in texts[:: max(1, len(texts) // OF_EACH_SET)]]
    return [*generated(GENERATED), *of_world(OF_WORLD), *sets]


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise InputError("no such data", where=str(path), fix="name the folder of the shared data")
    return path.read_text(encoding="utf-8").splitlines()


def _fitted(answers: Sequence[Heard], own: Sequence[Labelled], l2: float) -> TextClassifier:
    pairs = [*((heard.text, heard.label) for heard in answers), *own]
    weights = [(1 - OWN) / len(answers)] * len(answers) + [OWN / len(own)] * len(own)
    views = [_seen(part(said(text))) for part in (str, opening) for text, _ in pairs]
    labels = [label for _, label in pairs] * 2
    card = {VOCABULARY: vocabulary()}
    return TextClassifier.fit(views, labels, features=FEATURES, l2=l2, balanced=False, folds=0, weights=weights * 2, card=card)


@cache
def _seen(text: str) -> str:
    return view(text, _known()).text


@cache
def _known() -> frozenset[str]:
    return frozenset(vocabulary())


def _penalty(answers: Sequence[Heard], own: Sequence[Labelled]) -> float:
    """The penalty of the best accuracy on prompts of types that were held out; of equals the strongest."""
    types = sorted({heard.type for heard in answers})
    folds = [{name for place, name in enumerate(types) if place % 3 == fold} for fold in range(3)]

    def right(l2: float) -> int:
        return sum(_right([heard for heard in answers if heard.type not in out], _of(answers, out), own, l2) for out in folds)

    return max(PENALTIES, key=right)


def _of(answers: Sequence[Heard], types: set[str]) -> list[Heard]:
    return [heard for heard in answers if heard.type in types]


def _right(learnt: Sequence[Heard], held: Sequence[Heard], own: Sequence[Labelled], l2: float) -> int:
    """How many of those held out are told right."""
    judged = RefusalDetector(_fitted(learnt, own, l2)).kinds([heard.text for heard in held])
    return sum(one.declines == (heard.label != "comply") for heard, one in zip(held, judged, strict=True))


def _figures(pairs: Sequence[tuple[Heard, str]]) -> dict[str, Any]:
    by_list = [(heard, "refuse" if listed(said(heard.text)) else "comply") for heard, _ in pairs]
    counts = Counter((heard.label, kind) for heard, kind in pairs)
    kinds = sorted({kind for pair in counts for kind in pair})
    return {
        **_two_way(pairs),
        "three_way": asdict(wilson(sum(heard.label == kind for heard, kind in pairs), len(pairs))),
        "confusion": {label: {kind: counts[label, kind] for kind in kinds} for label in sorted(LABELS.values())},
        "list": _two_way(by_list),
        "apart": _two_way([(heard, kind) for heard, kind in pairs if heard.apart]),
    }


def _two_way(pairs: Sequence[tuple[Heard, str]]) -> dict[str, Any]:
    """Accuracy, sensitivity and specificity; an answer that was not judged is taken for no refusal."""
    marks = [(heard.label != "comply", kind in ("partial", "refuse")) for heard, kind in pairs]
    declining, others = [told for truth, told in marks if truth], [not told for truth, told in marks if not truth]
    measured = {"accuracy": [truth == told for truth, told in marks], "sensitivity": declining, "specificity": others}
    return {"n": len(pairs), **{name: {"n": len(hits), **asdict(wilson(sum(hits), len(hits)))} for name, hits in measured.items()}}


def main(arguments: Sequence[str]) -> int:
    """Print the figures; with `--write` also put the weights into the package."""
    folder = next((Path(one) for one in arguments if not one.startswith("-")), None)
    if folder is None:
        print("usage: python -m potstill.judges.refusal_training DATA [--write]")
        return 1
    if "--write" in arguments:
        detector = train(folder)
        SHIPPED.parent.mkdir(exist_ok=True)
        detector.classifier.save(SHIPPED)
        figures = dict(detector.figures)
    else:
        figures = measure(folder)
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
