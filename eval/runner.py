"""Run suites for every variant, compare, hold the figures against thresholds and baseline, and gather the result.

    result = evaluate(["grading"], matrix("offline"), Options(limit=24))
    result["exit"]            # 0 all thresholds met · 1 something could not run · 3 below a threshold, or worse

A suite that fails is reported and the others still run.
"""

from __future__ import annotations

import importlib
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from eval import provenance
from eval.gate import compared, judged, load_thresholds, rounded
from eval.suites import BY_VARIANT, NAMES, Options, Outcome
from eval.variants import Variant
from interviewer.errors import InterviewerError
from knowledge.errors import UserMistake

__all__ = ["BELOW", "DONE", "FAILED", "INTERRUPTED", "SCHEMA", "evaluate", "known_suites"]

SCHEMA = 2
DONE, FAILED, BELOW, INTERRUPTED = 0, 1, 3, 130

Outcomes = dict[str, dict[str, Outcome]]
"""By variant id, then by suite."""


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
    suites: Sequence[str],
    variants: Sequence[Variant],
    options: Options,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    baseline: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run the suites in order, for each variant in turn, and judge their figures; what ``results.json`` holds.

    Ctrl-C ends the run with what is done so far: the result says ``exit`` 130 and lists the finished suites only.

    Raises:
        UserMistake: the thresholds can't be read, or the baseline has nothing to compare.
    """
    thresholds = load_thresholds()
    started, clock = datetime.now(UTC), time.perf_counter()
    outcomes: Outcomes = {variant.id: {} for variant in variants}
    interrupted = False
    try:
        for name in suites:
            for variant in variants if name in BY_VARIANT else variants[:1]:
                label = name if len(variants) == 1 or name not in BY_VARIANT else f"{name} · {variant.id}"
                chosen = replace(options, variant=variant, progress=partial(progress, label))
                outcomes[variant.id][name] = _run(name, chosen)
    except KeyboardInterrupt:
        interrupted = True
    verdicts = [
        verdict
        for variant in variants
        for name, found in outcomes[variant.id].items()
        for verdict in judged(name, found, thresholds, replace(options, variant=variant))
    ]
    first = outcomes[variants[0].id]
    comparisons = list(_between(variants, outcomes, options.seed))
    if baseline is not None:
        comparisons += _against(baseline, variants[0], first, options.seed)
    stopped = options.work.stopped
    failed = stopped or any(found.error for own in outcomes.values() for found in own.values())
    below = any(verdict["status"] == "failed" for verdict in verdicts)
    worse = any(comparison["verdict"] == "worse" for comparison in comparisons)
    return {
        "schema": SCHEMA,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 2),
        **provenance.commit(),
        "versions": provenance.versions(),
        "model": variants[0].model,
        "prompt": next((found.prompt for found in first.values() if found.prompt), None),
        "seed": options.seed,
        "limit": options.limit,
        "repeat": options.work.repeat,
        "stopped": stopped,
        "variants": [_variant(variant, outcomes[variant.id]) for variant in variants],
        "suites": {name: _data(found) for name, found in first.items()},
        "others": {
            variant.id: {name: _data(found) for name, found in outcomes[variant.id].items()} for variant in variants[1:]
        },
        "thresholds": verdicts,
        "comparisons": comparisons,
        "exit": INTERRUPTED if interrupted else FAILED if failed else BELOW if below or worse else DONE,
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


def _between(variants: Sequence[Variant], outcomes: Outcomes, seed: int) -> Iterator[dict[str, Any]]:
    """Each further variant beside the first."""
    first = variants[0]
    for variant in variants[1:]:
        pairs = {name: (outcomes[first.id][name].cases, found.cases) for name, found in outcomes[variant.id].items()}
        for one in compared(pairs, seed):
            yield {"kind": "variant", "of": first.id, "to": variant.id, **one}


def _against(
    baseline: Mapping[str, Any], variant: Variant, outcomes: Mapping[str, Outcome], seed: int
) -> list[dict[str, Any]]:
    """The first variant beside an earlier run."""
    label = f"baseline {baseline.get('model')} {str(baseline.get('commit'))[:8]}"
    before = baseline["suites"]
    pairs = {name: (before[name]["cases"], found.cases) for name, found in outcomes.items() if name in before}
    found = [{"kind": "baseline", "of": label, "to": variant.id, **one} for one in compared(pairs, seed)]
    if outcomes and not found:
        raise UserMistake("the baseline has no case in common with this run; compare the same suites")
    return found


def _variant(variant: Variant, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """A variant with what it took: tokens and dollars as if nothing had been recalled, seconds as they were."""
    described = next((found.variant for found in outcomes.values() if found.variant), None) or variant.describe()
    totals: dict[str, Any] = {"cases": 0, "recalled": 0, "input": 0, "output": 0, "usd": 0.0, "seconds": 0.0}
    for found in outcomes.values():
        for name, value in found.spent.items():
            known = totals[name] is not None and value is not None
            totals[name] = round(totals[name] + value, 6) if known else None
    return {**described, "spent": totals}


def _data(outcome: Outcome) -> dict[str, Any]:
    return {
        "metrics": {name: rounded(estimate) for name, estimate in outcome.metrics.items()},
        "counts": outcome.counts,
        "skipped": outcome.skipped,
        "error": outcome.error,
        "seconds": outcome.seconds,
        "cases": outcome.cases,
    }
