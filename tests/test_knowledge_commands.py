"""``python -m knowledge`` as its users meet it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "knowledge", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_the_answer_key_is_sound() -> None:
    done = run("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("64 questions")


def test_errata_for_machines_and_for_readers() -> None:
    rows = json.loads(run("errata", "--json").stdout)
    assert len(rows) > 25
    assert all({"question_id", "line", "says", "correct"} <= row.keys() for row in rows)
    assert {"wrong", "missing", "misleading"} <= {row["kind"] for row in rows}
    assert f"{len(rows)} corrections" in run("errata", "--language", "en").stdout


def test_search_gives_passages_with_their_lines(home: Path) -> None:
    rows = json.loads(run("search", "학습률이 너무 크면 손실이 커진다", "--k", 3, "--json").stdout)
    assert len(rows) == 3
    assert all(set(row) == {"question_id", "kind", "text", "lines", "distance"} for row in rows)
    assert "2.4" in {row["question_id"] for row in rows}


def test_an_imported_document_can_be_chosen(tmp_path: Path, home: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# 왜 쓰나?\n- 빠르기 때문이다.\n\n## 예는?\n- 정렬.\n", encoding="utf-8")
    assert "왜 쓰나?" in run("import", notes, "--preview").stdout
    assert not (home / "documents").exists()
    done = run("import", notes, "--name", "내 노트")
    assert done.returncode == 0, done.stderr
    script = tmp_path / "s.yaml"
    script.write_text('document: 내 노트\nreplies: {"1": 빠르기 때문이다}\ndefault: 모르겠습니다\n', encoding="utf-8")
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "interviewer", "run", str(script), "--json", str(out)]
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stderr
    turns = json.loads(out.read_text(encoding="utf-8"))["turns"]
    assert [turn["question_id"] for turn in turns] == ["1", "1.1"]
    assert turns[0]["score"] > 0.5 > turns[1]["score"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.txt", b"\x00\x01\x02"),
        ("x.txt", b""),
        ("x.csv", b"a,b\n1,2\n"),
        ("x.apkg", b"PK not a zip"),
        ("x.exe", b"MZ"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_line_and_exit_2(
    tmp_path: Path, home: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = run("import", path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not (home / "documents").exists()
