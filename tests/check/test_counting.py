"""Counting prompts without a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from potstill.check.counting import count, find_prompts
from potstill.check.estimate import TURN, Counts
from potstill.errors import InputError
from potstill.recipe import load
from tests.e2e.still import TINY


def counted(*overrides: str) -> Counts:
    return count(find_prompts(load(TINY, overrides)))


def test_the_worlds_prompts() -> None:
    counts = counted()
    assert (counts.prompts, counts.evaluation, counts.answered, counts.in_both) == (64, 8, 8, 0)


def test_files_are_read_and_limits_hold(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"prompt": "abc"}\n{"prompt": "abc"}\n{"prompt": "de"}\n{"prompt": "f"}\n')
    held = tmp_path / "h.jsonl"
    held.write_text('{"prompt": "abc"}\n{"prompt": "de"}\n{"prompt": "g"}\n')
    sources = [f'prompts.sources=["{file}"]', f'evaluate.sources=["{held}"]']
    counts = counted(*sources, "evaluate.per_skill=2")
    assert (counts.prompts, counts.characters) == (1, 1)
    assert (counts.evaluation, counts.evaluation_characters, counts.answered, counts.in_both) == (2, 5, 2, 2)
    assert counted(*sources[:1], "prompts.limit=2").prompts == 1


def test_plain_text_is_read_and_not_answered(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text("once upon a time " * 20)
    counts = counted(f'evaluate.sources=["text:{file}?window=100"]')
    assert counts.answered == 0
    assert counts.evaluation == 4


def test_an_empty_source_and_one_of_which_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "p.jsonl").write_text('{"prompt": "abc"}\n')
    for section in ("prompts.sources", "prompts.validation", "evaluate.sources"):
        with pytest.raises(InputError, match="empty.jsonl: the source has no prompts"):
            counted(f'{section}=["{tmp_path}/empty.jsonl"]')
    with pytest.raises(InputError, match="no prompts; the sources are empty, or hold evaluation prompts only"):
        counted(*(f'{section}=["{tmp_path}/p.jsonl"]' for section in ("prompts.sources", "evaluate.sources")))


def test_prompts_are_counted_as_they_are_asked() -> None:
    assert counted("prompts.template=Q: {prompt}").characters == counted().characters + 64 * len("Q: ")


def test_the_hub_is_not_asked() -> None:
    assert counted('prompts.sources=["stress:all?of=hf:nobody/nothing:train"]').prompts is None
    counts = counted('prompts.sources=["hf:nobody/nothing:train"]')
    assert (counts.prompts, counts.characters, counts.in_both) == (None, None, None)
    assert counts.evaluation == 8
    for section in ("prompts.validation", "evaluate.sources"):
        assert counted(f'{section}=["hf:nobody/nothing:train"]').in_both is None


def test_what_validates_is_not_asked(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"prompt": "abc"}\n{"prompt": "de"}\n')
    (tmp_path / "v.jsonl").write_text('{"prompt": "abc"}\n')
    counts = counted(f'prompts.sources=["{file}"]', f'prompts.validation=["{tmp_path}/v.jsonl"]')
    assert (counts.prompts, counts.in_both) == (1, 1)


def test_a_token_is_a_byte_at_least(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"prompt": "né"}\n', encoding="utf-8")
    (tmp_path / "t.txt").write_text("once upon a time " * 20)
    counts = counted(f'prompts.sources=["{tmp_path}/p.jsonl"]', f'evaluate.sources=["text:{tmp_path}/t.txt?window=100"]')
    assert counts.most_tokens == 3 + TURN
    assert counts.most_evaluation_tokens == 0


def test_what_is_drawn_is_counted() -> None:
    assert counted("prompts.balance={by='skill', total=20}").prompts == 20


def test_what_a_split_holds_out_is_measured_on() -> None:
    pytest.importorskip("rensa", reason="near duplicates need the extra 'curate'")
    counts = counted("prompts.split={evaluation=0.3}", "evaluate.sources=[]")
    assert counts.prompts is not None
    assert counts.evaluation is not None
    assert counts.evaluation > 8
    assert counts.prompts + counts.evaluation == 64
