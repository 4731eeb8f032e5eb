"""The commands that look around: `list`, `trace`, `completion`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from cyclopts import Parameter

from potstill.cli.app import LOOK, OTHER, Output, app, show
from potstill.errors import PotstillError

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from potstill.store import Artifact

Runs = Annotated[list[Path] | None, Parameter(name="--in", negative="", metavar="FOLDER", help="Where to look; by default `runs`.")]
PLURALS = {"loss": "losses"}
"""Kinds whose plural is not made with an s."""


@app.command(name="list", group=LOOK)
def list_parts(
    kind: Annotated[str | None, Parameter(help="What to list, as in `divergences`; none: the kinds.")] = None,
    /,
    *,
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """List the parts that a recipe can name, a line each."""
    from potstill.registry import did_you_mean

    kinds = _kinds()
    if kind is None:
        found: Mapping[str, str] = {name: about for name, (about, _) in kinds.items()}
    elif kind in kinds:
        found = kinds[kind][1]()
    else:
        raise PotstillError(f"no kind of part is called {kind!r}", where="potstill list", fix=did_you_mean(kind, list(kinds)))
    width = max(map(len, found), default=0)
    told = [{"name": name, "summary": about} for name, about in found.items()]
    show(output, told, [f"{name:<{width}}  {about}".rstrip() for name, about in found.items()])
    return 0


@app.command(group=LOOK)
def trace(
    artifact: Annotated[str, Parameter(help="The first digits of its content hash, or its folder; a run folder: its last stage.")],
    /,
    *,
    row: Annotated[
        str | None, Parameter(metavar="ID", help="A trace or a prompt of the run folder: where it comes from, who said what.")
    ] = None,
    runs: Runs = None,
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """Print what an artifact was made from, back to the prompts; of a run folder also what its requests to servers took."""
    if row is not None:
        return _trace_row(Path(artifact), row, output)
    from potstill.store import Lineage, find
    from potstill.store.atomic import is_there
    from potstill.store.run import ABOUT, RUNS

    roots = runs or [RUNS]
    is_run = is_there(Path(artifact) / ABOUT)
    found = _last(Path(artifact)) if is_run else find(artifact, roots)
    lineage = Lineage.of(found, [found.folder.parent.parent, *roots])
    facts, lines = _ledger(Path(artifact)) if is_run else ({}, [])
    show(output, lineage.facts() | facts, [*lineage.lines(), *lines])
    return 0


def _trace_row(folder: Path, id_: str, output: Output) -> int:
    from potstill.curate.origin import origin
    from potstill.store import Quiet, Run

    found = origin(Run.open(folder, log=Quiet()), id_)
    show(output, found.facts(), found.lines())
    return 0


@app.command(group=OTHER)
def completion(shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="The shell.")], /) -> int:
    """Print the completion script of a shell: `potstill completion bash > ~/.local/share/bash-completion/completions/potstill`."""
    print(app.generate_completion(shell=shell))
    return 0


def _kinds() -> dict[str, tuple[str, Callable[[], Mapping[str, str]]]]:
    """The plural of each kind -> what it is, and its names with a line each."""
    from potstill.registry import HOMES

    def parts_of(kind: str) -> Callable[[], Mapping[str, str]]:
        return lambda: _parts(kind)

    about = {
        "attack": "families of ways to put a request, for `stress:` sources; half B only evaluates",
        "codec": "how a teacher's distribution at a position is kept",
        "dialect": "how a kind of server is asked",
        "divergence": "measures of how far the student is from the teacher",
        "judge": "graders: a prompt and a text to a score",
        "labeller": "who labels prompts that came without labels",
        "model": "kinds of model, as in `hf:` or `world:`",
        "source": "kinds of file, dataset or generator that prompts come from",
        "filter": "what sorts traces into keep, hazard and noise",
        "loss": "terms of the training loss",
        "suite": "what an evaluation measures",
        "format": "what a student is exported as",
    }
    kinds = {PLURALS.get(kind, f"{kind}s"): (about.get(kind, ""), parts_of(kind)) for kind in HOMES}
    return kinds | {
        "parts": ("all parts of the kinds above", _all_parts),
        "teachers": ("models that ship with the package", _teachers),
        "recipes": ("recipes at hand", _recipes),
        "settings": ("every key of a recipe, with its default", _settings),
        "filter-settings": ("the settings of every filter, with their defaults", _filter_settings),
    }


def _parts(kind: str) -> Mapping[str, str]:
    from potstill.registry import find, names

    found = {name: find(kind, name) for name in names(kind)}
    return {name: (f"half {info.factory.HALF}: " if kind == "attack" else "") + info.summary for name, info in found.items()}  # type: ignore[attr-defined]


def _all_parts() -> Mapping[str, str]:
    from potstill.registry import HOMES

    return {f"{kind} {name}": about for kind in HOMES for name, about in _parts(kind).items()}


def _teachers() -> Mapping[str, str]:
    from potstill.teach import CLASSIFIERS, CURRICULA

    teachers = {f"world:{name}": plan.description for name, plan in CURRICULA.items()}
    return teachers | {name: f"a classifier, not a teacher: {plan.description}" for name, plan in CLASSIFIERS.items()}


def _recipes() -> Mapping[str, str]:
    """The shipped recipes and those in the working directory's `recipes`; the first line of a recipe's comment says what it does."""
    from potstill.cli.shipped import recipes

    paths = [*recipes(), *sorted(Path("recipes").glob("*.toml"))]
    return {_shown(path): path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ") for path in _distinct(paths)}


def _settings() -> Mapping[str, str]:
    """Every key of a recipe -> its default and what it is; a key without a default must be given."""
    from potstill.recipe import Recipe

    return dict(_fields(Recipe, ""))


def _filter_settings() -> Mapping[str, str]:
    from potstill.cli.filters import filter_settings

    return filter_settings()


def _fields(section: type[BaseModel], path: str) -> Iterator[tuple[str, str]]:
    """The keys of a section and of those within it, its own first."""
    inner: dict[str, type[BaseModel]] = {}
    for name, field in section.model_fields.items():
        within = _section(field.annotation)
        if within is not None:
            inner[f"{path}{name}."] = within
            yield f"{path}{name}", str(field.description)
        else:
            yield f"{path}{name}", f"({_default(field)}) {field.description}"
    for deeper, within in inner.items():
        yield from _fields(within, deeper)


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, by itself or in a list; None for a plain value."""
    from pydantic import BaseModel

    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return kinds[0] if kinds else None


