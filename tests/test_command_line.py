"""The command line as its users meet it: exit codes, one-line errors, files, Ctrl-C, kill -9."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from interviewer.interview import Move, replay
from interviewer.plan import Plan
from interviewer.store import Store

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "interviewer" / "examples"
VERDICTS = {"hit", "partial", "missed", "contradicted"}
HEAVY = ("gradio", "chromadb", "langchain", "langchain_core", "langgraph", "sqlalchemy", "kiwipiepy", "sympy")


def run(*arguments: object, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "interviewer", *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout, check=False)


def script(path: Path, **content: Any) -> Path:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Each sample script, run twice over the whole document."""
    folder = tmp_path_factory.mktemp("examples")
    played: dict[str, list[dict[str, Any]]] = {"ko": [], "en": []}
    for language, runs in played.items():
        for number in (1, 2):
            out = folder / f"{language}{number}.json"
            done = run(
                "run", EXAMPLES / f"{language}.yaml", "--model", "offline", "--json", out, "--home", folder / "home"
            )
            assert done.returncode == 0, done.stderr
            runs.append(json.loads(out.read_text(encoding="utf-8")))
    return played


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_sample_interviews_cover_the_document_in_its_order(
    examples: dict[str, list[dict[str, Any]]], language: str
) -> None:
    from knowledge.document import DEFAULT_DOCUMENT, load

    bank = load(DEFAULT_DOCUMENT)
    data = examples[language][0]
    asked = list(dict.fromkeys(turn["question_id"] for turn in data["turns"]))
    assert asked == [question.id for question in bank]
    assert data["interview"]["language"] == language
    assert data["interview"]["finished"]
    answered = [turn for turn in data["turns"] if turn["kind"] == "answer"]
    assert {turn["kind"] for turn in data["turns"]} >= {"answer", "hint"}
    for turn in answered:
        assert turn["graded"]
        assert 0 <= turn["score"] <= 1
        assert turn["points"]
        for point in turn["points"]:
            assert point["verdict"] in VERDICTS
            assert (point["verdict"] == "missed") == (point["quote"] == "")
            assert point["quote"] in turn["reply"]
            for source in point["sources"]:
                assert source["document"] == bank.name
                first, last = source["lines"]
                assert bank[turn["question_id"]].lines[0] <= first <= last <= bank[turn["question_id"]].lines[1]
    scores = {turn["question_id"]: turn["score"] for turn in answered}
    assert data["summary"]["score"] == pytest.approx(sum(scores.values()) / len(scores), abs=1e-4)
    assert scores["1"] >= 0.75
    assert max(scores.values()) == 1


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_same_script_gives_the_same_bytes(examples: dict[str, list[dict[str, Any]]], language: str) -> None:
    one, other = ({**run, "turns": [{**t, "seconds": 0} for t in run["turns"]]} for run in examples[language])
    for data in (one, other):
        data["interview"] = {k: v for k, v in data["interview"].items() if k not in ("id", "created", "finished")}
    assert json.dumps(one, ensure_ascii=False) == json.dumps(other, ensure_ascii=False)


