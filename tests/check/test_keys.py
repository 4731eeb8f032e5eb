"""Keys of every server that a run asks are looked for before anything is spent."""

from __future__ import annotations

from pathlib import Path

import pytest

from potstill.check.keys import check_keys, missing_keys
from potstill.errors import ModelError, PotstillError
from potstill.pipeline import make, run
from potstill.recipe import Recipe, load
from potstill.store import Quiet, Run
from tests.e2e.still import TINY

REWARD = "reward:http://localhost:1#RM?tokenizer=world:a&api_key_env=NO_SUCH_KEY"
SERVED = '{model = "http://localhost:1/v1#m", api_key_env = "NO_SUCH_KEY"}'


def tiny(*overrides: str) -> Recipe:
    return load(TINY, overrides)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)


@pytest.mark.parametrize(
    ("override", "who"),
    [
        (f"teachers=[{SERVED}]", "http://localhost:1/v1#m"),
        (f'generate.best_of={{judge = "{REWARD}"}}', REWARD),
        (f'filters=[{{kind = "constitution", critic = {SERVED}}}]', "http://localhost:1/v1#m"),
        (f'filters=[{{kind = "reward", judge = "{REWARD}"}}]', REWARD),
        (
            'prompts.labels=[{kind = "teacher", model = "http://localhost:1/v1#m", api_key_env = "NO_SUCH_KEY", labels = ["a", "b"]}]',
            "http://localhost:1/v1#m",
        ),
    ],
)
def test_whoever_has_a_key(override: str, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_keys(tiny(override)) == [f"{who}: the environment variable NO_SUCH_KEY, which holds its key, is not set"]
    monkeypatch.setenv("NO_SUCH_KEY", "x")
    assert missing_keys(tiny(override)) == []


def test_judges_that_a_file_of_rules_names(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(f'[[rules]]\nname = "kind"\ntext = "Be kind."\nkind = "judge"\njudge = "{REWARD}"\nleast = 0.5\n')
    for override in (
        f'generate.revision={{constitution = "{path}"}}',
        f'filters=[{{kind = "constitution", rules = "{path}"}}]',
        f'generate.best_of={{judge = "constitution:{path}"}}',
    ):
        (line,) = missing_keys(tiny(override))
        assert line.startswith(f"{REWARD}: the environment variable NO_SUCH_KEY")


def test_a_recipe_without_servers_needs_no_key() -> None:
    assert missing_keys(tiny()) == []


def test_only_stages_that_are_to_be_made_need_their_keys() -> None:
    recipe = tiny(f"teachers=[{SERVED}]", f'filters=[{{kind = "reward", judge = "{REWARD.replace("NO_SUCH_KEY", "NO_OTHER_KEY")}"}}]')
    check_keys(recipe, ["prompts", "train"])
    with pytest.raises(ModelError, match="NO_OTHER_KEY is not set: it should") as caught:
        check_keys(recipe, ["filter"])
    assert "NO_SUCH_KEY" not in str(caught.value)
    with pytest.raises(ModelError, match=r"NO_SUCH_KEY is not set and .*OTHER.*; export NO_SUCH_KEY=…, export NO_OTHER_KEY=… before"):
        check_keys(recipe, ["generate", "filter"])


def test_a_run_says_it_before_it_gathers_a_prompt(tmp_path: Path) -> None:
    recipe = tiny(f'filters=[{{kind = "reward", judge = "{REWARD}"}}]')
    opened = Run.open(recipe, out=tmp_path / "run", log=Quiet())
    lack = "the environment variable NO_SUCH_KEY is not set"
    with pytest.raises(PotstillError, match=lack):
        run(opened)
    with pytest.raises(PotstillError, match=lack):
        make(opened, "filter")
    assert not (tmp_path / "run").exists()
    assert set(make(opened, "prompts")) == {"prompts"}, "which asks no server"