def _default(field: FieldInfo) -> str:
    """A default as it is written in a recipe; `none` for a key that is left out, `required` for one that must be given."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "none" if value is None else json.dumps(value)


def _distinct(paths: list[Path]) -> list[Path]:
    """Without those that another name of the same file stands for; the last name is kept."""
    return list({path.resolve(): path for path in paths}.values())


def _shown(path: Path) -> str:
    return str(path) if not path.is_absolute() else path.stem


def _ledger(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """What the ledger of a run folder holds, as plain values and in a line; nothing where it has none."""
    from potstill.errors import StoreError
    from potstill.store.ledger import NAME, Ledger

    if not (folder / NAME).is_file():
        return {}, []
    try:
        totals = Ledger(folder / NAME).totals()
    except StoreError as error:
        return {"ledger": None}, [f"{NAME}  {error.what}"]
    return {"ledger": asdict(totals)}, [f"{NAME}  {totals.line()}"]


def _last(folder: Path) -> Artifact:
    """The current artifact of the last stage that the run folder has one of."""
    from potstill.errors import StoreError
    from potstill.pipeline import STAGES
    from potstill.store import Run

    made = Run.open(folder).artifacts()
    found = [made[stage] for stage in STAGES if stage in made]
    if not found:
        raise StoreError("nothing made here yet", where=str(folder), fix=f"`potstill run {folder}` makes it")
    return found[-1]
