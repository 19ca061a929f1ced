"""Run suites, hold their figures against the thresholds, and gather what a result has to carry to be compared later.

    result = evaluate(["grading"], Options(limit=24))
    result["exit"]            # 0 all thresholds met · 1 a suite could not run · 3 below a threshold

A suite that fails is reported and the others still run.
"""

from __future__ import annotations

import importlib
import math
import platform
import subprocess
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from eval.statistics import Estimate
from eval.suites import NAMES, Options, Outcome
from interviewer.errors import InterviewerError
from knowledge.errors import UserMistake

__all__ = ["CALIBRATION", "DONE", "FAILED", "INTERRUPTED", "THRESHOLDS", "evaluate", "judged", "known_suites"]

ROOT = Path(__file__).parents[1]
THRESHOLDS = Path(__file__).with_name("thresholds.toml")
CALIBRATION = ROOT.parent / "shared" / "calibration"
"""Used when it is there; the texts in it are other people's and are no part of the project."""
PACKAGES = ("kiwipiepy", "langchain", "langgraph", "chromadb", "scikit-learn", "numpy")
SCHEMA = 1
DONE, FAILED, BELOW, INTERRUPTED = 0, 1, 3, 130
TOLERANCE = 1e-9

Thresholds = dict[str, dict[str, dict[str, float]]]


def known_suites(names: str) -> list[str]:
    """The suites of a list with commas, each once.

    Raises:
        UserMistake: one of them does not exist, or none is named.
    """
    wanted = list(dict.fromkeys(part.strip() for part in names.split(",") if part.strip()))
    unknown = [name for name in wanted if name not in NAMES]
    if unknown or not wanted:
        what = f"there is no suite {unknown[0]!r}" if unknown else "no suite is named"
        raise UserMistake(f"{what}; choose among {', '.join(NAMES)}")
    return wanted


def evaluate(
    suites: Sequence[str], options: Options, progress: Callable[[str, int, int], None] = lambda name, done, total: None
) -> dict[str, Any]:
    """Run the suites in order and judge their figures; what ``results.json`` holds.

    Ctrl-C ends the run with what is done so far: the result says ``exit`` 130 and lists the finished suites only.

    Raises:
        UserMistake: the thresholds can't be read.
    """
    thresholds = _load_thresholds()
    started, clock = datetime.now(UTC), time.perf_counter()
    outcomes: dict[str, Outcome] = {}
    interrupted = False
    for name in suites:
        try:
            outcomes[name] = _run(name, replace(options, progress=partial(progress, name)))
        except KeyboardInterrupt:
            interrupted = True
            break
    verdicts = [verdict for name, found in outcomes.items() for verdict in judged(name, found, thresholds, options)]
    failed = any(found.error for found in outcomes.values())
    below = any(verdict["status"] == "failed" for verdict in verdicts)
    return {
        "schema": SCHEMA,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 2),
        **_commit(),
        "versions": _versions(),
        "model": options.model,
        "prompt": next((found.prompt for found in outcomes.values() if found.prompt), None),
        "seed": options.seed,
        "limit": options.limit,
        "suites": {name: _data(found) for name, found in outcomes.items()},
        "thresholds": verdicts,
        "exit": INTERRUPTED if interrupted else FAILED if failed else BELOW if below else DONE,
    }


def _run(name: str, options: Options) -> Outcome:
    clock = time.perf_counter()
    try:
        outcome: Outcome = importlib.import_module(f"eval.suites.{name}").run(options)
    except (UserMistake, InterviewerError) as error:
        outcome = Outcome(error=str(error))
    except (OSError, subprocess.TimeoutExpired) as error:
        outcome = Outcome(error=f"{type(error).__name__}: {error}")
    outcome.seconds = round(time.perf_counter() - clock, 2)
    return outcome


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
                "metric": metric,
                "wanted": wanted,
                **_rounded(estimate),
                "status": status,
                "reason": reason,
            }
        )
    return out


def _within(value: float, bounds: dict[str, float]) -> bool:
    low, high = bounds.get("min", -math.inf), bounds.get("max", math.inf)
    return low - TOLERANCE <= value <= high + TOLERANCE


def _load_thresholds() -> Thresholds:
    try:
        return tomllib.loads(THRESHOLDS.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserMistake(f"{THRESHOLDS.name}: can't be read ({error})") from None


def _data(outcome: Outcome) -> dict[str, Any]:
    return {
        "metrics": {name: _rounded(estimate) for name, estimate in outcome.metrics.items()},
        "counts": outcome.counts,
        "skipped": outcome.skipped,
        "error": outcome.error,
        "seconds": outcome.seconds,
        "cases": outcome.cases,
    }


def _rounded(estimate: Estimate) -> dict[str, float | int | None]:
    """An estimate for JSON: six digits, and None for whatever is no finite number."""

    def finite(value: float | None) -> float | None:
        return round(value, 6) if value is not None and math.isfinite(value) else None

    return {
        "value": finite(estimate.value),
        "low": finite(estimate.low),
        "high": finite(estimate.high),
        "n": estimate.n,
    }


def _commit() -> dict[str, Any]:
    """The commit and whether files differ from it; None outside a git repository."""
    commit, status = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return {"commit": commit.strip() if commit else None, "dirty": None if status is None else bool(status.strip())}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
