"""Planted faults: each is called worse by the suite that should see it, an equal one is not, and flicker is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.cache import ResponseCache
from eval.runner import evaluate
from eval.suites import Options
from eval.variants import matrix
from eval.work import Work
from interviewer import wording
from knowledge.answer_key import AnswerKey
from knowledge.index import Index, Passage
from tests.planted import Planted, environment

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.wire


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    with Planted() as made:
        for name, value in environment(made).items():
            monkeypatch.setenv(name, value)
        yield made


def _verdicts(result: dict[str, Any], suite: str) -> dict[str, str]:
    return {row["metric"]: row["verdict"] for row in result["comparisons"] if row["suite"] == suite}


def test_worse_judges_are_called_worse_and_an_equal_one_the_same(server: Planted) -> None:
    variants = matrix("openai:fair,openai:equal,openai:generous,openai:deaf")
    result = evaluate(["grading"], variants, Options(limit=200))
    found: dict[str, dict[str, str]] = {}
    for row in result["comparisons"]:
        found.setdefault(row["to"], {})[row["metric"]] = row["verdict"]
    equal, generous, deaf = (found[variant.id] for variant in variants[1:])
    assert set(equal.values()) == {"same"}
    worse = [{name for name, verdict in one.items() if verdict == "worse"} for one in (generous, deaf)]
    assert {"qwk", "mae", "empty.inflated", "wrong.inflated"} <= worse[0]
    assert generous["strong.accepted"] != "worse"
    assert {"qwk", "mae", "wrong.inflated"} <= worse[1]
    assert "better" not in {*generous.values(), *deaf.values()}
    assert result["exit"] == 3
    graded = Counter(model for model, _ in server.replies)
    assert len(graded) == 4 and len(set(graded.values())) == 1


def test_nothing_is_paid_for_twice(server: Planted, tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "answers.db")
    variants = matrix("openai:fair")
    first = evaluate(["grading"], variants, Options(limit=20, cache=cache))
    asked = server.asked["fair"]
    second = evaluate(["grading"], variants, Options(limit=20, cache=cache))
    assert server.asked["fair"] == asked > 0
    assert second["variants"][0]["spent"]["recalled"] == asked
    assert second["variants"][0]["spent"]["input"] == first["variants"][0]["spent"]["input"] == 1000 * asked
    assert first["suites"]["grading"]["metrics"] == second["suites"]["grading"]["metrics"]


def test_a_judge_that_changes_its_mind_is_shown_to_flicker(server: Planted) -> None:
    work = Work(repeat=2, concurrency=1)
    result = evaluate(["grading"], matrix("openai:flicker,openai:fair"), Options(limit=20, work=work))
    flickering = result["suites"]["grading"]["metrics"]["flicker"]
    steady = result["others"]["openai:fair judge@v1"]["grading"]["metrics"]["flicker"]
    assert flickering["value"] > 0.5
    assert steady["value"] == 0
    assert len(result["suites"]["grading"]["cases"]) == 40


@pytest.mark.parametrize(
    ("model", "status", "error"),
    [
        ("garbage", "unscored", "the model's answer holds no judgement"),
        ("refuse", "errored", "the key is not accepted"),
        ("hang", "errored", "no answer within 1 seconds"),
    ],
)
def test_a_model_that_fails_is_counted_by_how_it_fails(server: Planted, model: str, status: str, error: str) -> None:
    options = Options(limit=2, work=Work(timeout=1 if model == "hang" else 60, backoff=0.01))
    result = evaluate(["grading", "prompts"], matrix(f"openai:{model}"), options)
    grading = result["suites"]["grading"]
    assert grading["counts"] == {"graded": 0, "unscored": 0, "errored": 0, "not_run": 0, "failed": 0, status: 2}
    assert all(error in case["error"] and case["score"] is None for case in grading["cases"])
    assert all(metric["value"] is None for name, metric in grading["metrics"].items() if name.endswith("qwk"))
    assert result["suites"]["prompts"]["counts"]["graded"] > 0


def test_a_judge_that_gives_marks_away_does_not_hold_against_attacks(server: Planted) -> None:
    result = evaluate(["attacks"], matrix("openai:generous"), Options(limit=8))
    attacks = result["suites"]["attacks"]
    assert attacks["metrics"]["reply.held"]["value"] == 0
    assert attacks["metrics"]["largest_gain"]["value"] > 0.5
    assert result["exit"] == 3


def _noise(self: Index, query: str, k: int) -> list[Passage]:
    """What is stored first, whatever is asked."""
    found = self._collection.get(limit=k, include=["documents", "metadatas"])
    return [
        Passage(m["question_id"], m["kind"], text, (int(m["line_start"]), int(m["line_end"])), 0.5)
        for text, m in zip(found["documents"], found["metadatas"], strict=True)
    ]


def test_a_retriever_that_returns_noise_is_worse_than_the_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    variants = matrix("offline")
    before = evaluate(["retrieval"], variants, Options(limit=40))
    again = evaluate(["retrieval"], variants, Options(limit=40), baseline=before)
    assert set(_verdicts(again, "retrieval").values()) == {"same"}
    assert again["exit"] == before["exit"]
    monkeypatch.setattr(Index, "search", _noise)
    after = evaluate(["retrieval"], variants, Options(limit=40), baseline=before)
    assert set(_verdicts(after, "retrieval").values()) == {"worse"}
    assert after["exit"] == 3


def test_hints_that_give_the_answer_away_are_worse_than_the_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    variants = matrix("offline")
    before = evaluate(["conduct"], variants, Options(limit=2))
    assert before["suites"]["conduct"]["metrics"]["no_leak"]["value"] > 0.9
    hint = wording.hint

    def telling(key: AnswerKey, given: int, most: int, language: Any) -> str:
        return f"{hint(key, given, most, language)} {key.points[0].statement[language]}"

    monkeypatch.setattr(wording, "hint", telling)
    after = evaluate(["conduct"], variants, Options(limit=2), baseline=before)
    assert _verdicts(after, "conduct")["no_leak"] == "worse"
    assert after["suites"]["conduct"]["metrics"]["no_leak"]["value"] < 0.8
    failed = [case for case in after["suites"]["conduct"]["cases"] if case.get("failed")]
    assert all("shown before the answer" in case["why"] for case in failed)
    assert after["exit"] == 3


def test_a_baseline_fails_on_a_significant_loss_alone() -> None:
    variants = matrix("offline")
    before = evaluate(["retrieval"], variants, Options(limit=40))
    cases = before["suites"]["retrieval"]["cases"]
    missed = {**dict.fromkeys(cases[0]["values"], 0.0)}
    found = next(
        n for n, case in enumerate(cases) if case["values"]["recall_1"] == 0 and case["values"]["recall_5"] == 1
    )
    little = [{**case, "values": missed} if n == found else case for n, case in enumerate(cases)]
    baseline = {**before, "suites": {"retrieval": {"cases": little}}}
    gained = evaluate(["retrieval"], variants, Options(limit=40), baseline=baseline)
    assert "worse" not in _verdicts(gained, "retrieval").values()
    assert "can't tell" in _verdicts(gained, "retrieval").values()
    assert gained["exit"] == before["exit"]


def test_two_prompts_in_one_command(server: Planted, tmp_path: Path) -> None:
    mine = tmp_path / "mine.md"
    text = (ROOT / "prompts" / "judge" / "v1.md").read_text(encoding="utf-8")
    mine.write_text(text.replace("You are the examiner", "You are an examiner"), encoding="utf-8")
    command = [sys.executable, "-m", "eval", "--suite", "grading", "--model", "openai:fair", "--limit", "24"]
    command += ["--prompts", f"judge=v1,{mine}", "--out", str(tmp_path / "out"), "--calibration", str(tmp_path)]
    env = {**os.environ, **environment(server), "COLUMNS": "120"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode in (0, 3), done.stderr
    assert "A is openai:fair judge@v1; B is openai:fair judge@mine" in done.stdout
    assert "what it took" in done.stdout
    result = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    stamps = [variant["prompts"]["judge"]["stamp"] for variant in result["variants"]]
    assert stamps[0] != stamps[1]
    assert [variant["spent"]["usd"] for variant in result["variants"]] == [None, None]
    assert set(_verdicts(result, "grading").values()) == {"same"}
    assert not (tmp_path / "out" / "journal.jsonl").exists()


def test_the_budget_ends_the_spending_and_the_next_run_goes_on(server: Planted, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "eval", "--suite", "grading", "--model", "openai:fair", "--limit", "12"]
    command += ["--out", str(tmp_path / "out"), "--calibration", str(tmp_path), "--concurrency", "1"]
    env = {**os.environ, **environment(server)}

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more], cwd=ROOT, env=env, capture_output=True, text=True, timeout=200, check=False
        )

    first = run("--budget-tokens", "4000")
    assert first.returncode == 1
    assert "error: the budget of 4,000 tokens is spent (4,400 used)" in first.stderr
    assert "8 not_run" in first.stdout
    asked = server.asked["fair"]
    second = run()
    assert second.returncode in (0, 3), second.stderr
    assert "going on with the 4 cases" in second.stderr
    assert "12 graded" in second.stdout
    assert asked < server.asked["fair"] <= asked + 8
    asked = server.asked["fair"]
    third = run("--replay")
    assert "12 graded" in third.stdout
    assert server.asked["fair"] == asked


def test_variants_differ_by_prompt_alone_in_nothing_offline() -> None:
    [one] = matrix("offline")
    judge = one.prompt("judge")
    other = replace(judge, version="v2", body=judge.body + "\nBe kind.", digest="0" * 64)
    two = replace(one, id="offline judge@v2", prompts=(other, one.prompt("help")))
    result = evaluate(["grading"], (one, two), Options(limit=20))
    assert set(_verdicts(result, "grading").values()) == {"same"}
