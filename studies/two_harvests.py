"""One model harvested twice: in this process, and through llama.cpp's own server over HTTP. Are the two stores the same?

    python studies/two_harvests.py [--quick]

The model is stories260K, really trained; the server has the same weights as GGUF. Both recipes (studies/harvests/) continue the same
hundred beginnings of stories, greedily, and keep the top 20 at each token; then both score the same texts. The server runs with a cache of
float32 and with its default of float16. Told is the largest difference in nats between the realised tokens' log-probabilities, token by
token, and between the tail masses and the outcomes' probabilities; after the first token on which two greedy texts differ (a tie that
rounding decides) nothing is compared. The server is compared with itself, too: its two caches tell what its own rounding is.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import keep
from llama_server import llama_server

from potstill import generate, prompts
from potstill.models.base import Outlook
from potstill.models.scorings import from_table
from potstill.recipe.paths import expand
from potstill.store import Artifact, Quiet, Run, rows
from potstill.types import Trace

HERE = Path(__file__).parent
GGUF = "${POTSTILL_DATA}/stories260K/gguf/stories260K-f32.gguf"
SCORE = ['generate.mode="score"', "generate.temperature=1.0"]
AIMS = {"float32": 1e-3, "float16": 1e-2}
"""Nats that the two may be apart, by the number type of llama.cpp's cache."""
CLOSE = 1e-2
"""Nats: the tokens that are closer are counted."""


def main() -> None:
    """Harvest, compare, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="ten stories instead of a hundred")
    limit = 10 if parser.parse_args().quick else 100
    found, own = dict[str, Any](), dict[str, Any]()
    with tempfile.TemporaryDirectory() as folder:
        for mode, changes in (("draw", []), ("score", SCORE)):
            settings = [*changes, f"prompts.limit={limit if mode == 'draw' else limit // 5}"]
            local, served = _harvest("local.toml", Path(folder) / f"{mode}-local", settings), dict[str, Artifact]()
            for cache in AIMS:
                with llama_server(Path(expand(GGUF)), exact=cache == "float32") as address:
                    server = [*settings, f'teachers.0.model="{address}/v1#stories260K"']
                    served[cache] = _harvest("llama_cpp.toml", Path(folder) / f"{mode}-{cache}", server)
                found[f"{mode}_{cache}"] = _compare(local, served[cache])
                print(mode, cache, found[f"{mode}_{cache}"])
            own[mode] = _compare(*served.values())
            print(mode, "the server with itself", own[mode])
    figures = {f"{name}_max_nats": its["log_p"] for name, its in found.items()}
    rounding = {f"{mode}_own_rounding_max_nats": its["log_p"] for mode, its in own.items()}
    aims = {name: next(nats for cache, nats in AIMS.items() if cache in name) for name in figures}
    missed = [name for name, aim in aims.items() if figures[name] > aim]
    keep("two_harvests", {**figures, **rounding, "aims": aims, "missed": missed}, seeds=[7], harvests=found, server_with_itself=own)


def _harvest(recipe: str, out: Path, settings: list[str]) -> Artifact:
    run = Run.open(HERE / "harvests" / recipe, out=out, overrides=settings, log=Quiet())
    return generate.draw(run, prompts.gather(run))


def _compare(one: Artifact, other: Artifact) -> dict[str, float]:
    """How far two harvests of the same prompts are apart at most."""
    mine, its = dict(_seen(one)), dict(_seen(other))
    assert mine.keys() == its.keys()
    worst = {"log_p": 0.0, "tail_mass": 0.0, "probability": 0.0}
    tokens = same = close = 0
    for key, (trace, outlook) in mine.items():
        theirs, seen = its[key]
        common = _common(trace.token_ids, theirs.token_ids)
        tokens, same = tokens + common, same + (trace.token_ids == theirs.token_ids)
        for name in ("log_p", "tail_mass"):
            apart = np.abs(getattr(outlook, name)[:common] - getattr(seen, name)[:common])
            worst[name] = max(worst[name], float(apart.max(initial=0.0)))
            if name == "log_p":
                close += int((apart <= CLOSE).sum())
        worst["probability"] = max(worst["probability"], *(_apart(outlook, seen, place) for place in range(common)))
    return {"texts": len(mine), "the_same": same, "tokens_compared": tokens, "share_within_0.01": close / max(tokens, 1), **worst}


def _seen(artifact: Artifact) -> Iterator[tuple[str, tuple[Trace, Outlook]]]:
    """Prompt -> its trace and what was expected there."""
    seen = {scoring.trace_id: scoring.outlook for scoring in from_table(artifact.table("scorings"))}
    return ((trace.prompt_id, (trace, seen[trace.id])) for trace in rows(artifact.table("traces"), Trace))


def _common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many tokens two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _apart(one: Outlook, other: Outlook, place: int) -> float:
    """The largest difference in probability of an outcome that both keep at a position."""
    mine, its = (
        dict(zip(seen.support_ids[place].tolist(), np.exp(seen.support_log_p[place]).tolist(), strict=True)) for seen in (one, other)
    )
    return max((abs(mine[token] - its[token]) for token in mine.keys() & its.keys()), default=0.0)


if __name__ == "__main__":
    main()
