"""The helper explains a question and gives nothing of its answer away, whatever a model writes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from interviewer.calls import Allowance, Cancel
from interviewer.critique import Language
from interviewer.helper import explain, plain_explanation
from interviewer.usage import Budget, Purse
from knowledge.answer_key import AnswerKey
from knowledge.index import Passage
from knowledge.library import Library
from prompts.loader import load
from tests.scripted import ScriptedModel, Step

KO = "두 활성화 함수를 비교해서 왜 하나를 더 쓰는지 이유를 말해 달라는 질문입니다."
EN = "You are asked to compare two activation functions and to say why one of them is preferred."
GIVEN_AWAY = "sigmoid는 |x|가 크면 포화되어 기울기가 0에 가까워지므로 깊은 망에서 기울기가 소실되지만 ReLU는 양수 구간에서 포화되지 않아요."


@pytest.fixture(scope="module")
def key() -> AnswerKey:
    return Library().open().key("1")


def ask(
    key: AnswerKey, *steps: Sequence[Step] | Step, language: Language = "ko", allowance: Allowance | None = None
) -> tuple[str, str, ScriptedModel]:
    def search(query: str, k: int) -> list[Passage]:
        return []

    model = ScriptedModel(steps=list(steps))
    said, by, stamp = explain([model.opened()], search, key, "무슨 뜻인가요?", language, allowance or Allowance())
    assert stamp == load("help").stamp
    model.verify()
    return said, by, model


@pytest.mark.parametrize(("language", "text"), [("ko", KO), ("en", EN)])
def test_a_good_explanation_is_shown_and_counted(key: AnswerKey, language: Language, text: str) -> None:
    allowance = Allowance()
    said, by, model = ask(key, text, language=language, allowance=allowance)
    assert (said, by) == (text, "openai:gpt-4o-mini")
    assert allowance.usage.calls == 1
    system = str(model.calls[0][1][0].content)
    assert key.question[language] in system
    for point in key.points:
        assert point.statement[language] not in system, "the helper never sees the key"


@pytest.mark.parametrize(
    ("language", "text"), [("ko", GIVEN_AWAY), ("ko", EN), ("en", KO), ("ko", ""), ("en", GIVEN_AWAY)]
)
def test_what_gives_the_answer_away_or_is_in_the_wrong_language_is_dropped(
    key: AnswerKey, language: Language, text: str
) -> None:
    said, by, _ = ask(key, text, language=language)
    assert (said, by) == (plain_explanation(key, language), "")


def test_a_provider_that_fails_leaves_the_plain_explanation(key: AnswerKey) -> None:
    said, by, _ = ask(key, PermissionError("no"))
    assert (said, by) == (plain_explanation(key, "ko"), "")


@pytest.mark.parametrize("spent", ["cancelled", "budget"])
def test_nothing_is_asked_after_cancelling_or_over_the_budget(key: AnswerKey, spent: str) -> None:
    allowance = Allowance(purse=Purse(Budget(tokens=1 if spent == "budget" else 10**6)), cancel=Cancel())
    if spent == "cancelled":
        allowance.cancel.set()
    said, by, _ = ask(key, allowance=allowance)
    assert (said, by) == (plain_explanation(key, "ko"), "")
