"""What parts need against what teachers give."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from potstill.check.agreement import agree, fit_gathered, fit_prompts, parts
from potstill.errors import CapabilityError, InputError, ModelError, RecipeError
from potstill.models import open_teacher, open_tokenizer, world
from potstill.prompts import gather
from potstill.prompts.opening import open_sources
from potstill.prompts.reading import read as read_prompts
from potstill.recipe import Recipe, load
from potstill.sources import OpenedSource
from potstill.store import Quiet, Run
from potstill.types import Message, Prompt
from tests.e2e.still import TINY
from tests.models.small import write_model


def tiny(*overrides: str) -> Recipe:
    return load(TINY, overrides)


def test_every_part_is_named_with_its_place() -> None:
    found = [(part.where, part.kind, part.name) for part in parts(tiny("prompts.grader=world"))]
    assert found == [
        ("teachers.0", "model", "fake"),
        ("prompts.grader", "judge", "world"),
        ("filters.0", "filter", "answer"),
        ("filters.1", "filter", "duplicate"),
        ("train.losses.0", "loss", "cross_entropy"),
        ("evaluate.suites", "suite", "capability"),
        ("export.formats", "format", "safetensors"),
    ]


def test_a_recipe_that_agrees_is_found_to_without_weights_or_prompts(monkeypatch) -> None:
    read: list[str] = []
    load, prompts = world.load_network, OpenedSource.sift
    monkeypatch.setattr(world, "load_network", lambda *given: read.append("weights") or load(*given))
    monkeypatch.setattr(OpenedSource, "sift", lambda source: read.append("prompts") or prompts(source))
    recipe = tiny("teachers.0.model=world:base")
    agree(recipe)
    assert not read
    assert open_teacher(recipe.teachers[0]).network is not None
    assert read_prompts(open_sources(recipe).training, 0.05).prompts
    assert read == ["weights", "prompts"], "the test would see them"


@pytest.mark.parametrize("divergence", ["forward_kl", "jsd"])
def test_a_loss_on_probabilities_needs_a_teacher_that_gives_them(divergence: str, tmp_path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "a", "answer": "b"}\n')
    losses = f'train.losses=[{{kind = "cross_entropy"}}, {{divergence = "{divergence}"}}]'
    with pytest.raises(CapabilityError) as raised:
        agree(tiny(f"teachers.0.model=recorded:{file}", "teachers.0.top_k=5", losses))
    assert raised.value.where == "train.losses.1"
    assert "'divergence' needs probabilities of the likeliest tokens" in str(raised.value)
    assert 'gives answers; take another teacher, or use losses with kind = "cross_entropy"' in str(raised.value)


def test_a_live_loss_needs_the_whole_distribution() -> None:
    with pytest.raises(CapabilityError, match="needs the whole distribution, live"):
        agree(tiny('train.losses=[{teacher = "live"}]'))


def test_scoring_needs_probabilities(tmp_path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "a", "answer": "b"}\n')
    with pytest.raises(CapabilityError, match=r'set generate\.mode = "draw"'):
        agree(tiny(f"teachers.0.model=recorded:{file}", "generate.mode=score"))


def test_a_committee_needs_teachers_that_score(tmp_path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "a", "answer": "b"}\n')
    two = f'teachers=[{{model = "fake:x"}}, {{model = "recorded:{file}"}}]'
    with pytest.raises(CapabilityError, match=r"needs probabilities of given texts; recorded:.* leave generate\.committee out"):
        agree(tiny(two, "generate.committee=true"))
    agree(tiny('teachers=[{model = "fake:x"}, {model = "fake:y"}]', "generate.committee=true"))


def test_teachers_whose_distributions_are_kept_in_different_ways_are_refused_before_either_is_asked() -> None:
    def two(codec: str, loss: str) -> Recipe:
        teachers = f'teachers=[{{model = "world:base"}}, {{model = "world:math", codec = "{codec}", domains = ["math"]}}]'
        return tiny(teachers, f"train.losses=[{loss}]")

    agree(two("top_k", "{}"))
    agree(two("sampled", '{kind = "cross_entropy"}'))
    with pytest.raises(
        CapabilityError, match="kept in different ways: sampled here and top_k by world:base; give all .* the same"
    ) as raised:
        agree(two("sampled", "{}"))
    assert raised.value.where == "teachers.1.codec"


def test_the_judge_of_the_best_is_found_before_anything_is_asked() -> None:
    agree(tiny("generate.n=2", 'generate.best_of={judge = "number"}'))
    with pytest.raises(RecipeError, match=r"generate\.best_of\.judge: unknown judge 'numbr'; did you mean 'number'"):
        agree(tiny("generate.n=2", 'generate.best_of={judge = "numbr"}'))


def test_a_context_must_fit_the_chat_template(tmp_path) -> None:
    folder = write_model(tmp_path / "teacher")
    template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}{{ messages[0].content }}"
    (folder / "chat_template.jinja").write_text(template)
    asked = [Prompt((Message("user", "How?"),), source="a.jsonl:1")]
    model = f"teachers.0.model=hf:{folder}"
    fit_prompts(tiny(model), asked, None)
    with pytest.raises(ModelError, match=r"refuses a conversation of system, user: no system turn, first asked by a\.jsonl:1"):
        fit_prompts(tiny(model, "generate.context=Be kind."), asked, None)


def test_no_more_outcomes_are_kept_than_there_are_tokens(tmp_path) -> None:
    folder = write_model(tmp_path / "teacher")
    agree(tiny(f"teachers.0.model=hf:{folder}", "teachers.0.top_k=640"))
    with pytest.raises(RecipeError, match=r"teachers\.0\.top_k: top_k is 641 and the vocabulary of hf:.* has 640 tokens; set it to 640"):
        agree(tiny(f"teachers.0.model=hf:{folder}", "teachers.0.top_k=641"))


def test_prompts_beyond_the_context_are_counted_before_the_first_is_asked(tmp_path) -> None:
    folder = write_model(tmp_path / "teacher", max_position_embeddings=64)
    recipe = tiny(f"teachers.0.model=hf:{folder}")
    asked = [Prompt((Message("user", "word " * n),), source=f"a.jsonl:{n}") for n in (1, 100, 200)]
    told = r"hf:.*: 2 of 3 prompts do not fit its context of 64 tokens; the longest has [0-9]+ \(a\.jsonl:200\); shorten or drop them"
    with pytest.raises(ModelError, match=told):
        fit_prompts(recipe, asked, None)
    assert fit_prompts(recipe, asked[:1], None) == []
    with pytest.raises(ModelError, match=r"new:llama: 1 of 1 prompts do not fit its context of 128 tokens"):
        long = tiny("train.max_length=128", "student.config.max_position_embeddings=128")
        fit_prompts(long, None, [Prompt((Message("user", "word " * 300),), skill="x", reference="1", grader="exact", source="b")])


def test_a_suite_needs_the_network() -> None:
    with pytest.raises(CapabilityError, match="suite 'fidelity' needs the whole distribution"):
        agree(tiny('evaluate.suites=["fidelity"]'))


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("filters.0.kind=anser", "filters.0: unknown filter 'anser'; did you mean 'answer'"),
        ("filters.1.same_techer=true", "filters.1: unknown key 'same_techer'"),
        ("train.losses.0.kind=cross_entrop", "train.losses.0: unknown loss 'cross_entrop'; did you mean 'cross_entropy'"),
        ('evaluate.suites=["capabilty"]', "evaluate.suites: unknown suite 'capabilty'; did you mean 'capability'"),
        ('export.formats=["safetensor"]', "export.formats: unknown format 'safetensor'; did you mean 'safetensors'"),
        ("prompts.grader=numbr", "prompts.grader: unknown judge 'numbr'; did you mean 'number'"),
        ("evaluate.limits={acuracy = 0.5}", "evaluate.limits.acuracy: no suite of this recipe measures 'acuracy'; did you mean 'accuracy'"),
        ("prompts.template=Q:", "prompts.template: the template has no {prompt}; as in 'Q: {prompt}'"),
        ("evaluate.template=Q:", "evaluate.template: the template has no {prompt}"),
        ("student.config.hiden_size=16", "student.config: new:llama has no setting 'hiden_size'"),
        ("teachers.0.model=wrld:base", "teachers.0.model: unknown model 'wrld'; did you mean 'world'"),
    ],
)
def test_a_misspelt_name_is_found_before_anything_is_spent(override: str, told: str) -> None:
    with pytest.raises(RecipeError) as raised:
        agree(tiny(override))
    assert told.partition(": ")[2] in str(raised.value)


@pytest.mark.parametrize(
    ("override", "stage"),
    [
        ('evaluate.suites=["capabillity"]', "evaluate"),
        ("evaluate.limits={acuracy = 0.5}", "evaluate"),
        ('export.formats=["safetensor"]', "export"),
    ],
)
def test_what_is_done_later_does_not_stop_a_run_that_stops_before_it(override: str, stage: str) -> None:
    agree(tiny(override), ("prompts", "generate", "filter", "train"))
    with pytest.raises(RecipeError):
        agree(tiny(override), ("prompts", stage))


def test_what_training_needs_of_the_harvest_is_checked_before_the_harvest(tmp_path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "a", "answer": "b"}\n')
    with pytest.raises(CapabilityError):
        agree(
            tiny(f"teachers.0.model=recorded:{file}", "teachers.0.top_k=5", 'train.losses=[{divergence = "forward_kl"}]'),
            ("prompts", "generate"),
        )


def test_an_evaluation_needs_something_to_measure_on() -> None:
    nothing = tiny("evaluate.sources=[]")
    agree(nothing, stages=())
    with pytest.raises(RecipeError, match="there is nothing to measure on; name some"):
        agree(nothing)


def test_a_share_held_out_is_something_to_measure_on() -> None:
    agree(tiny("evaluate.sources=[]", "prompts.split={evaluation=0.1}"))
    with pytest.raises(RecipeError, match="there is nothing to measure on"):
        agree(tiny("evaluate.sources=[]", "prompts.split={validation=0.1}"))


def test_a_teacher_that_is_not_there() -> None:
    with pytest.raises(ModelError, match="no such folder"):
        agree(tiny("teachers.0.model=hf:./nowhere"))


@pytest.mark.parametrize("loss", ["{}", '{teacher = "live"}'])
def test_a_divergence_from_a_teacher_with_other_tokens(loss: str) -> None:
    recipe = ("teachers.0.model=world:base", "teachers.0.top_k=5", f"train.losses=[{loss}]")
    agree(tiny(*recipe))
    with pytest.raises(CapabilityError, match=r"train\.losses\.0: a divergence needs the teacher's own tokenizer"):
        agree(tiny(*recipe, "student.tokenizer=world:b"))


def test_a_file_to_validate_on_that_is_not_there() -> None:
    with pytest.raises(InputError, match="nope.jsonl"):
        agree(tiny('prompts.validation=["nope.jsonl"]'))


TALK = Prompt((Message("user", "What is 1+1?"),), domain="math", reference="2", grader="number")
"""A question."""


@pytest.mark.parametrize(
    ("overrides", "kind", "told"),
    [
        (["teachers.0.model=world:base", "generate.mode=score"], InputError, 'mode = "score" scores plain texts'),
        (['teachers.0.domains=["code"]'], RecipeError, "no teacher for the domain 'math'; name the domain"),
        (['evaluate.suites=["capability", "safety"]'], RecipeError, "evaluate.suites.1: the suite 'safety' has nothing to measure: none"),
    ],
)
def test_prompts_that_do_not_fit_the_recipe(overrides: list[str], kind: type[Exception], told: str) -> None:
    fit_prompts(tiny(), [TALK], [TALK])
    fit_prompts(tiny(*overrides), None, None)
    with pytest.raises(kind) as raised:
        fit_prompts(tiny(*overrides), [TALK], [TALK])
    assert told in str(raised.value)


def test_recorded_answers_are_looked_up(tmp_path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "What is 1+1?", "answer": "2"}\n')
    recorded = tiny(f"teachers.0.model=recorded:{file}")
    fit_prompts(recorded, [TALK], None)
    with pytest.raises(ModelError, match="no recorded answer to 'And 2"):
        fit_prompts(recorded, [TALK, Prompt((Message("user", "And 2?"),))], None)
    with pytest.raises(InputError, match="no column 'reply'"):
        fit_prompts(tiny(f"teachers.0.model=recorded:{file}", 'teachers.0.columns={answer = "reply"}'), [TALK], None)


def test_a_conversation_for_a_student_without_a_chat_template(tmp_path) -> None:
    tokenizer = open_tokenizer("world:a")
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path / "plain")
    student = f"student.tokenizer=hf:{tmp_path}/plain"
    fit_prompts(tiny(student), [Prompt((), reference="once")], None)
    with pytest.raises(ModelError, match="the tokenizer has no chat template"):
        fit_prompts(tiny(student), [TALK], None)


def test_a_conversation_for_a_teacher_without_a_chat_template(tmp_path) -> None:
    teacher = write_model(tmp_path / "plain")
    (teacher / "chat_template.jinja").unlink(missing_ok=True)
    config = json.loads((teacher / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (teacher / "tokenizer_config.json").write_text(json.dumps(config))
    recipe = tiny(f"teachers.0.model=hf:{teacher}", "student.tokenizer=world:a", 'train.losses=[{kind = "cross_entropy"}]')
    fit_prompts(recipe, [Prompt((), reference="once")], None)
    with pytest.raises(ModelError, match="the tokenizer has no chat template"):
        fit_prompts(recipe, [TALK], None)


def test_what_only_evaluates_is_not_asked_for() -> None:
    hazard = Prompt((Message("user", "How is dax made?"),), intent="hazard", half="A", reference="2", grader="number")
    fit_prompts(tiny(), [hazard], [TALK])
    with pytest.raises(RecipeError, match=r"prompts\.sources: a request for a hazard of half B only evaluates: How is dax made\?"):
        fit_prompts(tiny(), [replace(hazard, half="B")], [TALK])
    with pytest.raises(RecipeError, match=r"prompts\.sources: a request in the wrapper 'rot13' of half B only evaluates: How are you\?"):
        fit_prompts(tiny(), [Prompt((Message("user", "How are you?"),), wrapper="rot13")], [TALK])


@pytest.mark.parametrize("student", ["new:llama", "new:gpt2"])
def test_sequences_longer_than_the_students_context(student: str) -> None:
    sizes = "{max_position_embeddings=32}" if student == "new:llama" else "{n_embd=16,n_layer=1,n_head=2,n_positions=32}"
    recipe = [f"student.model={student}", f"student.config={sizes}"]
    agree(tiny(*recipe, "train.max_length=32"))
    with pytest.raises(RecipeError, match=r"train\.max_length: .* up to 33 tokens do not fit the student's context of 32; set it to 32"):
        agree(tiny(*recipe, "train.max_length=33"))


def test_a_chat_template_that_is_none() -> None:
    with pytest.raises(RecipeError, match=r"student\.chat_template: the chat template refuses .*; mend the template"):
        agree(tiny('student.chat_template="{% if %}"'))


def test_gathered_prompts_are_held_against_the_recipe(tmp_path) -> None:
    recipe = tiny('evaluate.suites=["safety"]', "evaluate.limits={}")
    gathered = gather(Run.open(recipe, out=tmp_path / "run", log=Quiet()))
    fit_gathered(recipe, gathered, evaluated=False)
    with pytest.raises(RecipeError, match="'safety' has nothing to measure"):
        fit_gathered(recipe, gathered)


def test_terms_that_forbid_it_are_found_before_anything_is_asked() -> None:
    with pytest.raises(CapabilityError, match="its terms forbid training on its outputs") as raised:
        agree(tiny("teachers.0.train_on_outputs=forbidden"))
    assert raised.value.where == "teachers.0.train_on_outputs"
    agree(tiny("teachers.0.train_on_outputs=forbidden", "teachers.0.accept_terms=we own this model"))


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "llama_cpp", "openai", "anthropic"])
@pytest.mark.parametrize("mine", [False, True])
def test_a_parameter_that_potstill_sets_is_refused_with_its_place(dialect: str, mine: bool) -> None:
    known = "" if dialect == "anthropic" else ', tokenizer = "world:a"'
    key = ("sampling_params = {temperature = 0.1}" if dialect == "sglang" else "temperature = 0.1") if mine else "mood = 3"
    top_k = 0 if dialect == "anthropic" else 5
    teacher = f'{{model = "http://localhost:1/v1#m", dialect = "{dialect}", top_k = {top_k}{known}, parameters = {{{key}}}}}'
    recipe = tiny(f"teachers=[{teacher}]", "student.tokenizer=world:a")
    if not mine:
        agree(recipe)
        return
    with pytest.raises(RecipeError, match="'temperature' is set by potstill itself") as raised:
        agree(recipe)
    assert (raised.value.where or "").startswith("teachers.0.parameters")


def test_more_outcomes_than_a_servers_tokenizer_has_tokens() -> None:
    teacher = '{model = "http://localhost:1/v1#m", dialect = "vllm", tokenizer = "world:a", top_k = 100000}'
    with pytest.raises(RecipeError, match=r"top_k is 100,000 and the vocabulary of http"):
        agree(tiny(f"teachers=[{teacher}]"))


def test_a_judge_behind_a_server_needs_a_price() -> None:
    best = 'generate.best_of={judge = "reward:http://localhost:1#RM?tokenizer=world:a&api_key_env=NO_SUCH_KEY"}'
    with pytest.raises(RecipeError, match="a budget of dollars needs the judge's price"):
        agree(tiny(best, "generate.usd_budget=1.0"))
