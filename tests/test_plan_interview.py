"""The order of an interview, which is code's alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.errors import UserMistake
from interviewer.interview import MAX_HINTS, Move, choose_probe, replay
from interviewer.judge import verify
from interviewer.plan import Plan, make_plan
from knowledge.document import DEFAULT_DOCUMENT, load
from tests.factories import key_of, raw

BANK = load(DEFAULT_DOCUMENT)
PLAN = Plan(("1", "1.1", "2"))
KINDS = ["answer", "probe", "hint", "skip", "repeat", "reveal", "clarify", "back", "object", "stop"]


def test_the_default_plan_is_the_document_in_its_order() -> None:
    assert make_plan(BANK).question_ids == tuple(q.id for q in BANK)
    assert len(make_plan(BANK)) == 64


def test_topics_come_in_the_documents_order_whatever_order_they_are_given_in() -> None:
    assert make_plan(BANK, ["3", 1]).question_ids == ("1", "1.1", "1.2", "1.3", "1.4", "3", "3.1", "3.2")
    assert make_plan(BANK, ["3", "1"], "none").question_ids == ("1", "3")


@pytest.mark.parametrize("topics", [["17"], ["1.1"], ["x"], []])
def test_a_topic_that_is_none_is_a_mistake(topics: list[str]) -> None:
    with pytest.raises(UserMistake):
        make_plan(BANK, topics)


@pytest.mark.parametrize(
    ("moves", "current"),
    [
        ([], "1"),
        ([("1", "answer")], "1.1"),
        ([("1", "skip")], "1.1"),
        ([("1", "reveal")], "1.1"),
        ([("1", "hint"), ("1", "repeat"), ("1", "clarify"), ("1", "object")], "1"),
        ([("1", "answer"), ("1.1", "back")], "1"),
        ([("1", "answer"), ("1.1", "back"), ("1", "answer")], "1.1"),
        ([("1", "answer"), ("1.1", "answer"), ("2", "back"), ("1.1", "back"), ("1", "answer")], "1.1"),
        ([("1", "back")], "1"),
        ([("1", "answer"), ("1.1", "answer"), ("2", "answer")], None),
        ([("1", "stop")], None),
        ([("2", "answer")], "1"),
        ([("9", "stop")], "1"),
    ],
)
def test_what_each_turn_does_to_the_order(moves: list[tuple[str, str]], current: str | None) -> None:
    state = replay(PLAN, [Move(q, kind) for q, kind in moves])  # type: ignore[arg-type]
    assert state.current == current
    assert state.finished == (current is None)


def test_a_probe_stays_on_the_question_and_comes_once() -> None:
    asked = replay(PLAN, [Move("1", "answer", probe="cheap")])
    assert (asked.current, asked.awaiting_probe) == ("1", "cheap")
    after = replay(PLAN, [Move("1", "answer", probe="cheap"), Move("1", "probe", probe="again")])
    assert (after.current, after.awaiting_probe) == ("1.1", None)
    back = replay(
        PLAN, [Move("1", "answer", "cheap"), Move("1", "probe"), Move("1.1", "back"), Move("1", "answer", "cheap")]
    )
    assert back.current == "1.1"


@given(
    st.lists(
        st.tuples(st.sampled_from(PLAN.question_ids), st.sampled_from(KINDS), st.sampled_from([None, "p"])), max_size=40
    )
)
def test_any_moves_keep_the_interview_within_its_plan(moves: list[tuple[str, str, str | None]]) -> None:
    state = replay(PLAN, [Move(q, kind, probe) for q, kind, probe in moves])  # type: ignore[arg-type]
    assert state.current is None or state.current in PLAN.question_ids
    assert state.finished == (state.stopped or state.closed == set(PLAN.question_ids))
    assert all(given <= MAX_HINTS for given in state.hints.values())
    assert state.awaiting_probe is None or state.current in state.probed


@pytest.mark.parametrize(
    ("points", "probe"),
    [
        ([("main", "partial", "exp 연산"), ("side", "hit", "빠릅니다")], "main"),
        ([("main", "missed", ""), ("side", "hit", "빠릅니다")], "main"),
        ([("main", "hit", "exp 연산"), ("side", "missed", "")], None),
        ([("main", "missed", ""), ("side", "missed", "")], None),
        ([("main", "contradicted", "exp 연산"), ("side", "hit", "빠릅니다")], None),
    ],
)
def test_a_core_point_is_probed_when_there_is_something_to_go_on_from(
    points: list[tuple[str, str, str]], probe: str | None
) -> None:
    key = key_of({"main": 3, "side": 1}, 4)
    assert choose_probe(verify(raw(*points), key, ["exp 연산이 없어 빠릅니다"]), key) == probe