def test_reports_of_a_run(tmp_path: Path, home: Path) -> None:
    made = script(
        tmp_path / "s.yaml", topics=[16], replies={"16": "모델 구조와 <b>하이퍼파라미터</b>를 자동으로 찾습니다"}
    )
    page, text = tmp_path / "r.html", tmp_path / "r.md"
    assert run("run", made, "--report", page).returncode == 0
    assert "&lt;b&gt;하이퍼파라미터&lt;/b&gt;" in page.read_text(encoding="utf-8")
    assert "<b>" not in page.read_text(encoding="utf-8")
    (row,) = json.loads(run("list", "--json").stdout)
    assert run("report", row["id"][:8], "--out", text).returncode == 0
    assert "# 모의 면접 리포트" in text.read_text(encoding="utf-8")
    assert "자동으로 찾습니다" in run("report", row["id"]).stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no such script"),
        (b"", "empty"),
        (b"\x00\x01\xff\xfe" * 100, "not UTF-8"),
        (b"replies: [1, 2", "not YAML"),
        (b"- a\n- b\n", "no mapping"),
        (b"language: fr\n", ":1:"),
        (b"topics: [1]\nanswers: {}\n", ":2:"),
        (b"topics: [99]\n", "no main question '99'"),
        (b"replies: {'7.9': x}\n", "'7.9'"),
        (b"document: other.txt\n", "no document 'other.txt'"),
        (b"a: " + b"x" * (11 * 1024 * 1024), "over 10 MB"),
        (b"&a [*a, *a]\n", "no mapping"),
    ],
)
def test_a_script_that_cannot_be_used_is_one_line_and_exit_2(
    tmp_path: Path, home: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "script.yaml"
    if content is not None:
        path.write_bytes(content)
    out = tmp_path / "out.json"
    out.write_text("precious", encoding="utf-8")
    done = run("run", path, "--json", out)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert out.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run", EXAMPLES / "ko.yaml", "--model", "nonsense"], 2, "nonsense"),
        (["run", EXAMPLES / "ko.yaml", "--model", "openai:gpt-5-mini"], 2, "openai:gpt-5-mini"),
        (["run", EXAMPLES / "ko.yaml", "--report", "x.pdf"], 2, "ending"),
        (["run", EXAMPLES / "ko.yaml", "--json", "/nowhere/at/all.json"], 2, "folder"),
        (["report", "deadbeef"], 2, "no interview 'deadbeef'"),
        (["resume", "deadbeef"], 2, "no interview"),
        (["regrade", "deadbeef"], 2, "no interview"),
        (["grade", "--input", "/nowhere.jsonl", "--output", "/tmp/never-written.jsonl"], 2, "can't be read"),
        (["list", "--home", __file__], 1, "INTERVIEWER_HOME"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_mistakes_are_one_clear_line(home: Path, arguments: list[object], code: int, says: str) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_grade_gives_a_line_for_every_line_in_order(tmp_path: Path, home: Path) -> None:
    lines = [
        {"id": "good", "question_id": "1", "reply": "sigmoid는 exp 연산 때문에 비싸고 ReLU는 쌉니다"},
        {"id": "none", "question_id": "1", "reply": "모르겠습니다"},
        {"id": "empty", "question_id": "1", "reply": ""},
        {"id": "unknown", "question_id": "99", "reply": "x"},
        {"id": "own", "question": "What is overfitting?", "references": ["It fits noise."], "reply": "It fits noise."},
        {"id": "no reply", "question_id": "1"},
        {"id": "neither", "reply": "x"},
        {"id": "long", "question_id": "1", "reply": "x" * 9000},
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    source.write_text(f"{text}\nnot json\n[1]\n\n", encoding="utf-8")
    assert run("grade", "--input", source, "--output", target).returncode == 0
    out = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in out] == [line["id"] for line in lines] + [None, None]
    assert all(set(line) == {"id", "graded", "score", "points", "misconceptions", "error"} for line in out)
    by_id = {line["id"]: line for line in out}
    assert 0 < by_id["good"]["score"] <= 1
    assert by_id["none"]["score"] == by_id["empty"]["score"] == 0
    assert by_id["own"]["score"] > 0.8
    for bad in ("unknown", "no reply", "neither", "long"):
        assert (by_id[bad]["graded"], by_id[bad]["score"]) == (False, None)
        assert by_id[bad]["error"].startswith("line ")
    refused = run("grade", "--input", source, "--output", target)
    assert refused.returncode == 2
    assert "--resume" in refused.stderr
    whole = target.read_text(encoding="utf-8")
    cut = whole[: len(whole) // 2]
    target.write_text(cut, encoding="utf-8")
    assert run("grade", "--input", source, "--output", target, "--resume").returncode == 0
    assert target.read_text(encoding="utf-8") == whole


def test_ctrl_c_keeps_everything_so_far(tmp_path: Path, home: Path) -> None:
    replies = {str(n): "모르겠습니다" for n in range(1, 17)}
    made = script(tmp_path / "s.yaml", follow_ups="all", replies=replies, default="sigmoid는 exp 연산 때문에 비쌉니다")
    process = subprocess.Popen(
        [sys.executable, "-m", "interviewer", "run", str(made)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    _wait_for_turns(process, home, 3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert b"resume" in errors
    store = Store.at(home)
    (row,) = store.list_interviews()
    assert len(store.turns(row.id)) >= 3
    store.close()


@pytest.mark.parametrize("seed", range(4))
def test_kill_9_loses_nothing(tmp_path: Path, home: Path, seed: int) -> None:
    """Killed after a random number of turns; everything typed is there, and the interview goes on where it stood."""
    made = script(tmp_path / "s.yaml", topics=[1, 2], default="sigmoid는 exp 연산 때문에 비쌉니다")
    process = subprocess.Popen(
        [sys.executable, "-m", "interviewer", "run", str(made)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    _wait_for_turns(process, home, random.Random(seed).randint(1, 9))
    process.kill()
    process.wait()
    store = Store.at(home)
    (row,) = store.list_interviews()
    before = store.turns(row.id)
    assert [turn.n for turn in before] == list(range(1, len(before) + 1))
    store.close()
    resumed = run("report", row.id, "--out", tmp_path / "r.json")
    assert resumed.returncode == 0, resumed.stderr
    turns = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["turns"]
    assert [turn["reply"] for turn in turns] == [turn.reply for turn in before]
    assert all(turn["graded"] for turn in turns)
    asked = [turn["question_id"] for turn in turns]
    assert asked == list(row.plan[: len(asked)])
    state = replay(Plan(row.plan), [Move(turn["question_id"], turn["kind"]) for turn in turns])
    assert state.current == (row.plan[len(asked)] if len(asked) < len(row.plan) else None)


def _wait_for_turns(process: subprocess.Popen[bytes], home: Path, wanted: int) -> None:
    """Until the running process has committed this many turns, or has ended."""
    store = Store.at(home)
    try:
        while process.poll() is None:
            rows = store.list_interviews()
            if rows and len(store.turns(rows[0].id)) >= wanted:
                return
    finally:
        store.close()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, runpy\nsys.argv = ['interviewer', '--help']\n"
        "try:\n    runpy.run_module('interviewer', run_name='__main__')\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_pure_modules_load_nothing_heavy() -> None:
    pure = (
        "interviewer.plan, interviewer.interview, interviewer.judge, interviewer.intent, interviewer.critique, "
        "interviewer.outcome, interviewer.wording, interviewer.errors, knowledge.document, knowledge.rubric, "
        "knowledge.answer_key, knowledge.check, knowledge.library, prompts.loader"
    )
    code = f"import sys, {pure}\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_doctor_says_what_is_used(home: Path) -> None:
    done = run("doctor")
    assert done.returncode == 0, done.stderr
    for word in ("offline", "64 questions", "Chroma", "sqlite"):
        assert word in done.stdout
