"""Is it good enough? Thresholds, and the comparison with an earlier run.

    judged("grading", outcome, load_thresholds(), options)      # each threshold as met, failed or skipped
    baseline = load_baseline(Path("results.json"))
    compared({"grading": (baseline["suites"]["grading"]["cases"], outcome.cases)}, seed)

A threshold is met or not. Against a baseline, only a loss that is more than chance counts.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.compared import FIGURES
from eval.paired import Comparison, adjusted, measured
from eval.statistics import Estimate
from eval.suites import Options, Outcome
from knowledge.errors import UserMistake

__all__ = ["THRESHOLDS", "Thresholds", "compared", "judged", "load_baseline", "load_thresholds", "rounded"]

THRESHOLDS = Path(__file__).with_name("thresholds.toml")
TOLERANCE = 1e-9

Cases = Sequence[Mapping[str, Any]]
Thresholds = Mapping[str, Mapping[str, Mapping[str, float]]]


def load_thresholds() -> Thresholds:
    """
    Raises:
        UserMistake: the file can't be read.
    """
    try:
        return tomllib.loads(THRESHOLDS.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserMistake(f"{THRESHOLDS.name}: can't be read ({error})") from None


def judged(suite: str, outcome: Outcome, thresholds: Thresholds, options: Options) -> list[dict[str, Any]]:
    """Each threshold of a suite as met, failed or skipped, with the reason.

    What can't be measured in a full run has failed: a threshold that nobody can miss would guard nothing.
    """
    out = []
    for metric, bounds in thresholds.get(suite, {}).items():
        estimate = outcome.metrics.get(metric, Estimate(None))
        wanted = " and ".join(f"{'≥' if bound == 'min' else '≤'} {limit:g}" for bound, limit in bounds.items())
        status, reason = "met", ""
        if estimate.value is None:
            skipped = next((why for part, why in outcome.skipped.items() if metric.startswith(part)), None)
            if skipped is None and options.limit is not None and outcome.error is None:
                skipped = "too few cases in a run with --limit"
            status, reason = ("skipped", skipped) if skipped else ("failed", outcome.error or "not measured")
        elif not _within(estimate.value, bounds):
            status, reason = "failed", f"{estimate.value:.3f}, wanted {wanted}"
        out.append(
            {
                "suite": suite,
                "variant": options.variant.id,
                "metric": metric,
                "wanted": wanted,
                **rounded(estimate),
                "status": status,
                "reason": reason,
            }
        )
    return out


def load_baseline(path: Path) -> dict[str, Any]:
    """An earlier run's results.json.

    Raises:
        UserMistake: it can't be read or is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not JSON"
        raise UserMistake(f"{path}: the baseline can't be read ({reason})") from None
    suites = found.get("suites") if isinstance(found, dict) else None
    if not isinstance(suites, dict) or not all(
        isinstance(data, dict) and isinstance(data.get("cases"), list) for data in suites.values()
    ):
        raise UserMistake(f"{path}: this is no results.json of python -m eval")
    return dict(found)


def compared(pairs: Mapping[str, tuple[Cases, Cases]], seed: int) -> list[dict[str, Any]]:
    """The figures of two runs, suite by suite, on the cases that both have, ready for JSON; p is adjusted over all of them.

    Raises:
        UserMistake: the cases of an earlier run lack what a figure is made of.
    """
    suites: list[str] = []
    found: list[Comparison] = []
    for suite, (first, second) in pairs.items():
        try:
            own = measured(FIGURES.get(suite, ()), first, second, seed)
        except (KeyError, TypeError) as error:
            raise UserMistake(f"the cases of {suite} can't be compared ({type(error).__name__}: {error})") from None
        suites += [suite] * len(own)
        found += own
    out = []
    for suite, one in zip(suites, adjusted(found), strict=True):
        data = asdict(one)
        for name in ("first", "second", "difference"):
            data[name] = rounded(getattr(one, name))
        data["p"], data["p_holm"] = _digits(one.p), _digits(one.p_holm)
        del data["error"], data["differing"]
        out.append({"suite": suite, "metric": data.pop("name"), **data})
    return out


def rounded(estimate: Estimate) -> dict[str, float | int | None]:
    """An estimate for JSON: six digits, and None for whatever is no finite number."""
    return {
        "value": _digits(estimate.value),
        "low": _digits(estimate.low),
        "high": _digits(estimate.high),
        "n": estimate.n,
    }


def _digits(value: float | None) -> float | None:
    return round(value, 6) if value is not None and math.isfinite(value) else None


def _within(value: float, bounds: Mapping[str, float]) -> bool:
    low, high = bounds.get("min", -math.inf), bounds.get("max", math.inf)
    return low - TOLERANCE <= value <= high + TOLERANCE
