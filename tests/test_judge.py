"""The evidence check and the score: what a judge says counts only as far as the reply bears it out."""

from __future__ import annotations

import json
import math
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.judge import BANDS, RawJudgement, band_of, find_quote, from_data, no_answer, to_data, verify
from tests.factories import key_of, raw

KEY = key_of({"a": 3, "b": 2, "c": 1}, 5, {"myth": 2})
REPLY = "Sigmoid는  EXP 연산\n때문에 비싸고, 기울기가 소실됩니다."

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
judgements = st.fixed_dictionaries(
    {},
    optional={
        "points": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "id": st.sampled_from(["a", "b", "c", "x", ""]) | json_values,
                    "verdict": st.sampled_from(["hit", "partial", "missed", "contradicted", "HIT"]) | json_values,
                    "quote": st.text(max_size=30) | json_values,
                },
            )
            | json_values,
            max_size=8,
        ),
        "misconceptions": st.lists(
            st.fixed_dictionaries({"id": st.just("myth"), "quote": st.text(max_size=9)}) | json_values
        ),
        "extras": st.lists(st.fixed_dictionaries({"claim": st.text(), "quote": st.text(max_size=9)}) | json_values),
        "score": st.just(1.0),
        "intent": st.sampled_from(["answer", "clarify", "stop"]) | json_values,
    },
)


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("exp 연산 때문에 비싸고", "EXP 연산\n때문에 비싸고"),
        ("  sigmoid는 exp ", "Sigmoid는  EXP"),
        (unicodedata.normalize("NFD", "기울기가 소실"), "기울기가 소실"),
        ("기울기가 소실되지 않습니다", ""),
        ("기울기 소실", ""),
        ("때문에", ""),
        ("", ""),
        ("   ", ""),
        ("비싸고, 기울기가 소실됩니다.", "비싸고, 기울기가 소실됩니다."),
    ],
)
def test_a_quote_must_stand_in_the_reply_and_say_something(quote: str, found: str) -> None:
    assert find_quote(quote, [REPLY], KEY) == found


@pytest.mark.parametrize("quote", ["ReLU를 쓰는", "왜 ReLU를 쓰는가", "why is ReLU used", "RELU", "ReLU는 왜"])
def test_the_questions_own_words_are_no_evidence(quote: str) -> None:
    assert find_quote(quote, [f"{quote} 그것이 문제입니다"], KEY) == ""


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("ReLU를 쓰지 않는다", "ReLU를 쓰지 않는다"),
        ("ReLU를 더 쓴다", "ReLU를 더 쓴다"),
        ("없습니다", ""),
        ("not", ""),
        ("더", ""),
    ],
)
def test_a_claim_of_the_questions_own_words_says_something_but_not_its_negation_alone(quote: str, found: str) -> None:
    assert find_quote(quote, [f"{quote}, 그것이 문제입니다"], KEY) == found


def test_a_decomposed_reply_is_quoted_as_it_was_typed() -> None:
    typed = unicodedata.normalize("NFD", "연산 때문에 비싸다")
    quote = find_quote("연산 때문에", [typed], KEY)
    assert quote in typed
    assert unicodedata.normalize("NFC", quote) == "연산 때문에"


@pytest.mark.parametrize(
    ("points", "more", "share"),
    [
        ([("a", "hit", "exp 연산"), ("b", "hit", "소실")], {}, 1.0),
        ([("a", "hit", "exp 연산")], {}, 0.6),
        ([("a", "partial", "exp 연산")], {}, 0.3),
        ([("a", "hit", "지수 함수")], {}, 0.0),
        ([("a", "hit", "exp 연산"), ("b", "contradicted", "소실")], {}, 0.4),
        ([("a", "hit", "exp 연산")], {"misconceptions": [{"id": "myth", "quote": "소실"}]}, 0.2),
        ([("a", "hit", "exp 연산")], {"misconceptions": [{"id": "myth", "quote": "없는 말"}]}, 0.6),
        ([("a", "hit", "exp 연산"), ("a", "missed", "")], {}, 0.0),
        ([("a", "missed", "exp 연산")], {}, 0.0),
        ([("a", "hit", "exp 연산")], {"extras": [{"claim": "c", "quote": "소실됩니다"}] * 3}, 0.8),
        ([], {"extras": [{"claim": "c", "quote": "소실됩니다"}]}, 0.0),
        ([("x", "hit", "exp 연산")], {"score": 1.0}, 0.0),
    ],
)
def test_the_score_is_arithmetic_over_verified_verdicts(
    points: list[tuple[str, str, str]], more: dict[str, Any], share: float
) -> None:
    score = (1 - math.exp(-1.5 * share)) / (1 - math.exp(-1.5))
    assert verify(raw(*points, **more), KEY, [REPLY]).score == pytest.approx(score, abs=1e-4)


@settings(max_examples=300)
@given(judgements | json_values)
def test_no_judgement_raises_a_score_without_evidence(judged: Any) -> None:
    judgement = verify(judged, KEY, ["전혀 다른 이야기 하나"])
    assert [point.id for point in judgement.points] == ["a", "b", "c"]
    for point in judgement.points:
        assert (point.verdict == "missed") == (not point.quote)
        assert point.quote in "전혀 다른 이야기 하나"
    assert 0 <= judgement.score <= 1
    assert judgement.score == 0 or any(point.quote for point in judgement.points)
    assert verify(judged, KEY, []).score == 0


@given(judgements, judgements)
def test_a_claim_without_a_quote_changes_nothing(one: dict[str, Any], other: dict[str, Any]) -> None:
    points = [p for p in one.get("points", []) if isinstance(p, dict)]
    stripped = {**other, "points": [{**p, "quote": ""} for p in points], "misconceptions": [], "extras": []}
    assert verify(stripped, KEY, [REPLY]).score == 0


@given(judgements)
def test_a_judgement_survives_json(judged: dict[str, Any]) -> None:
    judgement = verify(judged, KEY, [REPLY])
    assert from_data(json.loads(json.dumps(to_data(judgement)))) == judgement


def test_a_raw_judgement_and_its_data_verify_alike() -> None:
    data = raw(("a", "hit", "exp 연산"))
    assert verify(RawJudgement.model_validate(data), KEY, [REPLY]) == verify(data, KEY, [REPLY])


def test_no_answer_misses_every_point() -> None:
    assert {point.verdict for point in no_answer(KEY).points} == {"missed"}
    assert no_answer(KEY).score == 0


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, "none"),
        (0.12, "none"),
        (0.125, "thin"),
        (0.5, "partial"),
        (0.7, "good"),
        (0.874, "good"),
        (0.875, "strong"),
        (1, "strong"),
    ],
)
def test_bands_are_quarters(score: float, band: str) -> None:
    assert band_of(score) == band
    assert len(BANDS) == 5
