"""What the patterns of a rubric make of a reply."""

from __future__ import annotations

from functools import cache

import pytest

from interviewer.matching import Matcher, Matches
from interviewer.reading import read
from knowledge.library import Book, Library


@cache
def book() -> Book:
    return Library().open()


def matches(question_id: str, reply: str) -> Matches:
    rubric = book().rubric(question_id)
    assert rubric is not None
    return Matcher(rubric, book().bank[question_id].text)(read(reply))


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("양 끝에서 saturation되지 않는다.", "hit"),
        ("ReLU는 한쪽이 제한되지 않아 gradient saturation이 적다", "hit"),
        ("sigmoid는 포화돼서 기울기가 사라진다", "hit"),
        ("ReLU는 포화돼서 기울기가 사라진다", "contradicted"),
        ("sigmoid는 기울기가 사라지지 않는다", "contradicted"),
    ],
)
def test_a_claim_may_be_made_by_negating_and_be_denied_by_negating(reply: str, verdict: str) -> None:
    assert matches("1", reply).points["no-saturation"].verdict == verdict


def test_a_clause_without_the_questions_concepts_tells_nothing() -> None:
    found = matches("4.4", "점심을 먹었습니다. 가장 큰 값만 남겨서 특징을 잘 전달합니다.")
    assert [clause.text for clause in found.telling] == ["가장 큰 값만 남겨서", "특징을 잘 전달합니다."]
