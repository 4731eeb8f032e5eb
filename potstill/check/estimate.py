"""What a run would take, from counts alone: an order of magnitude, with every assumption stated.

For N parameters a forward pass costs 2 N operations a token and a backward pass twice that (Kaplan et al. 2020, arXiv 2001.08361,
section 2.1; attention over long contexts comes on top). Activations are 34 bytes a token, layer and hidden unit at 16 bits
(Korthikanti et al. 2022, arXiv 2205.05198, equation 1 without its attention term), twice that at 32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from potstill.check.revising import Revising, revising
from potstill.recipe import Recipe, TeacherSection

CHARACTERS_A_TOKEN = 3.0
"""For prompts, which are counted in characters."""
TURN = 64
"""Tokens that a chat template is taken to add a turn, at most."""
ONE_BY_ONE = "llama_cpp"
"""The dialect that scores a text by a request a token."""
TRAIN_STATE = 16
"""Bytes a parameter in training: weight, gradient and AdamW's two moments, four bytes each."""
ACTIVATION = 68
"""Bytes a token, layer and hidden unit at 32 bits."""
SIGNAL = 8
"""Bytes on disk for one of a token's k outcomes, before compression."""
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True, slots=True)
class Machine:
    """What the estimate assumes of the machine.

    Attributes:
        name: as shown.
        units: cores, or 1 for a GPU.
        training, answering: operations a second and unit that small models reach when they train and when they answer.
        price: US dollars an hour and unit.
    """

    name: str
    units: int
    training: float
    answering: float
    price: float


def cpu(cores: int) -> Machine:
    """A CPU: rates as measured with models of about a million parameters, the price of a rented core."""
    return Machine(f"{cores} CPU core{'s' * (cores != 1)}", cores, training=25e9, answering=8e9, price=0.05)


def gpu(name: str) -> Machine:
    """A GPU of a data centre: a modest share of its peak, the price of a rented one."""
    return Machine(name, 1, training=1e14, answering=1e13, price=3.0)


@dataclass(frozen=True, slots=True)
class Size:
    """A model's size. `parameters` is None when it cannot be told without downloading it; layers and hidden units are of its body."""

    name: str
    parameters: int | None
    layers: int = 0
    hidden: int = 0
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is to do; None where it cannot be counted without a download.

    Attributes:
        prompts, characters: distinct prompts that the teachers are asked, and characters in them.
        evaluation, evaluation_characters: distinct prompts that only evaluate, and characters in them.
        answered: how many of these are answered; the others are plain text, which is only read.
        in_both: how many of the training sources' prompts also validate or evaluate, and so are not asked.
        most_tokens, most_evaluation_tokens: that all these prompts can have: one a byte, and `TURN` a turn.
    """

    prompts: int | None
    characters: int | None
    evaluation: int | None
    evaluation_characters: int | None
    answered: int | None
    in_both: int | None
    most_tokens: int | None = None
    most_evaluation_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """What one stage takes at most. None: it cannot be told.

    Attributes:
        stage: which.
        tokens: that pass through a model.
        operations: floating-point.
        seconds: on the machine assumed.
        memory: bytes of models, their training state and activations.
        disk: bytes of what it leaves.
    """

    stage: str
    tokens: float | None
    operations: float | None
    seconds: float | None
    memory: float | None
    disk: float | None


def estimate(recipe: Recipe, teachers: list[Size], student: Size, counts: Counts, machine: Machine) -> list[Take]:
    """What the stages that cost anything take."""
    return [
        _generate(recipe, teachers, counts, machine),
        _train(recipe, teachers, student, counts, machine),
        _evaluate(recipe, teachers, student, counts, machine),
    ]


def cost(takes: Sequence[Take], machine: Machine) -> float | None:
    """US dollars for the machine's time; None when a stage's cannot be told."""
    seconds = _sum([take.seconds for take in takes])
    return None if seconds is None else seconds / 3600 * machine.units * machine.price


def bill(recipe: Recipe, counts: Counts) -> float | None:
    """US dollars that the endpoints among the teachers are paid at most, by the recipe's prices; nothing is asked twice.

    Every prompt goes to each of them, a byte is a token, and every answer is as long as it may be. The doctor's requests and a judge's are
    not counted. 0 without an endpoint; None where a price or a count is not known, or a text is scored by a request a token.
    """
    return _sum([_paid(teacher, recipe, counts) for teacher in recipe.teachers if teacher.served])


def _paid(teacher: TeacherSection, recipe: Recipe, counts: Counts) -> float | None:
    """US dollars that one endpoint is paid at most."""
    if teacher.price is None:
        return None
    section, told = recipe.generate, int(teacher.parameters.get("max_completion_tokens", 0))
    context = len(section.context.encode()) + TURN if section.context else 0
    prompts = _sum([counts.most_tokens, _times(counts.prompts, context)])
    longest = max(section.max_new_tokens, told)
    if section.mode == "score":
        read, written = (None if teacher.dialect == ONE_BY_ONE else prompts), _times(counts.prompts, 1)
    else:
        draws, more = section.n * _rounds(recipe), revising(section.revision, longest, TURN)
        read = _sum([_times(prompts, draws * (1 + more.prompts)), _times(counts.prompts, draws * more.read)])
        written = _times(counts.prompts, draws * (longest + more.written))
        scored = draws * _versions(recipe) * _scorings(teacher, recipe)
        read = _sum([read, _scoring(teacher, prompts, counts.prompts, scored, longest)])
        written = _sum([written, _times(counts.prompts, scored * (longest if teacher.dialect == ONE_BY_ONE else 1))])
    read = _sum([read, counts.most_evaluation_tokens])
    written = _sum([written, _times(counts.answered, max(recipe.evaluate.max_new_tokens, told))])
    dearest = max(teacher.price.input, teacher.price.cached_input or 0.0)
    return _times(_sum([_times(read, dearest), _times(written, teacher.price.output)]), 1e-6)


def _scorings(teacher: TeacherSection, recipe: Recipe) -> int:
    """How often a draw is scored by requests of their own: the others' answers by a committee, and its own where the server scales them."""
    section = recipe.generate
    own = teacher.dialect == "sglang" and teacher.top_k > 0 and section.temperature not in (0.0, 1.0)
    return own + (len(recipe.teachers) - 1 if section.committee else 0)


