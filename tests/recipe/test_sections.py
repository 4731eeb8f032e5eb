from __future__ import annotations

import pytest
from pydantic import ValidationError

from potstill.errors import RecipeError
from potstill.recipe import Recipe, Section, curation, models, parse, sections

HEAD = 'name = "x"\n[student]\nmodel = "new:llama"\n[[teachers]]\nmodel = "world:base"\n[prompts]\nsources = ["a.jsonl"]\n'
MODULES = (curation, models, sections)
SECTIONS = {kind for module in MODULES for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Section)}


GENERATE = {
    "mode": "draw",
    "n": 1,
    "temperature": 1.0,
    "top_p": 1.0,
    "max_new_tokens": 256,
    "batch_size": 64,
    "shard": 512,
    "committee": False,
    "context": "",
    "revision": None,
    "best_of": None,
    "token_budget": None,
    "usd_budget": None,
}
"""The defaults of a section."""


@pytest.mark.parametrize("section", sorted(SECTIONS, key=lambda kind: kind.__name__))
def test_every_setting_says_what_it_is(section: type[Section]) -> None:
    for name, field in section.model_fields.items():
        assert field.description, f"{section.__name__}.{name}"
        assert field.description.endswith((".", "…")), f"{section.__name__}.{name}"
    assert section.__doc__


def test_the_defaults_are_the_recommended_setting() -> None:
    """Change a default here and in the documents together, with the number that speaks for it."""
    recipe = parse(HEAD)
    assert recipe.seed == 0
    assert recipe.generate.model_dump() == GENERATE
    assert recipe.filters == ()
    train = recipe.train.model_dump()
    losses = train.pop("losses")
    assert losses == (
        {
            "kind": "divergence",
            "divergence": "forward_kl",
            "teacher": "cached",
            "temperature": 1.0,
            "standardise": False,
            "scale_t2": False,
            "weight": 1.0,
            "prefixes": "teacher",
        },
    )
    assert train == {
        "learn": "trace",
        "steps": None,
        "epochs": 3.0,
        "optimizer": "adamw",
        "lr": 1e-3,
        "warmup": 0.05,
        "schedule": "cosine",
        "final_lr": 0.1,
        "weight_decay": 0.01,
        "betas": (0.9, 0.98),
        "grad_clip": 1.0,
        "batch_tokens": 4096,
        "max_length": 512,
        "accumulate": 1,
        "precision": "float32",
        "checkpoint_every": 200,
        "validate_every": None,
        "keep": "last",
        "pack": True,
        "threads": None,
        "balance": None,
    }
    assert recipe.evaluate.suites == ("capability", "fidelity")
    assert (recipe.evaluate.batch_size, recipe.evaluate.max_new_tokens, recipe.evaluate.per_skill) == (64, 256, None)
    assert recipe.export.formats == ("safetensors", "int8")
    assert recipe.report.title is None


def test_sections_are_frozen() -> None:
    recipe = parse(HEAD)
    with pytest.raises(ValidationError, match="frozen"):
        recipe.seed = 1  # type: ignore[misc]


def test_steps_take_the_place_of_epochs() -> None:
    assert (parse(HEAD + "[train]\nsteps = 5\n").train.steps, parse(HEAD + "[train]\nsteps = 5\n").train.epochs) == (5, None)
    assert parse(HEAD + "[train]\nepochs = 2\n").train.epochs == 2.0


