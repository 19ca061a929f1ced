"""Is the second better than the first, on the same cases, by more than chance?

    found = compare(figures, first_records, second_records, seed)
    found[0].verdict, found[0].difference, found[0].p, found[0].needed

Cases are paired by id and repetition, and only those graded both times are compared. Replies to one question are alike, so
whole questions are drawn (bootstrap) and swapped (test), never single replies.

- The interval of a difference is the percentile bootstrap of the paired difference (Efron and Tibshirani 1993, chapter 13).
- p is that of a two-sided paired randomisation test (Noreen 1989; for language tasks Dror et al. 2018): if the two were the
  same, swapping their results on a question would change nothing. Up to ``EXACT`` questions every swap is made, beyond that
  ``SWAPS`` random ones, and the observed one counts among them (Phipson and Smyth 2010): p is never 0.
- Over all the figures of a comparison p is adjusted by Holm's step-down procedure (1979); figures that are the same in every
  case do not count among them (Tarone 1990).
- ``needed`` is how many further cases would tell a difference of the size seen, with 80% power, at the strictest of
  Holm's levels: the standard error of the bootstrap falls with the square root of the cases. It is a guess from a guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eval.statistics import CONFIDENCE, REPEATS, Estimate, Statistic, bootstrap

__all__ = [
    "Comparison",
    "Figure",
    "Verdict",
    "adjusted",
    "compare",
    "holm",
    "measured",
    "needed",
    "paired_bootstrap",
    "randomisation",
]

Verdict = Literal["better", "worse", "can't tell", "same"]
Columns = Sequence[NDArray[Any]]

EXACT = 10
SWAPS = 4999
ALPHA = 0.05
POWER = 0.8
TINY = 1e-12


@dataclass(frozen=True)
class Figure:
    """Something that is compared: ``statistic`` of the columns that ``values`` takes from each case (None: not this case).

    ``moves`` are how many of the leading columns are the system's own, and so swapped; the others are the case's.
    """

    name: str
    values: Callable[[Mapping[str, Any]], tuple[float, ...] | None]
    statistic: Statistic
    higher_is_better: bool = True
    moves: int = 1


@dataclass(frozen=True)
class Comparison:
    """A figure of two variants on the cases that both have. ``p`` and ``p_holm`` are None where nothing can be tested;
    ``needed`` is None where it makes no sense (a verdict is there, or no difference at all); ``error`` is the standard error
    of the difference, ``differing`` the number of groups on which the two are not the same."""

    name: str
    higher_is_better: bool
    first: Estimate
    second: Estimate
    difference: Estimate
    groups: int
    p: float | None = None
    p_holm: float | None = None
    verdict: Verdict = "can't tell"
    needed: int | None = None
    error: float | None = None
    differing: int = 0


def compare(
    figures: Sequence[Figure],
    first: Sequence[Mapping[str, Any]],
    second: Sequence[Mapping[str, Any]],
    seed: int = 0,
) -> list[Comparison]:
    """All figures that exist for both, in order, with p adjusted over them."""
    return adjusted(measured(figures, first, second, seed))


def measured(
    figures: Sequence[Figure],
    first: Sequence[Mapping[str, Any]],
    second: Sequence[Mapping[str, Any]],
    seed: int = 0,
) -> list[Comparison]:
    """All figures that exist for both, in order; p is not adjusted yet, and nothing is judged."""
    pairs = _paired(first, second)
    return [made for figure in figures if (made := _compare(figure, pairs, seed)) is not None]


def adjusted(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons of one pair of variants, over all suites, with p adjusted for how many there are, and judged.

    What is the same in every case could never have been significant, and so does not count (Tarone 1990).
    """
    p = holm([None if one.verdict == "same" else one.p for one in comparisons])
    tests = sum(value is not None for value in p)
    return [
        replace(one, p_holm=1.0) if one.verdict == "same" else _judged(one, value, tests)
        for one, value in zip(comparisons, p, strict=True)
    ]


def holm(p: Sequence[float | None]) -> list[float | None]:
    """P-values adjusted for how many there are (Holm 1979); None stays None and counts for nothing."""
    order = sorted((value, place) for place, value in enumerate(p) if value is not None)
    out: list[float | None] = [None] * len(p)
    highest = 0.0
    for rank, (value, place) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * value))
        out[place] = highest
    return out


def needed(difference: float, error: float, n: int, tests: int = 1, differing: int | None = None) -> int | None:
    """Further cases, beside ``n`` with this standard error, until such a difference is told with 80% power; None where there
    is no difference.

    n((z(1 − α/2) + z(power))·error/difference)² in all, with α shared among the tests; and enough groups that differ
    (``differing`` of now) for the test to be able to say so: with k of them its p is never below 2/2ᵏ.
    """
    from scipy.stats import norm

    if abs(difference) < TINY or not n:
        return None
    level = ALPHA / max(1, tests)
    wanted = float(norm.ppf(1 - level / 2) + norm.ppf(POWER))
    more = math.ceil(n * (wanted * error / difference) ** 2 - TINY) - n
    if differing:
        more = max(more, math.ceil(n * (math.ceil(math.log2(2 / level)) / differing - 1)))
    return max(1, more)