def _scoring(teacher: TeacherSection, prompts: float | None, count: int | None, times: int, longest: int) -> float | None:
    """Tokens read to score so many answers to each prompt; by a request a token, each reads all before it."""
    if not times:
        return 0.0
    if teacher.dialect == ONE_BY_ONE:
        return _sum([_times(prompts, times * longest), _times(count, times * longest * (longest - 1) / 2)])
    return _sum([_times(prompts, times), _times(count, times * longest)])


def _rounds(recipe: Recipe) -> int:
    """How often `n` answers are drawn for a prompt at most."""
    chosen = recipe.generate.best_of
    return chosen.rounds if chosen else 1


def _versions(recipe: Recipe) -> int:
    """How many versions an answer has at most: itself, and its revisions."""
    revision = recipe.generate.revision
    return 1 if revision is None else 1 + revision.rounds


def _generate(recipe: Recipe, teachers: list[Size], counts: Counts, machine: Machine) -> Take:
    section = recipe.generate
    more: Revising = revising(section.revision, section.max_new_tokens, TURN)
    read = _times(counts.characters, (1 + section.n * more.prompts) / CHARACTERS_A_TOKEN)
    drawn = section.n * (_rounds(recipe) * section.max_new_tokens + more.written)
    written = 0.0 if section.mode == "score" else _times(counts.prompts, drawn)
    tokens = _sum([read, _times(counts.prompts, section.n * more.read), written])
    operations = _times(tokens, 2.0, _sum([size.parameters for size in teachers]))
    kept = SIGNAL * max(teacher.top_k for teacher in recipe.teachers) + SIGNAL
    disk = _times(read if section.mode == "score" else written, kept)
    seconds, memory = _seconds(operations, machine, machine.answering), _sum([_weights(size) for size in teachers])
    return Take("generate", tokens, operations, seconds, memory, disk)


def _train(recipe: Recipe, teachers: list[Size], student: Size, counts: Counts, machine: Machine) -> Take:
    section = recipe.train
    if section.steps is not None:
        tokens: float | None = float(section.steps * section.accumulate * section.batch_tokens)
    else:
        longest = recipe.generate.max_new_tokens if recipe.generate.mode == "draw" else 0
        a_trace = _sum([_times(counts.characters, 1 / CHARACTERS_A_TOKEN), _times(counts.prompts, longest)])
        tokens = _times(a_trace, section.epochs, recipe.generate.n)
    live = any(loss.kind == "divergence" and loss.teacher == "live" for loss in section.losses)
    beside = teachers if live else []
    a_token = _sum([_times(student.parameters, 6.0), *(_times(size.parameters, 2.0) for size in beside)])
    operations = _times(tokens, a_token)
    activations = float(ACTIVATION * section.batch_tokens * student.layers * student.hidden)
    memory = _sum([_times(student.parameters, TRAIN_STATE), activations, *map(_weights, beside)])
    return Take("train", tokens, operations, _seconds(operations, machine, machine.training), memory, _times(student.parameters, 4))


def _evaluate(recipe: Recipe, teachers: list[Size], student: Size, counts: Counts, machine: Machine) -> Take:
    """Teacher, student and base answer every prompt or read every text; then each reads what the teacher said."""
    read = _times(counts.evaluation_characters, 1 / CHARACTERS_A_TOKEN)
    by_one = _times(_sum([read, _times(counts.answered, recipe.evaluate.max_new_tokens)]), 2)
    sizes = _sum([*(size.parameters for size in teachers[:1]), _times(student.parameters, 2)])
    tokens, operations = _times(by_one, 3), _times(by_one, 2.0, sizes)
    memory = _sum([*map(_weights, teachers), _times(_weights(student), 2)])
    return Take("evaluate", tokens, operations, _seconds(operations, machine, machine.answering), memory, None)


def _weights(size: Size) -> float | None:
    return _times(size.parameters, BYTES[size.dtype])


def _seconds(operations: float | None, machine: Machine, rate: float) -> float | None:
    return _times(operations, 1 / (rate * machine.units))


def _times(*factors: float | None) -> float | None:
    """The product; None when a factor is."""
    product = 1.0
    for factor in factors:
        if factor is None:
            return None
        product *= factor
    return product


def _sum(terms: list[float | None] | list[int | None]) -> float | None:
    """The sum; None when a term is."""
    return None if any(term is None for term in terms) else float(sum(term for term in terms if term is not None))
