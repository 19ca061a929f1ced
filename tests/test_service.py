"""Whole turns over the real document with the offline model: order, commands, evidence, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interviewer.errors import AlreadyAnswered, UserMistake
from interviewer.outcome import outcome
from interviewer.service import Interviewer, Options, View
from interviewer.settings import Settings
from tests.factories import offline_interviewer

GOOD = "sigmoid는 포화돼서 기울기가 소실되지만 ReLU는 양수에서 기울기가 1이고, exp 연산이 없어 계산이 쌉니다."
PARTIAL = "sigmoid는 exp 연산 때문에 비쌉니다."


@pytest.fixture
def interviewer(home: Path) -> Iterator[Interviewer]:
    made = offline_interviewer(home)
    yield made
    made.close()


def say(interviewer: Interviewer, view: View, *texts: str, **options: Any) -> View:
    for text in texts:
        for _ in interviewer.reply(view.id, text, **options):
            pass
        view = interviewer.view(view.id)
    return view


def last(view: View) -> Any:
    result = view.turns[-1].result
    assert result is not None
    return result


def test_a_turn_is_graded_with_evidence_and_lines_and_the_next_question_follows(interviewer: Interviewer) -> None:
    view = say(interviewer, interviewer.start(Options(topics=("1",), probes=False)), PARTIAL)
    assert view.current is not None
    assert view.current.question_id == "1.1"
    (turn,) = outcome(view, interviewer.library.open())["turns"]
    hit = next(point for point in turn["points"] if point["verdict"] == "hit")
    assert hit["id"] == "cheap"
    assert hit["quote"] in PARTIAL
    assert hit["sources"] == [{"document": "deep_learning.ko.txt", "lines": [3, 3]}]
    assert 0 < turn["score"] < 1
    assert "문서 3행" in turn["critique"]
    assert PARTIAL.rstrip(".") in turn["critique"]
    assert turn["model"] == "offline"
    assert turn["prompt"].startswith("judge@v")


def test_commands_do_what_they_say(interviewer: Interviewer) -> None:
    view = interviewer.start(Options(topics=("1",), probes=False))
    view = say(interviewer, view, "/hint")
    assert (last(view).kind, view.current and view.current.question_id) == ("hint", "1")
    assert "1/3" in last(view).critique
    view = say(interviewer, view, "힌트 더 주세요", "/hint", "/hint")
    assert "모두" in last(view).critique
    view = say(interviewer, view, "/repeat")
    assert last(view).critique == interviewer.library.open().bank["1"].text
    view = say(interviewer, view, "질문이 무슨 뜻인가요?")
    assert last(view).kind == "clarify"
    view = say(interviewer, view, "/skip")
    assert (last(view).kind, last(view).score) == ("skip", None)
    assert view.current is not None
    assert view.current.question_id == "1.1"
    view = say(interviewer, view, "/back")
    assert view.current is not None
    assert view.current.question_id == "1"
    view = say(interviewer, view, GOOD)
    assert last(view).score >= 0.85
    view = say(interviewer, view, "정답 알려주세요")
    assert last(view).kind == "reveal"
    assert "모범 답안" in last(view).critique
    view = say(interviewer, view, "그만할게요")
    assert view.finished
    with pytest.raises(UserMistake, match="over"):
        list(interviewer.reply(view.id, "more"))


@pytest.mark.parametrize("text", ["모르겠습니다", "잘 모르겠어요 ㅠㅠ", "I don't know", ""])
def test_no_answer_shows_the_reference_and_moves_on(interviewer: Interviewer, text: str) -> None:
    view = say(interviewer, interviewer.start(Options(topics=("1",))), text)
    assert (last(view).kind, last(view).graded, last(view).score) == ("answer", True, 0.0)
    assert "모범 답안" in last(view).critique
    assert view.current is not None
    assert view.current.question_id == "1.1"


def test_a_reply_over_the_limit_is_kept_and_the_question_asked_again(home: Path) -> None:
    interviewer = Interviewer(Settings.load(home=home, model="offline", max_reply=50))
    long = "sigmoid는 exp 연산 때문에 비쌉니다. " * 20
    view = say(interviewer, interviewer.start(Options(topics=("1",))), long)
    assert view.turns[0].reply == long
    assert (last(view).graded, view.current and view.current.question_id) == (False, "1")
    assert "50" in last(view).critique
    interviewer.close()


def test_a_probe_asks_once_and_the_exchange_is_graded_as_a_whole(interviewer: Interviewer) -> None:
    view = say(interviewer, interviewer.start(Options(topics=("1",))), PARTIAL)
    assert view.current is not None
    assert (view.current.question_id, view.current.probe) == ("1", "no-saturation")
    before = last(view).score
    view = say(interviewer, view, "sigmoid는 포화되면 기울기가 0에 가까워져 소실됩니다.")
    assert last(view).kind == "probe"
    assert last(view).score > before
    assert view.current is not None
    assert view.current.question_id == "1.1"
    summary = outcome(view, interviewer.library.open())["summary"]
    assert summary["graded"] == 1
    assert summary["score"] == last(view).score


def test_a_probe_answered_with_nothing_costs_nothing(interviewer: Interviewer) -> None:
    view = say(interviewer, interviewer.start(Options(topics=("1",))), PARTIAL)
    before = last(view).score
    view = say(interviewer, view, "모르겠습니다")
    assert (last(view).kind, last(view).score) == ("probe", before)


def test_an_objection_is_judged_again_and_both_judgements_are_kept(interviewer: Interviewer) -> None:
    view = interviewer.start(Options(topics=("1",), probes=False))
    view = say(interviewer, view, "/object")
    assert last(view).kind == "object"
    view = say(interviewer, view, PARTIAL, "이의 있습니다. exp 이야기를 했습니다")
    answered = view.turns[1]
    assert len(answered.results) == 2
    assert answered.results[1].objection == "exp 이야기를 했습니다"
    assert answered.results[0].score == answered.results[1].score
    assert view.current is not None
    assert view.current.question_id == "1.1"


def test_a_double_submit_is_refused(interviewer: Interviewer) -> None:
    view = interviewer.start(Options(topics=("1",)))
    say(interviewer, view, "모르겠습니다", n=1)
    with pytest.raises(AlreadyAnswered):
        list(interviewer.reply(view.id, "sigmoid는 비쌉니다", n=1))
    assert [turn.reply for turn in interviewer.view(view.id).turns] == ["모르겠습니다"]


def test_a_reply_left_pending_is_graded_on_resume(interviewer: Interviewer) -> None:
    view = interviewer.start(Options(topics=("1",), probes=False))
    turns = interviewer.reply(view.id, GOOD)
    assert next(turns).kind == "received"
    turns.close()
    assert interviewer.view(view.id).pending is not None
    view = interviewer.resume(view.id)
    assert [turn.reply for turn in view.turns] == [GOOD]
    assert last(view).score >= 0.85
    assert view.current is not None
    assert view.current.question_id == "1.1"


def test_another_owner_gets_nothing(interviewer: Interviewer) -> None:
    view = interviewer.start(Options(topics=("1",)), owner="me")
    for attempt in (
        lambda: interviewer.view(view.id, "you"),
        lambda: list(interviewer.reply(view.id, "x", "you")),
        lambda: interviewer.resume(view.id, "you"),
        lambda: list(interviewer.regrade(view.id, owner="you")),
    ):
        with pytest.raises(UserMistake):
            attempt()
    assert interviewer.view(view.id, "me").turns == ()


def test_regrading_keeps_the_old_result(interviewer: Interviewer) -> None:
    view = say(interviewer, interviewer.start(Options(topics=("1",), probes=False)), GOOD, "모르겠습니다")
    gradings = list(interviewer.regrade(view.id))
    assert [turn.question_id for turn, _ in gradings] == ["1", "1.1"]
    turns = interviewer.view(view.id).turns
    assert [len(turn.results) for turn in turns] == [2, 2]
    assert turns[0].results[0].score == turns[0].results[1].score


def test_fresh_numbers_come_with_a_seed_and_are_checked(interviewer: Interviewer) -> None:
    view = interviewer.start(Options(language="en", topics=("4",), seed=3, probes=False))
    view = say(interviewer, view, "/skip", "/skip")
    assert view.current is not None
    asked = view.current.text
    kernel, inputs, outputs = numbers(asked)
    view = say(interviewer, view, f"It has {kernel * kernel * inputs * outputs + outputs} parameters.")
    judged = outcome(view, interviewer.library.open())["turns"][-1]
    assert next(p for p in judged["points"] if p["id"] == "weight-count")["verdict"] == "hit"


def numbers(text: str) -> tuple[int, int, int]:
    found = [int(one) for one in "".join(c if c.isdigit() else " " for c in text).split()]
    kernel, _, inputs, outputs = found[-4:]
    return kernel, inputs, outputs


def test_the_same_replies_give_the_same_interview_twice(interviewer: Interviewer) -> None:
    def played() -> str:
        view = say(
            interviewer, interviewer.start(Options(topics=("1",), probes=False)), GOOD, PARTIAL, "/hint", "모르겠습니다"
        )
        data = outcome(view, interviewer.library.open())
        for turn in data["turns"]:
            turn.pop("seconds")
        return json.dumps([data["turns"], data["summary"]], ensure_ascii=False)

    assert played() == played()
