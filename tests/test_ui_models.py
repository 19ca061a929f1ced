"""The page with a hosted model: verdicts as they come, stopping, grading again or offline, and a session's own key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from interviewer.calls import Patience
from interviewer.grader import Grader
from interviewer.service import Interviewer
from interviewer.settings import OPENAI_DEFAULT, Settings
from interviewer.usage import Budget
from prompts.loader import load
from tests.scripted import ScriptedModel, judged_first
from ui.handlers import Handlers, Page
from ui.texts import texts

OWNER = "a" * 43
MODEL = "openai:gpt-4o-mini"
REPLY = "sigmoid는 exp 연산 때문에 비쌉니다."
KEY = "sk-session-0123456789abcdef"
GOOD = judged_first(cheap=("hit", "exp 연산 때문에 비쌉니다"))

Serve = Callable[..., Handlers]


@pytest.fixture
def serve(home: Path) -> Iterator[Serve]:
    """Handlers over an interviewer whose model is scripted."""
    made: list[tuple[Interviewer, ScriptedModel]] = []

    def make(*steps: Any, **settings: Any) -> Handlers:
        model = ScriptedModel(steps=list(steps))
        grader = Grader([model.opened(MODEL)], load("judge"), patience=Patience(pause=lambda seconds: None))
        interviewer = Interviewer(Settings(home, (MODEL,), **settings), grader=grader)
        made.append((interviewer, model))
        return Handlers(interviewer)

    yield make
    for interviewer, model in made:
        interviewer.close()
        model.verify()


def begin(handlers: Handlers, key: str = "") -> Page:
    *_, page = handlers.start(OWNER, "ko", None, ["1"], True, False, "plain", key)
    return page


def reply(handlers: Handlers, page: Page, text: str = REPLY, key: str = "") -> list[Page]:
    return list(handlers.reply(OWNER, page.interview_id, page.n, text, "ko", key))


def shown(page: Page) -> str:
    return "".join(str(message["content"]) for message in page.messages)


def test_verdicts_show_one_by_one_while_the_model_writes(serve: Serve) -> None:
    handlers = serve(GOOD)
    pages = reply(handlers, begin(handlers))
    counts = [shown(page).count('<span class="verdict') for page in pages if page.judging]
    assert counts == list(range(len(json.loads(GOOD)["points"]) + 1))
    assert not pages[-1].judging
    assert "질문 2" in shown(pages[-1])


def test_stopping_keeps_the_reply_and_offers_to_grade_it_again_or_offline(serve: Serve) -> None:
    handlers: Handlers

    def halt(messages: list[BaseMessage]) -> str:
        handlers.halt(OWNER, page.interview_id)
        return GOOD

    handlers = serve(halt, GOOD)
    page = begin(handlers)
    handlers.halt("b" * 43, page.interview_id)
    stopped = reply(handlers, page)[-1]
    assert "취소" in shown(stopped)
    assert (stopped.ungraded, stopped.n) == (True, 2)

    offline = list(handlers.again(OWNER, page.interview_id, offline=True))
    assert offline[0].judging
    assert "오프라인 채점기로 채점했습니다" in shown(offline[-1])
    assert not offline[-1].ungraded

    for _ in handlers.interviewer.regrade(page.interview_id or "", MODEL):
        pass
    *_, back = handlers.opened(OWNER, "ko")
    assert "오프라인 채점기로 채점했습니다" not in shown(back)


def test_a_stranger_can_neither_stop_nor_grade_again(serve: Serve) -> None:
    handlers = serve(*[TimeoutError()] * 6)
    page = begin(handlers)
    assert reply(handlers, page)[-1].ungraded
    (refused,) = handlers.again("b" * 43, page.interview_id, offline=True)
    assert (refused.screen, refused.messages) == ("same", ())
    assert handlers.interviewer.view(page.interview_id or "").ungraded


def test_near_the_end_of_the_budget_it_is_said_and_beyond_it_nothing_is_asked(serve: Serve) -> None:
    handlers = serve(GOOD, budget=Budget(tokens=9_000))
    first = reply(handlers, begin(handlers))
    view = handlers.interviewer.view(first[-1].interview_id or "")
    share = handlers.interviewer.purse(view).share
    assert share
    assert 0.4 < share < 1
    assert bool(first[-1].notice) == (share >= 0.8)
    beyond = reply(handlers, first[-1])
    assert "예산" in shown(beyond[-1])
    assert beyond[-1].n == 3


def test_a_sessions_own_key_goes_to_the_model_and_nowhere_else(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given: list[tuple[str, Any]] = []

    def opened(model_id: str, options: dict[str, Any]) -> ScriptedModel:
        given.append((model_id, options))
        return ScriptedModel(steps=[GOOD])

    monkeypatch.setattr("interviewer.models.provider_chat", opened)
    interviewer = Interviewer(Settings(home))
    handlers = Handlers(interviewer)
    page = begin(handlers, KEY)
    graded = reply(handlers, page, key=KEY)[-1]
    assert "exp 연산 때문에 비쌉니다" in shown(graded)
    assert {model_id for model_id, _ in given} == {OPENAI_DEFAULT}
    assert all(options["api_key"].get_secret_value() == KEY for _, options in given)
    assert all(KEY not in repr(one) for one in given)

    without = reply(handlers, graded)[-1]
    assert "API 키가 없습니다" in shown(without)
    assert without.ungraded

    interviewer.close()
    for file in home.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file
    assert KEY not in caplog.text + repr(vars(interviewer)) + shown(without)
    assert texts("ko").key
