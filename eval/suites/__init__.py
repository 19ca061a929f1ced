"""The suites of ``python -m eval``, and what a suite is given and hands back.

A suite is a module here with one function, ``run(options) -> Outcome``. It is imported only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.statistics import Estimate

__all__ = ["NAMES", "Options", "Outcome"]

NAMES = ("grading", "retrieval", "speed")


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Options:
    """What one run is asked for.

    ``limit`` is the number of cases of a suite at most, for a quick look; ``calibration`` a folder with graded replies
    of other people, which is measured against where it is there.
    """

    model: str = "offline"
    limit: int | None = None
    calibration: Path | None = None
    seed: int = 20260101
    progress: Callable[[int, int], None] = _silent


@dataclass
class Outcome:
    """What a suite found.

    Errored (the case could not be run), unscored (the model gave no judgement that can be used) and graded cases are
    counted apart; only graded ones enter a figure. ``skipped`` tells why metrics that begin with its keys are missing.
    """

    metrics: dict[str, Estimate] = field(default_factory=dict)
    cases: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    prompt: str | None = None
    error: str | None = None
    seconds: float = 0.0

    def add(self, name: str, estimate: Estimate) -> None:
        """Record a metric; a name that is taken is a slip in the suite."""
        if name in self.metrics:
            raise ValueError(f"the metric {name} is recorded twice")
        self.metrics[name] = estimate
