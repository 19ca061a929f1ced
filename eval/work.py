"""Run the cases of a suite for one variant: with pydantic-evals, each case once, whatever happens on the way.

    records = Work(journal=Journal(path)).run("grading", variant, cases, task)
    records[0]["status"]            # graded, unscored, errored or not_run

A case is a task's input under an id. The task is an ordinary function; it runs in a thread, and what it returns is the
case's record. Around it:

- a record that the journal has is taken over, and every new one is written there before anything else;
- a record that says ``retryable`` is tried again, with exponential backoff and jitter;
- a case that takes longer than ``timeout`` is errored. Its thread is left behind: a thread can't be stopped, and one that
  hangs must hold up neither the other cases nor the end of the process;
- the first Ctrl-C, or a spent budget, starts no further case and lets those under way end; the second ends at once.

Errored (the case could not be run), unscored (the model gave nothing that can be used) and not_run are told apart from
what was graded; only graded records enter a figure.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eval.budget import Budget, price
from eval.journal import Journal, key_of
from eval.variants import Variant
from interviewer.errors import InterviewerError, ProviderFailed
from interviewer.failures import REASONS
from knowledge.errors import UserMistake

if TYPE_CHECKING:
    from interviewer.grader import Grading

__all__ = ["STATUSES", "Record", "Task", "Work", "graded", "outcome_of"]

STATUSES = ("graded", "unscored", "errored", "not_run")
ATTEMPTS = 3
HOSTED_CONCURRENCY = 8

MISBEHAVED = frozenset({"refused", "empty", "truncated", "unreadable", "incomplete", "invented"})
"""Reasons of ``interviewer.failures`` that say that a model answered, with nothing that can be used."""

Record = dict[str, Any]
Task = Callable[[Any], Record]
_log = logging.getLogger(__name__)


class _Again(Exception):
    """The record at hand may come out better at another try."""


@dataclass(frozen=True)
class _Unit:
    """A case, and the how-manieth time it is run."""

    id: str
    given: Any
    repeat: int
    key: str


@dataclass
class Work:
    """How cases are run.

    Args:
        concurrency: cases at the same time; by default 1 offline (it is all processor work) and 8 with a hosted model.
        timeout: seconds that one try of a case may take.
        backoff: seconds before the second try; doubled for each further one.
    """

    journal: Journal = field(default_factory=Journal)
    budget: Budget = field(default_factory=Budget)
    concurrency: int | None = None
    timeout: float = 300.0
    repeat: int = 1
    backoff: float = 1.0
    stopped: str | None = None
    """Why cases were left out: a spent budget."""

    def run(
        self,
        suite: str,
        variant: Variant,
        cases: Sequence[tuple[str, Any]],
        task: Task,
        progress: Callable[[int, int], None] = lambda done, total: None,
        costly: bool = True,
        calls: int = 1,
    ) -> list[Record]:
        """The records, in the order of the cases, all of the first repetition before the second.

        Args:
            cases: an id and what the task is given, which must be JSON.
            costly: whether a model is asked; if not, a case is not repeated.
            calls: how many times a case asks a model; the timeout is for each.

        Raises:
            KeyboardInterrupt: after Ctrl-C, when what was under way has ended and is in the journal.
        """
        repeats = self.repeat if costly else 1
        units = [
            _Unit(case_id, given, repeat, key_of(suite, variant.fingerprint, case_id, given, repeat))
            for repeat in range(repeats)
            for case_id, given in cases
        ]
        records = {unit.key: record for unit in units if (record := self.journal.get(unit.key)) is not None}
        left = [unit for unit in units if unit.key not in records]
        progress(len(units) - len(left), len(units))
        if left:
            with _interrupts() as stop:
                asyncio.run(
                    self._evaluate(
                        left,
                        variant,
                        task,
                        records,
                        lambda: progress(len(records), len(units)),
                        stop,
                        calls * self.timeout,
                    )
                )
            if stop.is_set():
                raise KeyboardInterrupt
        return [
            records.get(unit.key) or _record(unit, {"status": "not_run", "error": self.stopped or "stopped"})
            for unit in units
        ]

    async def _evaluate(
        self,
        units: Sequence[_Unit],
        variant: Variant,
        task: Task,
        records: dict[str, Record],
        done: Callable[[], None],
        stop: threading.Event,
        patience: float,
    ) -> None:
        from pydantic_evals import Case, Dataset
        from tenacity import retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

        tried: dict[str, int] = {}

        async def once(unit: _Unit) -> None:
            if stop.is_set() or (reason := self.budget.spent) is not None:
                self.stopped = self.stopped or (None if stop.is_set() else reason)
                return
            tried[unit.key] = tried.get(unit.key, 0) + 1
            record = await self._one(unit, variant, task, patience)
            if record.pop("retryable", False) and tried[unit.key] < ATTEMPTS:
                raise _Again
            records[unit.key] = record
            self.journal.put(unit.key, record)
            done()

        dataset = Dataset[_Unit, None, Any](
            name=variant.id, cases=[Case(name=f"{unit.id}#{unit.repeat}", inputs=unit) for unit in units]
        )
        report = await dataset.evaluate(
            once,
            name=variant.id,
            progress=False,
            max_concurrency=self.concurrency or (1 if variant.offline else HOSTED_CONCURRENCY),
            retry_task={
                "retry": retry_if_exception_type(_Again),
                "stop": stop_after_attempt(ATTEMPTS),
                "wait": wait_exponential_jitter(multiplier=self.backoff, max=60, jitter=self.backoff),
                "reraise": True,
            },
        )
        for failure in report.failures:
            raise RuntimeError(f"the case {failure.name} was lost: {failure.error_message}")

    async def _one(self, unit: _Unit, variant: Variant, task: Task, patience: float) -> Record:
        """One try, as a record; whatever the task raises is one."""
        from eval.cache import asking

        started = time.perf_counter()
        with asking(unit.repeat) as spent:
            try:
                found = await asyncio.wait_for(_in_thread(lambda: task(unit.given)), patience)
            except TimeoutError:
                found = {"status": "errored", "error": f"no answer within {patience:g} seconds"}
            except (UserMistake, InterviewerError) as error:
                found = {"status": "errored", "error": str(error), "retryable": _retryable((error,))}
            except Exception as error:
                _log.debug("case %s", unit.id, exc_info=error)
                found = {"status": "errored", "error": f"{type(error).__name__}: {error}"}
        tokens = {"input": spent.tokens_input, "output": spent.tokens_output}
        usd = price(variant.model, tokens["input"], tokens["output"])
        if spent.paid_calls and not variant.offline:
            share = spent.paid_calls / spent.calls
            self.budget.spend(round(share * (tokens["input"] + tokens["output"])), None if usd is None else share * usd)
        return _record(
            unit,
            {
                **found,
                "tokens": tokens,
                "usd": usd,
                "recalled": bool(spent.calls) and not spent.paid_calls,
                "seconds": round(time.perf_counter() - started, 4),
            },
        )


def outcome_of(grading: Grading) -> Record:
    """Status, error and whether to try again, of a grading that came to nothing.

    Unscored: a model answered, with nothing that can be used. Errored: none could be reached, or it refused.
    """
    codes = {code for _, code in grading.failures}
    status = "unscored" if codes & MISBEHAVED else "errored"
    again = status == "errored" and any(REASONS[code].passing for code in codes)
    return {"status": status, "error": grading.error or "no judgement", "retryable": again}


def graded(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The records that figures are made of."""
    return [record for record in records if record["status"] == "graded"]


def _retryable(failures: Sequence[Exception]) -> bool:
    return any(isinstance(failure, ProviderFailed) and failure.retryable for failure in failures)


def _record(unit: _Unit, found: Mapping[str, Any]) -> Record:
    return {"id": unit.id, "repeat": unit.repeat, **found}


async def _in_thread(function: Callable[[], Record]) -> Record:
    """The function's result, from a thread that does not keep the process alive."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Record] = loop.create_future()
    context = copy_context()

    def deliver(result: Record | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result or {})

    def work() -> None:
        result, error = None, None
        try:
            result = context.run(function)
        except Exception as raised:
            error = raised
        with suppress(RuntimeError):  # the loop has ended: nobody waits for this any more
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=work, daemon=True, name="eval case").start()
    return await future


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second raises KeyboardInterrupt as usual."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_interrupt(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
