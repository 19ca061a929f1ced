"""Without a rubric: likeness to a reference, in either language, told apart from other texts of the same words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from interviewer.grader import Grader, Said
from interviewer.likeness import MODEL, Forest, agreement, features, likeness
from interviewer.meaning import DIMENSION, vector
from interviewer.models import open_model
from knowledge.answer_key import from_references
from knowledge.library import Library
from prompts.loader import load

KOREAN = "모델이 훈련 데이터의 잡음까지 외워서 새로운 데이터에서 성능이 떨어지는 것"
ENGLISH = "The model memorises the noise of the training data and does badly on new data."
QUESTION = "과적합이란 무엇인가?"


@pytest.mark.parametrize(
    ("reply", "least", "most"),
    [
        (KOREAN, 0.8, 1.0),
        (ENGLISH, 0.5, 1.0),
        ("학습 데이터를 통째로 외워 버려서 처음 보는 데이터는 잘 못 맞추는 현상이에요", 0.4, 1.0),
        ("피자는 역시 페퍼로니가 제일 맛있습니다", 0.0, 0.15),
        ("ㅁㄴㅇㄹ asdf qwer", 0.0, 0.15),
        (QUESTION, 0.0, 0.25),
        ("", 0.0, 0.15),
    ],
)
def test_who_says_the_reference_in_other_words_or_another_language_is_near_it(
    reply: str, least: float, most: float
) -> None:
    assert least <= likeness(QUESTION, KOREAN, reply) <= most


def test_a_meaning_is_one_in_both_languages() -> None:
    near = vector("기울기 소실 문제") @ vector("the vanishing gradient problem")
    far = vector("기울기 소실 문제") @ vector("a recipe for apple pie")
    assert vector(KOREAN).shape == (DIMENSION,)
    assert np.linalg.norm(vector(KOREAN)) == pytest.approx(1, abs=1e-3)
    assert not vector(" ").any()
    assert near > far + 0.2


def test_the_forest_says_where_it_comes_from_and_fits_its_features() -> None:
    with np.load(MODEL, allow_pickle=False) as stored:
        about = json.loads(str(stored["about"]))
        forest = Forest(*(stored[name] for name in Forest._fields))
    assert about["by"] == "python -m eval.fit_likeness" and len(about["fitted_on"]) == 4
    assert len(forest.roots) == about["trees"]
    plain = np.array([features(QUESTION, KOREAN, ENGLISH)])
    rows = forest.rows(plain, agreement(KOREAN, ENGLISH)[None].astype(np.float64))
    assert forest.feature.max() < rows.shape[1]
    leaves = forest.feature < 0
    assert (forest.left[~leaves] > np.flatnonzero(~leaves)).all() and forest.right.max() < len(leaves)
    assert forest.predict(rows)[0] == pytest.approx(likeness(QUESTION, KOREAN, ENGLISH))


def test_a_forest_walks_its_trees() -> None:
    stump = Forest(
        feature=np.array([0, -1, -1, -1], dtype=np.int16),
        threshold=np.array([0.5, 0, 0, 0], dtype=np.float32),
        left=np.array([1, 0, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 0, 0], dtype=np.int32),
        value=np.array([0.0, 0.2, 0.6, 1.0], dtype=np.float32),
        roots=np.array([0, 3], dtype=np.int32),
        mean=np.zeros(2, dtype=np.float32),
        directions=np.zeros((1, 2), dtype=np.float32),
    )
    rows = stump.rows(np.array([[0.4], [0.6]]), np.ones((2, 2)))
    assert rows.shape == (2, 2)
    assert stump.predict(rows) == pytest.approx([0.6, 0.8])


def test_a_claim_is_quoted_where_it_is_made_whatever_the_language() -> None:
    key = from_references("1", "What is overfitting?", ["The model fits noise in the training data."])
    reply = "좋은 질문이네요, 데이터의 잡음까지 학습해 버리는 것입니다."
    judgement = (
        Grader([open_model("offline", Library())], load("judge")).grade(key, [Said("candidate", reply)]).judgement
    )
    assert judgement is not None
    assert "잡음" in judgement.points[0].quote
