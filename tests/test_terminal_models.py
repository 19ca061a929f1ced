"""The terminal with a model that fails: what is offered, grading again and offline, Ctrl-C, and what it all took."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from interviewer import terminal
from interviewer.calls import Patience
from interviewer.grader import Grader
from interviewer.outcome import outcome
from interviewer.report import html_report, markdown_report
from interviewer.service import Interviewer, Options, View
from interviewer.settings import Settings
from interviewer.usage import Budget
from prompts.loader import load
from tests.scripted import ScriptedModel, all_missed, judged_first

MODEL = "openai:gpt-4o-mini"
REPLY = "sigmoid는 exp 연산 때문에 비쌉니다."
GOOD = judged_first(cheap=("hit", "exp 연산 때문에 비쌉니다"))

Serve = Callable[..., Interviewer]
Type = Callable[..., None]


@pytest.fixture
def serve(home: Path) -> Iterator[Serve]:
    """An interviewer whose model is scripted."""
    made: list[tuple[Interviewer, ScriptedModel]] = []

    def make(*steps: Any, **settings: Any) -> Interviewer:
        model = ScriptedModel(steps=list(steps))
        grader = Grader([model.opened(MODEL)], load("judge"), patience=Patience(pause=lambda seconds: None))
        made.append((Interviewer(Settings(home, (MODEL,), **settings), grader=grader), model))
        return made[-1][0]

    yield make
    for interviewer, model in made:
        interviewer.close()
        model.verify()


@pytest.fixture
def type_(monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types these lines, then presses Ctrl-D."""

    def type_lines(*lines: str) -> None:
        left = list(lines)

        def read(*_: Any, **__: Any) -> str:
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr(terminal._SCREEN, "input", read)

    return type_lines


def begin(interviewer: Interviewer, follow_ups: Any = "none") -> View:
    return interviewer.start(Options(topics=("1",), follow_ups=follow_ups, probes=False))


def test_what_failed_is_offered_to_be_graded_again(
    serve: Serve, type_: Type, capsys: pytest.CaptureFixture[str]
) -> None:
    interviewer = serve(*[TimeoutError()] * 6, GOOD)
    type_(REPLY, "/retry")
    view = begin(interviewer)
    terminal.converse(interviewer, view)
    said = capsys.readouterr().out
    assert "제한 시간 안에 응답이 오지 않았습니다" in said
    assert "/retry 다시 채점" in said
    result = interviewer.view(view.id).turns[0].result
    assert result
    assert (result.graded, result.model) == (True, MODEL)


def test_or_offline_which_every_report_says(serve: Serve, type_: Type, capsys: pytest.CaptureFixture[str]) -> None:
    interviewer = serve(*[TimeoutError()] * 6, all_missed)
    type_(REPLY, "/offline", "비선형성은 표현력을 높입니다")
    view = begin(interviewer, "all")
    with pytest.raises(KeyboardInterrupt):
        terminal.converse(interviewer, view)
    assert "오프라인 채점기로 채점했습니다" in capsys.readouterr().out
    view = interviewer.view(view.id)
    assert [turn.reply for turn in view.turns] == [REPLY, "비선형성은 표현력을 높입니다"]
    data = outcome(view, interviewer.library.open())
    assert data["turns"][0]["model"] == "offline"
    assert "채점 모델: offline" in markdown_report(data)
    assert "채점 모델: offline" in html_report(data)
    assert data["summary"]["calls"] == sum(turn["calls"] for turn in data["turns"]) + 6
    assert data["summary"]["cost"] > 0
    assert "US$" in markdown_report(data)


def test_ctrl_c_while_a_model_is_asked_takes_effect_at_once_and_the_reply_is_judged_on_resume(
    serve: Serve, type_: Type
) -> None:
    def interrupt(messages: list[BaseMessage]) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return GOOD

    interviewer = serve(interrupt, GOOD)
    type_(REPLY)
    before = signal.getsignal(signal.SIGINT)
    view = begin(interviewer)
    with pytest.raises(KeyboardInterrupt):
        terminal.converse(interviewer, view)
    assert signal.getsignal(signal.SIGINT) is before
    left = interviewer.view(view.id)
    assert left.pending
    assert left.pending.reply == REPLY
    (turn,) = interviewer.resume(view.id).turns
    assert turn.result
    assert turn.result.graded


def test_a_budget_stops_the_spending_and_not_the_interview(
    serve: Serve, type_: Type, capsys: pytest.CaptureFixture[str]
) -> None:
    interviewer = serve(GOOD, budget=Budget(tokens=9_000))
    type_(REPLY, *["비선형성은 표현력을 높입니다"] * 4, "")
    view = begin(interviewer, "all")
    terminal.converse(interviewer, view)
    ended = interviewer.view(view.id)
    assert ended.finished
    assert [turn.result.graded for turn in ended.turns if turn.result] == [True, False, False, False, False]
    assert {turn.result.error for turn in ended.turns[1:] if turn.result} == {f"{MODEL}: the budget is used up"}
    assert interviewer.purse(ended).tokens <= 9_000
    assert "예산을 다 썼습니다" in capsys.readouterr().out
