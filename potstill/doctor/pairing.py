"""Probes of a teacher and its student: whether they speak the same tokens, and begin and end their turns alike."""

from __future__ import annotations

from collections.abc import Callable

from transformers import PreTrainedTokenizerBase

from potstill.doctor.probe import Told
from potstill.doctor.reading import told_of_roles
from potstill.doctor.result import Result
from potstill.doctor.sides import Pair, Side
from potstill.errors import PotstillError
from potstill.models.tokenizers import tokenizer_facts
from potstill.text.chat import end_ids

Look = Callable[[Pair], Told]
NAMES = ("bos_token", "eos_token", "pad_token", "unk_token")
"""The special tokens that a tokenizer names."""


def tokenizer(pair: Pair) -> Told:
    """Whether the two tokenizers have the same pieces and rules; the same size would say nothing."""
    one, other = pair.teacher.tokenizer, pair.student.tokenizer
    if one is None or other is None:
        return Told("unknown", "the teacher's tokenizer is not known", 'name it: tokenizer = "hf:…" beside the teacher')
    if tokenizer_facts(one)["tokenizer"] == tokenizer_facts(other)["tokenizer"]:
        return Told("ok", f"the same: {len(one)} pieces, the same rules")
    ours, theirs = one.get_vocab(), other.get_vocab()
    shared = ours.keys() & theirs.keys()
    alike = sum(ours[piece] == theirs[piece] for piece in shared)
    if ours == theirs:
        seen = f"the same {len(ours)} pieces and other rules: a text is cut up differently"
    else:
        seen = f"{len(ours)} and {len(theirs)} pieces; {len(shared)} are shared, {alike} under the same id"
    fix = 'take the teacher\'s tokenizer for the student, or losses with kind = "cross_entropy", which read text'
    return Told("refused", seen, fix)


def vocabulary(pair: Pair) -> Told:
    """Rows of the embeddings beside the tokenizers' pieces: many networks are padded to a round number."""
    told, rows = [], []
    for side in (pair.teacher, pair.student):
        if side.rows is None or side.tokenizer is None:
            return Told("unknown", f"the rows or pieces of {side.name} are not known")
        pieces = len(side.tokenizer)
        if pieces > side.rows:
            fix = "use the tokenizer that the network was trained with"
            return Told("refused", f"{side.name}: {pieces} pieces and {side.rows} rows", fix)
        told.append(f"{side.rows} rows for {pieces} pieces")
        rows.append(side.rows)
    seen = f"teacher {told[0]}, student {told[1]}"
    if rows[0] == rows[1]:
        return Told("ok", seen)
    fix = "probabilities are compared over the rows that both have; what the teacher gives to its padding is left out"
    return Told("warning", seen, fix)


def chat_template(pair: Pair) -> Told:
    """Whether both put a conversation in the same words."""
    one, other = (str(side.tokenizer.chat_template or "") if side.tokenizer else None for side in (pair.teacher, pair.student))
    if one is None or other is None:
        return Told("unknown", "the teacher's tokenizer is not known")
    talks = any(prompt.messages for prompt in pair.prompts)
    if not other and talks:
        return Told("refused", "the student has none, and the prompts are conversations", "set student.chat_template")
    if not one and not other:
        return Told("ok", "neither has one, and the prompts are plain text")
    if one == other:
        return Told("ok", "the same")
    if not one or not other:
        return Told("warning", f"only the {'student' if other else 'teacher'} has one", "set student.chat_template to the teacher's")
    fix = (
        "what is learnt stands after another context than the teacher saw; set student.chat_template to the teacher's unless that is meant"
    )
    return Told("warning", "they differ", fix)


def end_of_turn(pair: Pair) -> Told:
    """Whether both end a turn with the same token."""
    one, other = (_end(side) for side in (pair.teacher, pair.student))
    if one is None or other is None:
        return Told("unknown", "the teacher's tokenizer is not known")
    if not other:
        return Told("refused", "the student has no end token", "set eos_token in the config of its tokenizer")
    if one == other:
        return Told("ok", f"both end with {one!r}")
    return Told("warning", f"teacher {one!r}, student {other!r}", "the student may not stop where its teacher did: use one chat template")


def special_tokens(pair: Pair) -> Told:
    """Whether both name the same special tokens."""
    one, other = (_special(side.tokenizer) if side.tokenizer else None for side in (pair.teacher, pair.student))
    if one is None or other is None:
        return Told("unknown", "the teacher's tokenizer is not known")
    differing = [name for name in NAMES if one[name] != other[name]]
    if not differing:
        return Told("ok", ", ".join(f"{name.removesuffix('_token')} {one[name]!r}" for name in NAMES if one[name]) or "none")
    seen = ", ".join(f"{name} {one[name]!r} and {other[name]!r}" for name in differing)
    return Told("warning", f"they differ: {seen}", "see that padding and end are what the student's config says")


def student_roles(pair: Pair) -> Told:
    """Whether the student's template takes the roles that the prompts use."""
    if pair.student.tokenizer is None:
        return Told("unknown", "the student's tokenizer is not known")
    return told_of_roles(pair.student.tokenizer, pair.prompts)


def _end(side: Side) -> str | None:
    """The token that ends a turn; empty where there is none, None where the tokenizer is not known."""
    if side.tokenizer is None:
        return None
    try:
        return str(side.tokenizer.convert_ids_to_tokens(end_ids(side.tokenizer)[0]))
    except PotstillError:
        return ""


def _special(own: PreTrainedTokenizerBase) -> dict[str, str]:
    return {name: str(getattr(own, name) or "") for name in NAMES}


def look_at(pair: Pair, name: str, look: Look, *, signal: bool = False) -> Result:
    """What a probe of the pair finds; `unknown` where a side cannot be read."""
    try:
        told = look(pair)
    except PotstillError as error:
        told = Told("unknown", f"it could not be read: {error.what}", error.fix)
    return Result(name, *told, group="pair", signal=signal)


def probe_tokens(pair: Pair) -> list[Result]:
    """What the tokenizers of the two say."""
    return [
        look_at(pair, "same tokenizer", tokenizer, signal=True),
        look_at(pair, "vocabulary", vocabulary, signal=True),
        look_at(pair, "chat template", chat_template),
        look_at(pair, "end of turn", end_of_turn),
        look_at(pair, "special tokens", special_tokens),
        look_at(pair, "student's roles", student_roles),
    ]
