"""What is plainly not English."""

from __future__ import annotations

import csv
import json

import pytest

from potstill import world
from potstill.text.english import foreign


@pytest.mark.parametrize(
    "text",
    [
        "Es tut mir leid, aber dabei kann ich nicht helfen.",
        "Nein, danke.",
        "Je suis désolé, mais je ne peux pas vous aider.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Mi dispiace, ma non posso aiutarti.",
        "Desculpe, não posso ajudar com isso.",
        "Het spijt me, maar daar kan ik niet bij helpen.",
        "Jag kan tyvärr inte hjälpa till med det.",
        "Przepraszam, nie mogę w tym pomóc.",
        "Üzgünüm, bu konuda yardımcı olamam.",
        "Maaf, saya tidak bisa membantu dengan itu.",
        "Xin lỗi, tôi không thể giúp việc đó.",
        "Извините, я не могу с этим помочь.",
        "申し訳ありませんが、お手伝いできません。",
        "عذرا، لا أستطيع المساعدة.",
        "Bien sûr ! Voici trois étapes : chauffez la théière, ajoutez le thé et attendez.",
    ],
)
def test_other_languages(text):
    assert foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42",
        "I cannot help with that.",
        "Paris, Lyon, Marseille.",
        "The German word is 'nicht', and the French one is 'ne pas'.",
        "Las Vegas is a city of bars.",
        "for row in table:\n    print(row)",
        "x² + 3x = 10, α = 2",
        "Clara sold 48/2 = <<48/2=24>>24 clips in May.",
    ],
)
def test_english_and_what_is_no_prose(text):
    assert not foreign(text)


def test_no_answer_of_the_built_in_world():
    assert not any(foreign(world.completion(prompt, "aligned")) for prompt in world.prompts(None, 500, 3))


def test_hardly_any_of_real_english_answers(data_dir):
    with (data_dir / "gsm8k" / "test.jsonl").open(encoding="utf-8") as file:
        assert not any(foreign(json.loads(line)["answer"]) for line in file)
    for name in ("llama2orig", "mistralinstruct"):
        with (data_dir / "xstest" / "completions" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert not any(foreign(row["completion"]) for row in csv.DictReader(file))
