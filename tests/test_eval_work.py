"""Running cases: each once, whatever happens on the way."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eval.budget import Budget, price
from eval.cache import NotRecorded, ResponseCache, asking
from eval.journal import Journal
from eval.variants import matrix
from eval.work import Record, Work, outcome_of
from interviewer.errors import ProviderFailed
from interviewer.grader import Grading
from knowledge.errors import UserMistake

ROOT = Path(__file__).parents[1]
[OFFLINE] = matrix("offline")
CASES: list[tuple[str, Any]] = [(str(n), n) for n in range(6)]


def _double(n: int) -> Record:
    return {"status": "graded", "error": None, "twice": 2 * n}


def test_records_come_in_the_order_of_the_cases_and_repetitions_are_told_apart() -> None:
    seen: list[tuple[int, int]] = []
    records = Work(repeat=2, concurrency=3).run("s", OFFLINE, CASES, _double, lambda *at: seen.append(at))
    assert [(r["id"], r["repeat"], r["twice"]) for r in records] == [
        (str(n), k, 2 * n) for k in (0, 1) for n in range(6)
    ]
    assert seen[0] == (0, 12)
    assert seen[-1] == (12, 12)


def test_whatever_a_task_raises_is_a_record_of_its_own() -> None:
    def task(n: int) -> Record:
        if n == 1:
            raise UserMistake("there is no question 99")
        if n == 2:
            raise ZeroDivisionError("division by zero")
        return _double(n)

    records = Work().run("s", OFFLINE, CASES, task)
    assert [r["status"] for r in records] == ["graded", "errored", "errored", "graded", "graded", "graded"]
    assert records[1]["error"] == "there is no question 99"
    assert records[2]["error"] == "ZeroDivisionError: division by zero"


def test_a_failure_that_may_pass_is_tried_three_times_and_another_is_not() -> None:
    tries: Counter[int] = Counter()

    def task(n: int) -> Record:
        tries[n] += 1
        if n == 0 and tries[n] < 3:
            raise ProviderFailed("rate_limited")
        if n == 1:
            raise ProviderFailed("server_error")
        if n == 2:
            raise ProviderFailed("wrong_key")
        return _double(n)

    records = Work(backoff=0.001).run("s", OFFLINE, CASES[:4], task)
    assert [r["status"] for r in records] == ["graded", "errored", "errored", "graded"]
    assert tries == {0: 3, 1: 3, 2: 1, 3: 1}
    assert "retryable" not in records[1]


def test_unscored_is_not_errored() -> None:
    assert outcome_of(Grading(None, (("m", "unreadable"),)))["status"] == "unscored"
    failed = outcome_of(Grading(None, (("m", "timeout"),)))
    assert (failed["status"], failed["retryable"], failed["error"]) == ("errored", True, "m: no answer in time")
    assert not outcome_of(Grading(None, (("m", "wrong_key"),)))["retryable"]


def test_a_case_that_hangs_is_errored_and_holds_up_nothing() -> None:
    release = threading.Event()

    def task(n: int) -> Record:
        if n == 0:
            release.wait(60)
        return _double(n)

    try:
        records = Work(timeout=0.2, concurrency=2).run("s", OFFLINE, CASES, task)
    finally:
        release.set()
    assert records[0]["error"] == "no answer within 0.2 seconds"
    assert [r["status"] for r in records[1:]] == ["graded"] * 5


def test_what_the_journal_has_is_not_run_again(tmp_path: Path) -> None:
    path, ran = tmp_path / "journal.jsonl", []

    def task(n: int) -> Record:
        ran.append(n)
        return _double(n)

    first = Work(journal=Journal(path)).run("s", OFFLINE, CASES[:4], task)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"key": "cut off in the mid')
    work = Work(journal=Journal(path))
    second = work.run("s", OFFLINE, CASES, task)
    assert ran == list(range(6))
    assert second[:4] == first
    work.run("s", OFFLINE, [("0", "changed")], lambda given: ran.append(given) or _double(0))
    assert ran[-1] == "changed"
    work.journal.discard()
    assert not path.exists()


def test_a_journal_that_can_not_be_written_does_not_end_the_run() -> None:
    work = Work(journal=Journal(Path("/dev/full")))
    records = work.run("s", OFFLINE, CASES, _double)
    assert [r["status"] for r in records] == ["graded"] * 6
    assert work.journal.trouble is not None
    assert "No space left" in work.journal.trouble
    assert "\n" not in work.journal.trouble


def test_a_spent_budget_starts_nothing_more_and_says_so() -> None:
    budget = Budget(tokens=250)

    def task(n: int) -> Record:
        budget.spend(100, 0.1)
        return _double(n)

    work = Work(budget=budget)
    records = work.run("s", OFFLINE, CASES, task)
    assert [r["status"] for r in records] == ["graded"] * 3 + ["not_run"] * 3
    assert work.stopped == "the budget of 250 tokens is spent (300 used)"
    assert records[-1]["error"] == work.stopped
    dollars = Budget(usd=0.5)
    dollars.spend(1, 0.6)
    assert dollars.spent == "the budget of $0.50 is spent ($0.60 used)"


def test_prices() -> None:
    assert price("offline", 10**6, 10**6) == 0
    assert price("openai:a-model-of-ones-own", 10, 10) is None
    known = price("openai:gpt-5-mini", 10**6, 0)
    assert known is not None
    assert 0 < known < 5
    Budget(usd=1).check("openai:gpt-5-mini")
    with pytest.raises(UserMistake, match="--budget-tokens"):
        Budget(usd=1).check("openai:a-model-of-ones-own")


def test_answers_are_kept_by_model_messages_and_repetition(tmp_path: Path) -> None:
    from langchain_core.language_models.fake_chat_models import FakeListChatModel

    chat = FakeListChatModel(responses=["one", "two", "three", "four"])
    chat.cache = ResponseCache(tmp_path / "cache" / "answers.db")

    def ask(text: str, repeat: int) -> tuple[str, int]:
        with asking(repeat) as spent:
            return str(chat.invoke(text).content), spent.paid_calls

    assert ask("a", 0) == ("one", 1)
    assert ask("a", 0) == ("one", 0)
    assert ask("b", 0) == ("two", 1)
    assert ask("a", 1) == ("three", 1)
    assert ask("a", 1) == ("three", 0)
    chat.cache = ResponseCache(tmp_path / "cache" / "answers.db", address="http://elsewhere")
    assert ask("a", 0) == ("four", 1)
    chat.cache = ResponseCache(tmp_path / "cache" / "answers.db", replay=True)
    assert ask("b", 0) == ("two", 0)
    with pytest.raises(NotRecorded):
        ask("never asked", 0)


def test_a_cache_that_can_not_be_written_is_told_and_does_without(tmp_path: Path) -> None:
    from langchain_core.language_models.fake_chat_models import FakeListChatModel

    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    cache = ResponseCache(blocked / "answers.db")
    chat = FakeListChatModel(responses=["one"], cache=cache)
    assert chat.invoke("a").content == "one"
    assert len(cache.troubles) == 1
    assert "answers are not kept" in cache.troubles[0]


@pytest.mark.parametrize(
    ("models", "prompts", "ids"),
    [
        ("offline", (), ["offline judge@v1"]),
        ("offline,openai:x", (), ["offline judge@v1", "openai:x judge@v1"]),
        ("offline", ("judge=v1,prompts/judge/v1.md",), ["offline judge@v1", "offline judge@prompts/judge/v1.md"]),
    ],
)
def test_variants_are_models_by_prompts(
    models: str, prompts: tuple[str, ...], ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert [variant.id for variant in matrix(models, prompts)] == ids


@pytest.mark.parametrize(
    ("prompts", "match"),
    [
        ("judge", "NAME=VERSION"),
        ("judge=", "NAME=VERSION"),
        ("nope=v1", "no suite uses a prompt 'nope'"),
        ("judge=v999", "there is no prompt judge@v999"),
        ("judge=missing/v1.md", "can't be read"),
    ],
)
def test_a_slip_in_the_prompts_is_one_clear_line(prompts: str, match: str) -> None:
    with pytest.raises(UserMistake, match=match) as caught:
        matrix("offline", [prompts])
    assert "\n" not in str(caught.value)


def test_a_prompt_of_ones_own_is_tried_from_its_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.md"
    mine.write_text("---\npurpose: to try\nmeasured: not yet\nvariables: []\n---\nJudge.\n", encoding="utf-8")
    first, second = matrix("offline", [f"judge=v1,{mine}"])
    assert second.id == "offline judge@mine"
    assert second.prompt("judge").render() == "Judge."
    assert first.fingerprint != second.fingerprint
    mine.write_text("---\nvariables: []\n---\n{{ oops", encoding="utf-8")
    with pytest.raises(UserMistake, match=r"mine\.md"):
        matrix("offline", [f"judge={mine}"])


RUNNER = """
import json, sys, time
from pathlib import Path
from eval.journal import Journal
from eval.variants import matrix
from eval.work import Work
log = Path(sys.argv[2])
def task(n):
    with log.open("a") as file:
        file.write(f"{n}\\n")
    time.sleep(0.01)
    return {"status": "graded", "error": None, "square": n * n}
