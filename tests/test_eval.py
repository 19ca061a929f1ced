"""``python -m eval``: its statistics against other people's, its data errors, its exit codes, and one short run."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score

from eval.gate import judged, load_baseline
from eval.report import html, junit
from eval.runner import evaluate, known_suites
from eval.schema import Result
from eval.statistics import (
    Estimate,
    apply_bins,
    best_bins,
    bootstrap,
    kappa,
    macro_f1,
    mean_absolute_error,
    pearson,
    share,
    spearman,
)
from eval.suites import Options, Outcome
from eval.suites import grading as suite
from eval.suites.grading import load_replies
from eval.variants import matrix
from knowledge.errors import UserMistake

ROOT = Path(__file__).parents[1]
SEEDS = range(5)


def _marks(seed: int, n: int = 60) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 5, n)
    return first, np.clip(first + generator.integers(-1, 2, n), 0, 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_agree_with_scikit_learn_and_scipy(seed: int) -> None:
    first, second = _marks(seed)
    x, y = first + np.random.default_rng(seed).random(60), second.astype(float)
    expected = cohen_kappa_score(first, second, weights="quadratic", labels=range(5))
    assert kappa(first, second) == pytest.approx(expected)
    assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic)
    assert pearson(x, y) == pytest.approx(pearsonr(x, y).statistic)
    assert macro_f1(first > 2, second > 2) == pytest.approx(f1_score(second > 2, first > 2, average="macro"))


def test_kappa_by_hand() -> None:
    # Marks 0,1,2 against 0,2,2. Squared differences: 0 + 1 + 0 = 1. By chance, all nine pairs / 3:
    # 0 against 0,2,2: 8; 1: 1+1+1 = 3; 2: 4+0+0 = 4; together 15/3 = 5. Kappa = 1 − 1/5.
    assert kappa([0, 1, 2], [0, 2, 2]) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("figure", "columns"),
    [
        (kappa, ([], [])),
        (kappa, ([2, 2], [2, 2])),
        (pearson, (np.ones(5), np.arange(5.0))),
        (spearman, (np.array([1.0, 2.0]), np.array([1.0, 2.0]))),
        (mean_absolute_error, (np.array([]), np.array([]))),
    ],
)
def test_a_figure_that_does_not_exist_is_none(figure: Any, columns: Any) -> None:
    assert figure(*columns) is None


def test_bootstrap_is_the_same_for_a_seed_and_holds_the_value() -> None:
    first, second = _marks(0)
    groups = [str(i // 6) for i in range(60)]
    found = [bootstrap(kappa, (first, second), groups, seed) for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0][1:3] != found[2][1:3]
    value, low, high, n = found[0]
    assert value is not None
    assert low is not None
    assert high is not None
    assert low < value < high
    assert n == 60


def test_bootstrap_of_a_mean_is_as_wide_as_theory_says() -> None:
    sample = np.random.default_rng(3).normal(size=400)
    found = bootstrap(lambda values: float(values.mean()), (sample,), seed=1)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * sample.std() / 20, rel=0.1)


def test_bootstrap_draws_whole_questions() -> None:
    # Ten replies to each of two questions, all alike within one: one question more or less is all the chance there is.
    values, groups = np.repeat([0.0, 1.0], 10), ["a"] * 10 + ["b"] * 10
    found = bootstrap(lambda drawn: float(drawn.mean()), (values,), groups, seed=1)
    assert (found.low, found.value, found.high) == (0.0, 0.5, 1.0)
    assert bootstrap(lambda drawn: float(drawn.mean()), (values,), ["a"] * 20).low is None


def test_share_has_wilsons_interval() -> None:
    assert share(0, 0) == Estimate(None, n=0)
    none = share(0, 10)
    assert none.value == 0
    assert none.high == pytest.approx(0.2775, abs=1e-4)  # 1.96² / (10 + 1.96²)


def test_best_bins_find_the_cuts_that_made_the_marks() -> None:
    values = np.linspace(0, 1, 200)
    marks = np.searchsorted([0.1, 0.4, 0.6, 0.9], values).astype(np.int64)
    found = kappa(apply_bins(values, best_bins(values, marks)), marks)
    assert found is not None
    assert found > 0.97


@pytest.mark.parametrize(
    ("estimate", "options", "skipped", "status"),
    [
        (Estimate(0.8, n=9), Options(), {}, "met"),
        (Estimate(0.75, n=9), Options(), {}, "met"),
        (Estimate(0.7, n=9), Options(), {}, "failed"),
        (Estimate(None), Options(), {}, "failed"),
        (Estimate(None), Options(limit=3), {}, "skipped"),
        (None, Options(), {"a": "no data"}, "skipped"),
        (None, Options(), {"b": "no data"}, "failed"),
    ],
)
def test_a_threshold_is_met_failed_or_skipped(
    estimate: Estimate | None, options: Options, skipped: dict[str, str], status: str
) -> None:
    outcome = Outcome(metrics={"a.qwk": estimate} if estimate else {}, skipped=skipped)
    [verdict] = judged("s", outcome, {"s": {"a.qwk": {"min": 0.75}}}, options)
    assert verdict["status"] == status
    assert (verdict["reason"] == "") == (status == "met")


def test_unknown_suites() -> None:
    assert known_suites("speed, grading,speed") == ["speed", "grading"]
    for names in ("nope", "grading,nope", "", ","):
        with pytest.raises(
            UserMistake, match="choose among grading, retrieval, conduct, attacks, critique, prompts, speed"
        ):
            known_suites(names)


GOOD = {
    "id": "1-2",
    "question_id": "1",
    "split": "test",
    "kind": "half",
    "language": "ko",
    "reply": "시그모이드는 <b>포화</b>돼서 기울기가 사라져요.",
    "reader_a": 2,
    "reader_b": 2,
}


def test_a_bad_row_is_named_and_the_rest_is_evaluated(tmp_path: Path) -> None:
    rows: list[Any] = [
        GOOD,
        "{no json",
        {**GOOD, "reader_a": 7},
        {key: value for key, value in GOOD.items() if key != "reply"},
        {**GOOD, "id": "1-3", "language": "fr"},
        {**GOOD, "id": "99-1", "question_id": "99"},
        [1],
    ]
    path = tmp_path / "replies.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows), encoding="utf-8")
    outcome = suite.run(Options(), path)
    assert outcome.counts == {"graded": 1, "unscored": 0, "errored": 6, "not_run": 0, "failed": 0}
    assert outcome.metrics["errored"].value == 6
    errors = {case["id"]: case["error"] for case in outcome.cases if case["status"] == "errored"}
    assert errors["replies.jsonl:2"] == "replies.jsonl, line 2: not a JSON object"
    assert "whole number from 0 to 4" in errors["replies.jsonl:3"]
    assert "'reply' is missing" in errors["replies.jsonl:4"]
    assert "'fr'" in errors["replies.jsonl:5"]
    assert "no question '99'" in errors["99-1"]
    assert errors["replies.jsonl:7"].startswith("replies.jsonl, line 7")
    assert outcome.metrics["test.korean.mae"].n == 1


def test_no_usable_data_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="can't be read"):
        load_replies(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(UserMistake, match="no reply in it"):
        load_replies(tmp_path / "empty.jsonl")


def test_a_suite_that_fails_is_an_error_and_ctrl_c_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(options: Options) -> Outcome:
        raise UserMistake("replies.jsonl: can't be read")

    def stopped(options: Options) -> Outcome:
        raise KeyboardInterrupt

    monkeypatch.setattr(suite, "run", broken)
    result = evaluate(["grading"], matrix("offline"), Options())
    assert result["exit"] == 1
    assert result["suites"]["grading"]["error"] == "replies.jsonl: can't be read"
    assert "can&#39;t be read" in html(result)
    monkeypatch.setattr(suite, "run", stopped)
    result = evaluate(["grading"], matrix("offline"), Options())
    assert (result["exit"], result["suites"]) == (130, {})


def _command(*arguments: str, largest_file: int | None = None) -> subprocess.CompletedProcess[str]:
    """``largest_file`` in bytes: what is longer fails to be written, as on a disk that is full."""

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    env = {**os.environ, "COLUMNS": "100"}
    command = [sys.executable, "-m", "eval", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False, preexec_fn=limit
    )


def test_a_short_evaluation_end_to_end(tmp_path: Path) -> None:
    done = _command("--suite", "grading", "--limit", "24", "--out", str(tmp_path / "out"))
    assert done.returncode in (0, 3), done.stderr
    assert done.stderr == ""
    assert "24 graded, 0 unscored, 0 errored, 0 not_run" in done.stdout
    result = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert result["exit"] == done.returncode
    assert result["model"] == "offline"
    assert result["prompt"].startswith("judge@")
    assert {"python", "kiwipiepy", "langchain", "chromadb"} <= set(result["versions"])
    assert {"commit", "dirty", "seed", "limit", "started"} <= set(result)
    grading = result["suites"]["grading"]
    assert len(grading["cases"]) == 24
    assert {"reply", "score", "readers", "points", "kind", "question"} <= set(grading["cases"][0])
    assert all(set(metric) == {"value", "low", "high", "n"} for metric in grading["metrics"].values())
    tree = ElementTree.fromstring((tmp_path / "out" / "junit.xml").read_text(encoding="utf-8"))
    assert len(tree.findall(".//testcase")) == len(result["thresholds"])
    failed = [verdict for verdict in result["thresholds"] if verdict["status"] == "failed"]
    assert len(tree.findall(".//failure")) == len(failed)
    assert bool(failed) == (done.returncode == 3)
    Result.model_validate(result)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(?:script|img|link|iframe)[^>]*\s(?:src|href)=", page)
    assert "prefers-color-scheme: dark" in page
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["junit.xml", "report.html", "results.json"]


def test_what_candidates_wrote_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_text(json.dumps({**GOOD, "reply": GOOD["reply"] + "<script>alert(1)</script>"}), encoding="utf-8")
    outcome = suite.run(Options(), path)
    hostile = "</script><script>alert(1)</script>"
    outcome.cases[0] |= {"failed": True, "why": hostile, "question": hostile, "id": hostile}
    result = {**evaluate([], matrix("offline"), Options()), "suites": {"grading": {**vars(outcome)}}}
    result["suites"]["grading"]["metrics"] = {k: v._asdict() for k, v in outcome.metrics.items()}
    page = html(result)
    assert "<script>alert(1)" not in page
    assert page.count("</script>") == 2
    assert "&lt;script&gt;alert(1)" in page
    assert ElementTree.fromstring(junit(result)).tag == "testsuites"


def test_a_disk_that_is_full_is_one_line_each_and_the_figures_are_still_shown(tmp_path: Path) -> None:
    arguments = ("--suite", "critique", "--limit", "2", "--out", str(tmp_path / "out"))
    done = _command(*arguments, largest_file=1000)
    assert done.returncode == 1
    assert "critique: grounded" in done.stdout
    assert "2 graded" in done.stdout
    lines = done.stderr.strip().splitlines()
    assert lines[0].startswith("error: ") and "journal.jsonl: can't be written (File too large)" in lines[0]
    assert lines[1:] == [f"error: {tmp_path / 'out' / 'results.json'}: File too large"]
    assert not (tmp_path / "out" / "results.json").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--suite", "nope"), "there is no suite 'nope'; choose among"),
        (("--prompts", "judge=v999"), "there is no prompt judge@v999"),
        (("--baseline", "missing.json"), "missing.json: the baseline can't be read (No such file or directory)"),
        (("--baseline", "pyproject.toml"), "pyproject.toml: the baseline can't be read (not JSON)"),
        (("--calibration", "missing"), "missing: there is no such folder"),
        (("--no-cache", "--replay"), "--replay answers from the cache"),
        (("--model", "openai:of-ones-own", "--budget-usd", "1"), "the price of 'openai:of-ones-own' is not known"),
    ],
)
def test_a_slip_is_a_usage_error_in_one_line(arguments: tuple[str, ...], error: str, tmp_path: Path) -> None:
    done = _command("--suite", "prompts", *arguments, "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert error in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_can_not_be_made_is_one_line() -> None:
    done = _command("--suite", "prompts", "--out", "/dev/null/out")
    assert done.returncode == 1
    assert done.stderr == "error: /dev/null/out: Not a directory\n"


def test_a_baseline_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    for data in ([], {}, {"suites": {"grading": {"cases": 3}}}):
        path = tmp_path / "results.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        with pytest.raises(UserMistake, match=r"no results\.json"):
            load_baseline(path)
    options = Options(limit=1)
    with pytest.raises(UserMistake, match="no case in common"):
        evaluate(["prompts"], matrix("offline"), options, baseline={"suites": {"speed": {"cases": []}}})
