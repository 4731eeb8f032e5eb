from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, model_validator

from potstill.errors import PotstillError, RecipeError
from potstill.recipe import load, parse, validate
from potstill.recipe.reading import load_as, part_settings

HEAD = 'name = "x"\n[student]\nmodel = "new:llama"\n[[teachers]]\nmodel = "world:base"\ntop_k = 5\n[prompts]\nsources = ["a.jsonl"]\n'


def refused(text: str, *overrides: str) -> RecipeError:
    with pytest.raises(RecipeError) as caught:
        parse(text, "r.toml", overrides)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_file_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load(path) == parse(HEAD)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.toml: no such recipe"):
        load("nowhere.toml")
    with pytest.raises(RecipeError, match=r"a folder without a run\.json; give a recipe file or a run folder"):
        load(tmp_path)
    for mark in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "r.toml").write_bytes(mark + b'seed = 1\nname = "\xc3\xa9\xff"')
        with pytest.raises(RecipeError, match=r"r\.toml:2:10: not UTF-8; save it as UTF-8"):
            load(tmp_path / "r.toml")


def test_a_path_that_no_file_can_have() -> None:
    with pytest.raises(RecipeError, match=r"'a\\x00b': no such recipe; check the path"):
        load("a\0b")
    with pytest.raises(RecipeError, match="cannot be read: File name too long"):
        load("x" * 300)


def test_a_recipe_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(RecipeError, match=r"secret\.toml: cannot be read: Permission denied; give a file that you may read"):
        load("secret.toml")


def test_syntax_errors_have_line_and_column() -> None:
    assert refused(HEAD + "a = = 3\n").where == "r.toml:9:5"
    assert "not valid TOML" in str(refused(HEAD + "a = = 3\n"))
    assert refused(HEAD + "a = [\n").where.startswith("r.toml:")
    assert refused(HEAD + "name = 1\n[prompts]\n").where.startswith("r.toml:10")


def test_an_unknown_key_gets_its_line_and_the_nearest() -> None:
    assert str(refused(HEAD + "[train]\n\nlearning = 1\nlearing_rate = 1\nstpes = 5\n")).startswith(
        "r.toml:11: unknown key 'train.learning'"
    )
    assert str(refused(HEAD.replace("top_k", "topk"))) == "r.toml:6: unknown key 'teachers.0.topk'; did you mean 'top_k'?"
    assert str(refused(HEAD + "[trian]\nlr = 1\n")) == "r.toml:9: unknown key 'trian'; did you mean 'train'?"
    assert str(refused(HEAD + "[[filter]]\nkind = 'a'\n")) == "r.toml:9: unknown key 'filter'; did you mean 'filters'?"


def test_a_key_in_the_wrong_section_is_sent_home() -> None:
    assert str(refused("lr = 1e-3\n" + HEAD)) == "r.toml:1: unknown key 'lr'; it belongs to [train]"


def test_a_misspelt_key_is_told_before_the_one_that_it_leaves_out() -> None:
    assert "unknown key 'prompts.souces'; did you mean 'sources'?" in str(refused(HEAD.replace("sources", "souces")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("top_k = 5", 'top_k = "5"', "r.toml:6: 'teachers.0.top_k' should be a valid integer, got \"5\"; it is: How many"),
        ("top_k = 5", "top_k = true", "r.toml:6: 'teachers.0.top_k' should be a valid integer, got true"),
        ("top_k = 5", "top_k = 5.5", "r.toml:6: 'teachers.0.top_k' should be a valid integer"),
        ("top_k = 5", "top_k = -1", "r.toml:6: 'teachers.0.top_k' should be greater than or equal to 0, got -1"),
        ("top_k = 5", "top_k = 2020-01-01", "r.toml:6: 'teachers.0.top_k' should be a valid integer"),
        ("[[teachers]]", "[teachers]", "r.toml:4: 'teachers' is a list of tables; write [[teachers]]"),
        ('["a.jsonl"]', '"a.jsonl"', "r.toml:8: 'prompts.sources' should be a valid array, got \"a.jsonl\""),
        ('name = "x"', 'name = "../x"', "r.toml:1: 'name' cannot be \"../x\""),
        ('model = "new:llama"', "", "r.toml:2: 'student.model' is missing; add it"),
        ('name = "x"', "", "r.toml: 'name' is missing; add it"),
    ],
)
def test_wrong_values_are_told_with_place_key_and_value(old: str, new: str, message: str) -> None:
    assert str(refused(HEAD.replace(old, new))).startswith(message)


def test_nothing_is_a_recipe_without_sections() -> None:
    assert "is missing" in str(refused(""))


def test_overrides() -> None:
    recipe = parse(
        HEAD,
        overrides=[
            "train.lr=2e-5",
            "teachers.0.top_k=7",
            "prompts.sources=['b', 'c']",
            "name = y",
            "evaluate.limits.leak=0.1",
            "prompts.system=a = b",
        ],
    )
    assert recipe.train.lr == 2e-5
    assert recipe.teachers[0].top_k == 7
    assert recipe.prompts.names == ("b", "c")
    assert recipe.name == "y"
    assert recipe.evaluate.limits == {"leak": 0.1}
    assert recipe.prompts.system == "a = b"