work = Work(journal=Journal(Path(sys.argv[1])), concurrency=int(sys.argv[3]))
records = work.run("s", matrix("offline")[0], [(str(n), n) for n in range(60)], task)
print(json.dumps([(r["id"], r["square"]) for r in records]))
"""


@pytest.mark.parametrize("concurrency", [1, 4])
def test_killed_at_random_moments_it_ends_as_if_unbroken_and_runs_no_finished_case_again(
    tmp_path: Path, concurrency: int
) -> None:
    journal, log = tmp_path / "journal.jsonl", tmp_path / "log"
    command = [sys.executable, "-c", RUNNER, str(journal), str(log), str(concurrency)]
    generator = random.Random(concurrency)
    kills = 0
    for stop_after in sorted(generator.sample(range(3, 55), 2)):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            if journal.is_file() and journal.read_bytes().count(b"\n") >= stop_after:
                process.send_signal(generator.choice([signal.SIGKILL, signal.SIGINT]))
                process.wait(60)
                kills += 1
    done = {
        json.loads(line)["record"]["id"]
        for line in journal.read_text(encoding="utf-8").splitlines(keepends=True)
        if line.endswith("\n")
    }
    before = Counter(log.read_text().split())
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(finished.stdout) == [[str(n), n * n] for n in range(60)]
    after = Counter(log.read_text().split())
    assert kills > 0
    assert all(after[n] == before[n] for n in done)
    # What ran twice was under way when the process was killed: at most one case for each that ran at the same time.
    assert sum(after.values()) - 60 <= kills * concurrency


def test_ctrl_c_lets_what_is_under_way_end_and_the_next_run_goes_on(tmp_path: Path) -> None:
    ran: list[int] = []

    def task(n: int) -> Record:
        ran.append(n)
        if n == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return _double(n)

    path = tmp_path / "journal.jsonl"
    with pytest.raises(KeyboardInterrupt):
        Work(journal=Journal(path)).run("s", OFFLINE, CASES, task)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    records = Work(journal=Journal(path)).run("s", OFFLINE, CASES, lambda n: ran.append(n) or _double(n))
    assert [r["twice"] for r in records] == [0, 2, 4, 6, 8, 10]
    assert ran == list(range(6))
