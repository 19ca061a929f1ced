"""A right answer turned round in its own words earns next to nothing, and right ones are left alone."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from interviewer.grader import Grader, Said
from interviewer.judge import Judgement
from interviewer.models import open_model
from interviewer.reading import read
from interviewer.reversal import BUCKETS, DOUBTFUL, MODEL, SURE, features, reversal
from knowledge.library import Library
from prompts.loader import load

DOCUMENT = "deep_learning.ko.txt"
RIGHT = {
    "1": "sigmoid는 양쪽 끝이 평평해 기울기가 거의 0이 되지만 ReLU는 양수에서 기울기가 1이라 깊은 망도 배웁니다.",
    "4": "CNN은 작은 필터로 이미지를 훑어 특징을 뽑고, 같은 필터를 모든 위치에 다시 써서 가중치가 적다.",
    "7": "외운 데이터로 시험을 보면 점수가 높아도 소용없으니, 본 적 없는 데이터로 일반화를 확인하려고 나눕니다.",
    "15": "아이템 내용을 몰라도 비슷한 사람들의 평점으로 추천하지만, 처음 온 사용자에게는 추천하기 어렵습니다.",
}
REVERSED = {
    "1": "ReLU는 exp를 계산하느라 비싸고 양쪽에서 포화돼 기울기가 사라지지만, sigmoid는 비교만 하니 쌉니다.",
    "4": "CNN은 위치마다 다른 필터를 써서 가중치가 많고, 이미지를 펼치기 때문에 이웃 픽셀의 관계를 잃는다.",
    "8.1": "Dropout makes every neuron rely on its partners, so the network overfits more and generalises worse.",
}


def judged(question_id: str, reply: str) -> Judgement:
    library = Library()
    judgement = (
        Grader([open_model("offline", library)], load("judge"))
        .grade(library.open().key(question_id), [Said("candidate", reply)])
        .judgement
    )
    assert judgement is not None
    return judgement


@pytest.mark.parametrize("question_id", RIGHT)
def test_a_right_reply_is_not_doubted(question_id: str) -> None:
    assert reversal(DOCUMENT, question_id, read(RIGHT[question_id])) < DOUBTFUL
    assert judged(question_id, RIGHT[question_id]).score >= 0.5


@pytest.mark.parametrize("question_id", REVERSED)
def test_its_opposite_is_seen_and_earns_next_to_nothing(question_id: str) -> None:
    assert reversal(DOCUMENT, question_id, read(REVERSED[question_id])) > SURE
    judgement = judged(question_id, REVERSED[question_id])
    assert judgement.score < 0.3
    against = [point for point in judgement.points if point.verdict == "contradicted"]
    assert against and all(point.quote and point.quote in REVERSED[question_id] for point in against)


def test_in_doubt_half_counts_and_the_reason_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = judged("1", RIGHT["1"])
    monkeypatch.setattr("interviewer.offline_judge.reversal", lambda *_: (DOUBTFUL + SURE) / 2)
    half = judged("1", RIGHT["1"])
    hits = [point.id for point in whole.points if point.verdict == "hit"]
    doubted = {point.id: point for point in half.points if point.verdict == "partial"}
    assert hits and list(doubted) == hits
    assert all("반대로 읽힐" in point.reason for point in doubted.values())
    assert 0 < half.score < whole.score


def test_nothing_is_known_of_other_questions_and_of_silence() -> None:
    clauses = read(REVERSED["1"])
    assert reversal("another.txt", "1", clauses) == -math.inf
    assert reversal(DOCUMENT, "99", clauses) == -math.inf
    assert reversal(DOCUMENT, "1", []) == -math.inf


def test_politeness_and_spacing_change_no_feature() -> None:
    plain = features(read("ReLU는 포화되지 않는다. 기울기가 줄지 않는다."))
    polite = features(read("ReLU는  포화되지 않습니다. 기울기가 줄지  않아요."))
    assert all(np.array_equal(one, other) for one, other in zip(plain, polite, strict=True))
    affirmed = features(read("ReLU는 포화된다. 기울기가 준다."))
    assert not np.array_equal(plain[0], affirmed[0])
    assert plain[0].max() < BUCKETS <= plain[1].min()


def test_the_weights_say_where_they_come_from_and_cover_every_question() -> None:
    book = Library().open()
    with np.load(MODEL, allow_pickle=False) as stored:
        about = json.loads(str(stored["about"]))
        assert str(stored["document"]) == DOCUMENT
        assert {str(one) for one in stored["questions"]} == {
            question.id for topic in book.topics for question in book.topic(topic).questions
        }
        assert stored["weight"].shape == (len(stored["questions"]), 2 * BUCKETS)
    assert about["by"] == "python -m eval.fit_reversal" and about["replies"] > 5000