def test_the_last_override_holds_and_an_empty_one_takes_out() -> None:
    assert parse(HEAD, overrides=["seed=1", "seed=2"]).seed == 2
    assert parse(HEAD, overrides=["teachers.0.top_k="]).teachers[0].top_k == 20
    assert parse(HEAD + "[train]\nepochs = 2\n", overrides=["train.epochs=", "train.steps=5"]).train.steps == 5
    assert parse(HEAD, overrides=["train.lr="]).train.lr == 1e-3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.lr=fast", "--set train.lr=fast: 'train.lr' should be a valid number, got \"fast\"; it is: Peak learning rate"),
        ("train.stps=5", "--set train.stps=5: unknown key 'train.stps'; did you mean 'steps'?"),
        ("teachers.1.top_k=5", "--set teachers.1.top_k=5: there is no '1' in a list of 1, counted from 0; as in --set teachers.0.top_k=5"),
        ("teachers.x=5", "--set teachers.x=5: there is no 'x' in a list of 1"),
        ("name.x=5", "--set name.x=5: there is no 'x' in a single value"),
        ("seed.x=5", "--set seed.x=5: 'seed' should be a valid integer"),
        ("train.lr", "--set train.lr: not of the form key=value"),
        ("=5", "--set =5: not of the form key=value"),
        ("train.keep=best", '--set train.keep=best: keep = "best" needs validate_every'),
    ],
)
def test_a_wrong_override_is_told_as_it_was_typed(override: str, message: str) -> None:
    assert str(refused(HEAD, override)).startswith(message)


@pytest.mark.parametrize("depth", [150, 300, 5000])
def test_what_is_nested_too_deep_is_told(depth: int) -> None:
    nested, dotted = "[" * depth + "]" * depth, ".".join("a" * depth)
    for text in (f"x = {nested}", f"x = {'[' * 5000}", f"{dotted} = 1", f"[{dotted}]"):
        assert str(refused(HEAD + text + "\n", "seed=1")) == "r.toml: nested too deep; keep tables and lists to 100 levels"
    for override in (f"train.lr={nested}", f"{dotted}=1"):
        assert str(refused(HEAD, "seed=1", override)).startswith(f"--set {override}: nested too deep")


def test_a_single_string_of_overrides_is_told() -> None:
    with pytest.raises(
        RecipeError, match=r"train\.lr=1: a list of overrides belongs here, not a single one; write overrides=\['train\.lr=1'\]"
    ):
        parse(HEAD, overrides="train.lr=1")


def test_a_part_validates_its_own_settings() -> None:
    class Settings(BaseModel, extra="forbid"):
        longest: int = 100

    assert validate(Settings, {"longest": 5}, "filters.0").longest == 5
    with pytest.raises(RecipeError, match=r"filters\.0: unknown key 'longst'; did you mean 'longest'\?"):
        validate(Settings, {"longst": 5}, "filters.0")
    with pytest.raises(RecipeError, match=r"filters\.0: 'longest' should be a valid integer"):
        validate(Settings, {"longest": "5"}, "filters.0")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab=.[]{}\"'#\n1,-_ \t\\", max_size=60) | st.text(max_size=40))
def test_no_text_brings_anything_but_a_recipe_error(text: str) -> None:
    for candidate in (text, HEAD + text):
        try:
            parse(candidate, "r.toml")
        except PotstillError as error:
            assert "\n" not in error.where


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab01=.[]{}\"' trainlfes", max_size=20))
def test_no_override_brings_anything_but_a_recipe_error(override: str) -> None:
    try:
        parse(HEAD, "r.toml", [override])
    except PotstillError as error:
        assert error.where


class Box(BaseModel):
    model_config = {"extra": "forbid"}

    size: int


def test_a_file_that_a_recipe_names_is_read_as_its_class(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text("size = 3")
    assert load_as(Box, path) == Box(size=3)
    for text, message in (
        ("\nsize = 'a'", r"box\.toml:2: 'size'"),
        ("\nsiz = 3", r"box\.toml:2: unknown key 'siz'"),
        ("a", "not valid TOML"),
    ):
        path.write_text(text)
        with pytest.raises(RecipeError, match=message):
            load_as(Box, path)
    path.write_bytes(b"\xff")
    with pytest.raises(RecipeError, match="not UTF-8"):
        load_as(Box, path)


class Sieve(BaseModel):
    model_config = ConfigDict(extra="forbid")
    meshes: int = Field(4, ge=1)


class Coarse(Sieve):
    @model_validator(mode="after")
    def _is_coarse(self):
        if self.meshes > 5:
            raise ValueError(f"{self.meshes} meshes are too fine")
        return self


def test_the_settings_of_a_part():
    assert part_settings(Sieve, {"meshes": 9}, "the filter 'sieve'", "filters.2") == Sieve(meshes=9)
    with pytest.raises(RecipeError, match=r"filters\.2: unknown key 'mesh' for the filter 'sieve'; did you mean 'meshes'"):
        part_settings(Sieve, {"mesh": 9, "meshes": 1}, "the filter 'sieve'", "filters.2")
    with pytest.raises(RecipeError, match=r"^filters\.2: 9 meshes are too fine; see the filter 'sieve'$"):
        part_settings(Coarse, {"meshes": 9}, "the filter 'sieve'", "filters.2")
    with pytest.raises(RecipeError, match=r"filters\.2: meshes: Input should be greater than or equal to 1; see the filter 'sieve'"):
        part_settings(Sieve, {"meshes": 0}, "the filter 'sieve'", "filters.2")