def paired_bootstrap(
    statistic: Statistic, first: Columns, second: Columns, groups: NDArray[Any], seed: int = 0, repeats: int = REPEATS
) -> tuple[Estimate, float | None]:
    """second − first with its interval, and its standard error; both variants are drawn on the same groups."""
    a, b = statistic(*first), statistic(*second)
    n = len(groups)
    if a is None or b is None:
        return Estimate(None, n=n), None
    members = _members(groups)
    if len(members) < 2:
        return Estimate(b - a, n=n), None
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(repeats):
        chosen = np.concatenate([members[i] for i in generator.integers(0, len(members), len(members))])
        x, y = statistic(*(c[chosen] for c in first)), statistic(*(c[chosen] for c in second))
        if x is not None and y is not None:
            drawn.append(y - x)
    if len(drawn) < 0.9 * repeats:
        return Estimate(b - a, n=n), None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(b - a, float(low), float(high), n), float(np.std(drawn, ddof=1))


def randomisation(
    statistic: Statistic, first: Columns, second: Columns, groups: NDArray[Any], seed: int = 0, moves: int | None = None
) -> float | None:
    """Two-sided p of no difference, by swapping whole groups. None where the statistic does not exist."""
    a, b = statistic(*first), statistic(*second)
    if a is None or b is None:
        return None
    moved = len(first) if moves is None else moves
    members = _members(groups)
    lively = _differing(first, second, members, moved)
    if not lively:
        return 1.0
    seen = abs(b - a) - TINY
    exact = len(lively) <= EXACT
    generator = np.random.default_rng(seed)
    swaps = product((False, True), repeat=len(lively)) if exact else generator.random((SWAPS, len(lively))) < 0.5
    extreme, made = 0, 0
    for swap in swaps:
        chosen = [group for group, swapped in zip(lively, swap, strict=True) if swapped]
        x, y = list(first), list(second)
        if chosen:
            rows = np.concatenate(chosen)
            for i in range(moved):
                x[i], y[i] = x[i].copy(), y[i].copy()
                x[i][rows], y[i][rows] = second[i][rows], first[i][rows]
        p, q = statistic(*x), statistic(*y)
        if p is not None and q is not None:
            made += 1
            extreme += abs(q - p) >= seen
    return extreme / made if exact else (extreme + 1) / (made + 1)


def _compare(
    figure: Figure, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], seed: int
) -> Comparison | None:
    rows, labels = [], []
    for one, other in pairs:
        a, b = figure.values(one), figure.values(other)
        if a is not None and b is not None:
            rows.append((a, b))
            labels.append(str(one.get("group") or one.get("question_id") or one["id"]))
    if not rows:
        return None
    first, second = (_columns([row[side] for row in rows]) for side in (0, 1))
    groups = np.unique(np.asarray(labels), return_inverse=True)[1]
    difference, error = paired_bootstrap(figure.statistic, first, second, groups, seed)
    if difference.value is None:
        return None
    alike = all(np.array_equal(first[i], second[i]) for i in range(figure.moves))
    p = 1.0 if alike else randomisation(figure.statistic, first, second, groups, seed, figure.moves)
    return Comparison(
        figure.name,
        figure.higher_is_better,
        _interval(figure.statistic, first, groups, seed),
        _interval(figure.statistic, second, groups, seed),
        difference,
        int(groups.max()) + 1,
        p,
        verdict="same" if alike else "can't tell",
        error=error,
        differing=len(_differing(first, second, _members(groups), figure.moves)),
    )


def _judged(one: Comparison, p_holm: float | None, tests: int) -> Comparison:
    one = replace(one, p_holm=p_holm)
    value = one.difference.value
    if value is None:
        return one
    if p_holm is not None and p_holm < ALPHA and abs(value) > TINY:
        better = (value > 0) == one.higher_is_better
        return replace(one, verdict="better" if better else "worse")
    return (
        one
        if one.error is None
        else replace(one, needed=needed(value, one.error, one.difference.n, tests, one.differing))
    )


def _paired(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Cases with the same id and repetition, in the first one's order."""
    others = {(case["id"], case.get("repeat", 0)): case for case in second}
    keys = [(case["id"], case.get("repeat", 0)) for case in first]
    return [(case, others[key]) for case, key in zip(first, keys, strict=True) if key in others]


def _differing(
    first: Columns, second: Columns, members: Sequence[NDArray[np.intp]], moves: int
) -> list[NDArray[np.intp]]:
    """The groups on which the two are not the same: swapping the others changes nothing."""
    return [m for m in members if any(not np.array_equal(first[i][m], second[i][m]) for i in range(moves))]


def _columns(rows: Sequence[tuple[float, ...]]) -> Columns:
    return [np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)]


def _members(groups: NDArray[Any]) -> list[NDArray[np.intp]]:
    labels = np.unique(groups, return_inverse=True)[1]
    return [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]


def _interval(statistic: Statistic, columns: Columns, groups: NDArray[Any], seed: int) -> Estimate:
    return bootstrap(statistic, columns, [str(group) for group in groups], seed)
