"""Agreement, error and their intervals: the figures of ``python -m eval``.

    kappa([0, 4, 2], [0, 3, 2])                          # quadratic weighted kappa of marks 0–4
    bootstrap(statistic, (ours, readers), groups, seed)  # Estimate(value, low, high, n)

A figure that does not exist (a kappa of one constant mark, a correlation of two cases) is None, never NaN: NaN would pass
silently through every mean and every comparison after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Estimate",
    "Floats",
    "Statistic",
    "apply_bins",
    "best_bins",
    "best_cut",
    "bootstrap",
    "kappa",
    "macro_f1",
    "mean",
    "mean_absolute_error",
    "mean_kappa",
    "pearson",
    "share",
    "spearman",
]

Floats = NDArray[np.float64]
Statistic = Callable[..., float | None]

CATEGORIES = 5
REPEATS = 1000
CONFIDENCE = 0.95
Z = 1.959963984540054
"""The normal quantile of a 95% interval."""
CUTS = 40
ROUNDS = 6


class Estimate(NamedTuple):
    """A figure over ``n`` cases with its 95% interval; None where it does not exist or an interval makes no sense."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


def kappa(
    a: Sequence[int] | NDArray[Any], b: Sequence[int] | NDArray[Any], categories: int = CATEGORIES
) -> float | None:
    """Quadratic weighted kappa (Cohen 1968) of two raters' marks 0 … ``categories`` − 1.

    1 − Σ w·observed / Σ w·expected with w = (i − j)². None if either is empty or chance alone leaves no disagreement.
    """
    x, y = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    if not len(x):
        return None
    observed = np.bincount(x * categories + y, minlength=categories**2).reshape(categories, categories)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / len(x)
    steps = np.arange(categories)
    weights = (steps[:, None] - steps[None, :]) ** 2
    by_chance = float((weights * expected).sum())
    return None if by_chance == 0 else 1 - float((weights * observed).sum()) / by_chance


def mean_kappa(ours: Any, first: Any, second: Any) -> float | None:
    """Kappa with each of two readers, averaged: a mean of the readers' marks would be smoother than either of them."""
    found = kappa(ours, first), kappa(ours, second)
    return None if found[0] is None or found[1] is None else (found[0] + found[1]) / 2


def pearson(a: Floats, b: Floats) -> float | None:
    """Pearson's r. None for fewer than three cases or a constant."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    x, y = a - a.mean(), b - b.mean()
    length = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / length if length else None


def spearman(a: Floats, b: Floats) -> float | None:
    """Spearman's rank correlation: Pearson's r of the ranks, equal values sharing the mean of their ranks."""
    from scipy.stats import rankdata

    return pearson(rankdata(a), rankdata(b)) if len(a) >= 3 else None


def mean(a: Floats) -> float | None:
    return float(a.mean()) if len(a) else None


def mean_absolute_error(a: Floats, b: Floats) -> float | None:
    return mean(np.abs(a - b))


def bootstrap(
    statistic: Statistic,
    columns: Sequence[NDArray[Any]],
    groups: Sequence[str] | None = None,
    seed: int = 0,
    repeats: int = REPEATS,
) -> Estimate:
    """A statistic of parallel columns with its percentile bootstrap interval (Efron 1979).

    Args:
        groups: to which question each case belongs. Replies to one question are alike, so whole questions are drawn
            (a cluster bootstrap); without it, single cases are.

    The same seed gives the same interval. Draws in which the statistic does not exist are left out; if they are more
    than a tenth, there is no interval.
    """
    n = len(columns[0])
    value = statistic(*columns) if n else None
    if value is None:
        return Estimate(None, n=n)
    labels = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    members = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    if len(members) < 2:
        return Estimate(value, n=n)
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(repeats):
        chosen = np.concatenate([members[i] for i in generator.integers(0, len(members), len(members))])
        found = statistic(*(column[chosen] for column in columns))
        if found is not None:
            drawn.append(found)
    if len(drawn) < 0.9 * repeats:
        return Estimate(value, n=n)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value, float(low), float(high), n)


def share(hits: int, n: int) -> Estimate:
    """A share with Wilson's interval (1927): a bootstrap of no hits in ten would claim certainty."""
    if not n:
        return Estimate(None, n=0)
    p, z2 = hits / n, Z * Z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Estimate(p, max(0.0, centre - half), min(1.0, centre + half), n)


def best_bins(values: Floats, *marks: NDArray[np.int64]) -> Floats:
    """Four cuts that turn values into marks 0–4 with the highest mean kappa: coordinate ascent over quantiles.

    The best that a measure which only ranks can do at marking; fit it on one split and apply it to the other.
    """
    options = np.unique(np.quantile(values, np.linspace(0, 1, CUTS + 1)))
    cuts = np.quantile(values, [0.2, 0.4, 0.6, 0.8])

    def quality(trial: Floats) -> float:
        found = [kappa(apply_bins(values, trial), mark) for mark in marks]
        return float(np.mean([0.0 if k is None else k for k in found]))

    best = quality(cuts)
    for _ in range(ROUNDS):
        before = best
        for place in range(len(cuts)):
            for option in options:
                trial = cuts.copy()
                trial[place] = option
                trial.sort()
                if (found := quality(trial)) > best + 1e-12:
                    best, cuts = found, trial
        if best == before:
            break
    return cuts


def apply_bins(values: Floats, cuts: Floats) -> NDArray[np.int64]:
    """Marks 0–4: how many cuts a value reaches."""
    return np.searchsorted(cuts, values, side="right").astype(np.int64)


def macro_f1(called: NDArray[np.bool_], right: NDArray[np.bool_]) -> float:
    """The mean of the F1 of right and of wrong answers; a class that nobody names or has counts 0."""
    scores = []
    for value in (True, False):
        both = int(np.count_nonzero((called == value) & (right == value)))
        named = int(np.count_nonzero(called == value)) + int(np.count_nonzero(right == value))
        scores.append(2 * both / named if named else 0.0)
    return sum(scores) / 2


def best_cut(values: Floats, right: NDArray[np.bool_]) -> float:
    """The cut with the best macro-F1: the best that each measure could do, so that neither is favoured by its scale."""
    cuts = [float(cut) for cut in np.quantile(values, np.linspace(0.02, 0.98, 49))]
    return max(cuts, key=lambda cut: macro_f1(values > cut, right))