REFUSED = {
    "terms accepted for no reason": ('[[teachers]]\nmodel = "fake:x"\naccept_terms = " "\n', "teachers.1.accept_terms", "none is given"),
    "remote code needs a revision": ('[[teachers]]\nmodel = "hf:a/b"\nremote_code = true\n', "teachers.1.remote_code", "needs a revision"),
    "steps and epochs": ("[train]\nsteps = 1\nepochs = 1.0\n", "epochs", "exclude each other"),
    "no losses": ("[train]\nlosses = []\n", "losses", "must not be empty"),
    "a weight of nothing": ("[[train.losses]]\nweight = 0\n", "weight", "greater than 0"),
    "settings of a divergence that is not there": ('[[train.losses]]\nkind = "cross_entropy"\nbeta = 0.5\n', "beta", "has no setting"),
    "a hard label with a teacher": ('[[train.losses]]\nkind = "cross_entropy"\nteacher = "live"\n', "teacher", "does not use it"),
    "the best of nothing": ('[train]\nkeep = "best"\n', "keep", "validate_every"),
    "a momentum of one": ("[train]\nbetas = [0.9, 1.0]\n", "betas", r"\[0, 1\)"),
    "one beta": ("[train]\nbetas = [0.9]\n", "betas", "is missing"),
    "the same teacher twice": ('[[teachers]]\nmodel = "world:base"\n', "model", "stands twice"),
    "cached signals of no outcomes": ('[[teachers]]\nmodel = "world:math"\ntop_k = 0\n', "top_k", "above 0"),
    "many greedy draws": ("[generate]\nn = 4\ntemperature = 0\n", "n", "would be the same"),
    "many scores of a text": ('[generate]\nn = 4\nmode = "score"\n', "n", "n must be 1"),
    "the student's prefixes": ('[[train.losses]]\nprefixes = "student"\n', "prefixes", "'teacher'"),
    "a teacher without a kind": ('[[teachers]]\nmodel = "Qwen"\n', "model", 'cannot be "Qwen"'),
    "an infinite rate": ("[train]\nlr = inf\n", "lr", "finite"),
    "an empty shard": ("[generate]\nshard = 0\n", "shard", "greater than or equal to 1"),
}


@pytest.mark.parametrize(("extra", "key", "words"), REFUSED.values(), ids=REFUSED)
def test_settings_that_cannot_stand_are_refused_where_they_stand(extra: str, key: str, words: str) -> None:
    text = HEAD + extra
    with pytest.raises(RecipeError, match=words) as caught:
        parse(text, "r.toml")
    line = int(caught.value.where.removeprefix("r.toml:"))
    written = text.splitlines()[line - 1]
    assert key.rpartition(".")[2] in written, f"{caught.value} points to {written!r}"


def test_a_seed_beyond_what_generators_take() -> None:
    assert parse(f"seed = {2**63 - 1}\n{HEAD}", "r.toml").seed == 2**63 - 1
    with pytest.raises(RecipeError, match=r"r\.toml:1: 'seed' should be less than 9223372036854775808"):
        parse(f"seed = {2**63}\n{HEAD}", "r.toml")


def test_a_live_teacher_needs_no_cached_signals() -> None:
    text = HEAD.replace("[prompts]", "top_k = 0\n[prompts]")
    recipe = parse(text + '[[train.losses]]\nteacher = "live"\ntemperature = 2.0\n[[train.losses]]\nkind = "cross_entropy"\n')
    assert isinstance(recipe, Recipe)
    assert [loss.kind for loss in recipe.train.losses] == ["divergence", "cross_entropy"]


def test_settings_that_say_how_the_work_is_done_decide_nothing() -> None:
    teacher = parse(HEAD).teachers[0]
    assert "concurrency" not in teacher.decisive()
    assert {"model", "top_k", "codec", "price"} <= set(teacher.decisive())
    assert {"batch_size", "token_budget", "usd_budget"}.isdisjoint(parse(HEAD).generate.decisive())


def test_a_dollar_budget_needs_prices() -> None:
    asked = ['teachers.0.model="http://localhost:1/v1#m"', "generate.usd_budget=1.5"]
    with pytest.raises(RecipeError, match=r"usd_budget needs to know what this endpoint charges"):
        parse(HEAD, overrides=asked)
    assert parse(HEAD, overrides=[*asked, "teachers.0.price={input = 1, output = 2}"]).generate.usd_budget == 1.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["generate.committee=true"], "a committee needs several teachers"),
        (["generate.committee=true", "generate.mode=score"], "every teacher scores the same texts already"),
        (['generate.best_of={judge = "number", rounds = 2}', "generate.temperature=0"], "another round would draw the same again"),
        (["generate.context=Be kind.", 'train.losses=[{teacher = "live"}]'], r"a live teacher is not told generate\.context"),
    ],
)
def test_what_cannot_be_asked_of_teachers_together(settings: list[str], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse(HEAD, overrides=settings)


def test_a_cached_divergence_needs_each_teachers_likeliest_tokens() -> None:
    text = HEAD + '[[teachers]]\nmodel = "fake:b"\ntop_k = 0\n'
    with pytest.raises(RecipeError, match="recipe:10: a cached divergence needs top_k above 0"):
        parse(text)
    assert parse(text, overrides=['train.losses=[{kind = "cross_entropy"}]']).teachers[1].top_k == 0
