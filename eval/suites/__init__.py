"""The suites of ``python -m eval``, and what a suite is given and hands back.

A suite is a module here with one function, ``run(options) -> Outcome``. It is imported only when it is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.statistics import Estimate
from eval.variants import Variant, matrix
from eval.work import STATUSES, Work

if TYPE_CHECKING:
    from eval.cache import ResponseCache

__all__ = ["BY_VARIANT", "NAMES", "Options", "Outcome"]

NAMES = ("grading", "retrieval", "conduct", "attacks", "critique", "prompts", "speed")
BY_VARIANT = ("grading", "conduct", "attacks", "critique", "prompts")
"""Suites that ask the model or use the prompts; the others give the same for every variant and run once."""


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def _offline() -> Variant:
    return matrix("offline")[0]


@dataclass(frozen=True)
class Options:
    """What one run is asked for.

    ``limit`` is the number of cases of a suite at most, for a quick look; ``calibration`` a folder with graded replies
    of other people, which is measured against where it is there; ``cache`` holds the answers of hosted models.
    """

    variant: Variant = field(default_factory=_offline)
    limit: int | None = None
    calibration: Path | None = None
    seed: int = 20260101
    progress: Callable[[int, int], None] = _silent
    work: Work = field(default_factory=Work)
    cache: ResponseCache | None = None

    @property
    def model(self) -> str:
        return self.variant.model


@dataclass
class Outcome:
    """What a suite found.

    Errored (the case could not be run), unscored (the model gave no judgement that can be used) and graded cases are
    counted apart; only graded ones enter a figure. A case has ``failed`` when it was graded and found wanting; ``why``
    says how. ``skipped`` tells why metrics that begin with its keys are missing.
    """

    metrics: dict[str, Estimate] = field(default_factory=dict)
    cases: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    prompt: str | None = None
    error: str | None = None
    seconds: float = 0.0
    variant: dict[str, Any] = field(default_factory=dict)
    spent: dict[str, float | None] = field(default_factory=dict)

    def add(self, name: str, estimate: Estimate) -> None:
        """Record a metric; a name that is taken is a slip in the suite."""
        if name in self.metrics:
            raise ValueError(f"the metric {name} is recorded twice")
        self.metrics[name] = estimate

    def count(self, cases: Iterable[Mapping[str, Any]]) -> None:
        """Count cases by status, and those that failed; errored and unscored are metrics as well."""
        found = list(cases)
        by_status = Counter(case["status"] for case in found)
        failed = sum(bool(case.get("failed")) for case in found)
        self.counts = {**{status: by_status[status] for status in STATUSES}, "failed": failed}
        for name in ("errored", "unscored"):
            self.add(name, Estimate(self.counts[name], n=len(found)))

    def spend(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add up what the records took; dollars are None where a model's price is not known."""
        ran = [record for record in records if "tokens" in record]
        prices = [record["usd"] for record in ran]
        self.spent = {
            "cases": len(ran),
            "recalled": sum(record["recalled"] for record in ran),
            "input": sum(record["tokens"]["input"] for record in ran),
            "output": sum(record["tokens"]["output"] for record in ran),
            "usd": None if None in prices else sum(prices),
            "seconds": sum(record["seconds"] for record in ran),
        }
