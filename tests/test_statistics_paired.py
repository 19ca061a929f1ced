"""The paired comparison: against SciPy, published worked examples, and simulations with a known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from eval.paired import Figure, compare, holm, needed, paired_bootstrap, randomisation
from eval.statistics import bootstrap, kappa

Case = dict[str, Any]


def _mean(values: np.ndarray[Any, Any]) -> float | None:
    return float(values.mean()) if len(values) else None


SCORE = Figure("score", lambda case: (case["score"],) if case["status"] == "graded" else None, _mean)


def _cases(scores: Any, group: int = 1) -> list[Case]:
    return [
        {"id": str(i), "group": f"q{i // group}", "status": "graded", "score": float(score)}
        for i, score in enumerate(scores)
    ]


def test_the_exact_test_agrees_with_scipy_and_with_darwins_maize() -> None:
    # Darwin's fifteen pairs of cross- and self-fertilised maize, in eighths of an inch (Fisher 1935, The Design of
    # Experiments, §21): of 2^15 sign changes, 1726 leave a total as extreme as the one seen: p = 0.0527.
    differences = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)
    expected = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert expected == pytest.approx(1726 / 2**15)
    zeros = np.zeros(15)
    sampled = randomisation(_mean, (zeros,), (differences,), np.arange(15), seed=1)
    assert sampled == pytest.approx(expected, abs=0.01)
    small = differences[:9]
    exact = randomisation(_mean, (zeros[:9],), (small,), np.arange(9))
    scipys = stats.permutation_test((small,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert exact == pytest.approx(scipys)


def test_holm_by_hand() -> None:
    # In order 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04, and the last may not fall below the third.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, None, 0.5]) == [1.0, None, 1.0]
    assert holm([]) == []


def test_needed_as_in_the_textbook() -> None:
    # Cohen (1988): a paired difference of half a standard deviation, α = 0.05, power 0.8: 31.4, so 32 pairs.
    assert needed(0.5, 1 / np.sqrt(10), 10) == 32 - 10
    assert needed(0.0, 0.1, 10) is None
    wide, narrow = needed(0.1, 0.2, 50, tests=1), needed(0.1, 0.2, 50, tests=7)
    assert wide is not None
    assert narrow is not None
    assert narrow > wide > 0
    # Three questions that differ can't give p < 2/2³, however large the difference: six are needed for 0.05.
    assert needed(1.0, 0.01, 30, differing=3) == 30


def test_the_interval_of_a_paired_difference_is_that_of_the_differences() -> None:
    generator = np.random.default_rng(4)
    first = generator.normal(size=300)
    second = first + generator.normal(0.2, 0.5, 300)
    found, error = paired_bootstrap(_mean, (first,), (second,), np.arange(300), seed=1)
    assert found.value == pytest.approx(float((second - first).mean()))
    expected = stats.bootstrap((second - first,), np.mean, method="percentile", rng=np.random.default_rng(0))
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval), abs=0.015)
    assert error == pytest.approx(expected.standard_error, rel=0.1)


def _world(generator: np.random.Generator, effect: float) -> tuple[list[Case], list[Case]]:
    """30 questions of four replies each: a question's replies share how much better the second judge is."""
    shared = np.repeat(generator.normal(effect, 0.1, 30), 4)
    base = generator.normal(0.5, 0.2, 120)
    return _cases(base, 4), _cases(base + shared + generator.normal(0, 0.1, 120), 4)


def test_intervals_cover_the_truth_and_false_alarms_are_rare() -> None:
    generator = np.random.default_rng(20260101)
    covered = alarms = 0
    runs = 120
    for run in range(runs):
        first, second = _world(generator, 0.0)
        a, b = (np.array([case["score"] for case in cases]) for cases in (first, second))
        groups = np.repeat(np.arange(30), 4)
        found, _ = paired_bootstrap(_mean, (a,), (b,), groups, seed=run, repeats=300)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.0 <= found.high
        # The same draws as single replies, not questions, would be far too sure of themselves.
        alarms += stats.ttest_1samp((b - a).reshape(30, 4).mean(axis=1), 0).pvalue < 0.05
    # 95% of 120, give or take what chance allows (a binomial's 1 in 10,000).
    low, high = stats.binom.ppf([0.0001, 0.9999], runs, 0.95)
    assert low <= covered <= high
    assert abs((runs - covered) - alarms) <= 4


def test_the_bootstrap_over_questions_covers_where_single_replies_do_not() -> None:
    generator = np.random.default_rng(7)
    covered = {"questions": 0, "replies": 0}
    runs = 120
    for run in range(runs):
        values = np.repeat(generator.normal(size=40), 5) + generator.normal(0, 0.3, 200)
        groups = [str(i // 5) for i in range(200)]
        for name, given in (("questions", groups), ("replies", None)):
            found = bootstrap(_mean, (values,), given, seed=run, repeats=250)
            assert found.low is not None
            assert found.high is not None
            covered[name] += found.low <= 0 <= found.high
    assert covered["questions"] >= 0.88 * runs
    assert covered["replies"] < 0.75 * runs


def test_a_real_gain_is_better_a_loss_worse_and_chance_can_not_be_told() -> None:
    generator = np.random.default_rng(2)
    first, better = _world(generator, 0.15)
    [found] = compare([SCORE], first, better)
    assert (found.verdict, found.needed) == ("better", None)
    assert found.p_holm == found.p
    assert found.groups == 30
    [found] = compare([SCORE], better, first)
    assert found.verdict == "worse"
    noise = _cases([case["score"] + generator.normal(0, 0.2) for case in first], 4)
    [found] = compare([SCORE], first, noise)
    assert found.verdict == "can't tell"
    assert found.needed is not None
    assert found.needed > 120
    [found] = compare([SCORE], first, list(first))
    assert (found.verdict, found.p, found.needed) == ("same", 1.0, None)


def test_lower_is_better_where_it_is() -> None:
    figure = Figure("errors", SCORE.values, _mean, higher_is_better=False)
    first, more = _world(np.random.default_rng(2), 0.2)
    assert compare([figure], first, more)[0].verdict == "worse"


def test_only_cases_that_both_have_graded_are_compared() -> None:
    first = _cases([0.1, 0.2, 0.3, 0.4])
    second = _cases([0.1, 0.2, 0.3, 0.4])
    second[0] = {**second[0], "status": "unscored", "score": None}
    second[1]["id"] = "another"
    [found] = compare([SCORE], first, second)
    assert found.difference.n == 2
    assert compare([SCORE], first, []) == []
    repeated = [{**case, "repeat": 1} for case in first]
    assert compare([SCORE], first, repeated) == []


def test_a_statistic_of_all_cases_is_compared_with_the_readers_left_where_they_are() -> None:
    marks = np.array([0, 1, 2, 3, 4] * 16)
    generator = np.random.default_rng(3)
    close, far = (np.clip(marks + generator.integers(-w, w + 1, 80), 0, 4) for w in (1, 3))
    figure = Figure("qwk", lambda case: (case["mark"], case["reader"]), kappa)

    def cases(ours: Any) -> list[Case]:
        return [{"id": str(i), "group": str(i // 4), "mark": ours[i], "reader": marks[i]} for i in range(80)]

    [found] = compare([figure], cases(close), cases(far))
    assert found.first.value == pytest.approx(kappa(close, marks))
    assert found.second.value == pytest.approx(kappa(far, marks))
    assert found.verdict == "worse"
