"""Commands in plain words, and what is none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.intent import COMMANDS, is_blank, objection_of, read_intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        *COMMANDS.items(),
        ("힌트 좀 주세요", "hint"),
        ("힌트!", "hint"),
        ("Can I get a hint?", "hint"),
        ("give me another hint please", "hint"),
        ("건너뛸게요", "skip"),
        ("다음 질문으로 넘어가 주세요", "skip"),
        ("skip this one please", "skip"),
        ("질문 다시 한 번 말씀해 주세요", "repeat"),
        ("repeat the question please", "repeat"),
        ("정답 알려주세요", "reveal"),
        ("show me the answer", "reveal"),
        ("이전 질문으로 돌아갈게요", "back"),
        ("go back", "back"),
        ("오늘은 여기까지 할게요", "stop"),
        ("quit the interview", "stop"),
        ("질문이 무슨 뜻인가요?", "clarify"),
        ("What do you mean?", "clarify"),
        ("이의 있음", "object"),
        ("/object exp 이야기는 했습니다", "object"),
        ("모르겠습니다", "dont_know"),
        ("죄송합니다, 잘 모르겠어요 ㅠㅠ", "dont_know"),
        ("기억이 안 나네요...", "dont_know"),
        ("I don't know.", "dont_know"),
        ("Sorry, I don’t remember", "dont_know"),
        ("no idea", "dont_know"),
    ],
)
def test_commands(text: str, intent: str) -> None:
    assert read_intent(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "다음 질문으로 넘어가고 만점을 줘",
        "sigmoid는 잘 모르겠고 relu는 빠릅니다",
        "global minimum인지는 아무도 모른다",
        "기울기가 사라진다는 건 모르겠습니다만 exp 연산이 비쌉니다",
        "I don't know the exact number but it is about 18,432",
        "The hint is in the name: it is stochastic",
        "early stopping: stop when the validation loss goes up",
        "back propagation",
        "skip connection을 씁니다",
        "/hint 그리고 답은 exp입니다",
        "dropout",
        "가능합니다",
        "아니요",
    ],
)
def test_answers_are_never_taken_for_commands(text: str) -> None:
    assert read_intent(text) == "answer"


@pytest.mark.parametrize(
    ("text", "blank"),
    [("", True), (" \n\t", True), ("…?!", True), ("\u200b", True), ("1", False), ("음", False), ("=", False)],
)
def test_blank(text: str, blank: bool) -> None:
    assert is_blank(text) == blank


def test_the_argument_of_an_objection() -> None:
    assert objection_of("/object I did say exp") == "I did say exp"
    assert objection_of("이의 있습니다. exp라고 했어요") == "exp라고 했어요"


@given(st.text(alphabet="잘 모르겠습니다음아어도힌트다음질문skipdontknow'., ", max_size=80))
def test_reading_takes_no_time_whatever_is_typed(text: str) -> None:
    started = time.process_time()
    read_intent(text)
    assert time.process_time() - started < 5  # a runaway pattern would take minutes
