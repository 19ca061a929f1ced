"""Files of replies with a hosted model: the budget is the file's, and what it stops is taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from interviewer.batch import grade_file
from interviewer.errors import Stopped
from interviewer.grader import Grader
from interviewer.usage import Budget, Purse
from knowledge.library import Library
from prompts.loader import load
from tests.scripted import ScriptedModel, all_missed

REPLY = "sigmoid는 exp 연산 때문에 비쌉니다."


def test_a_file_stops_at_its_budget_and_goes_on_with_another(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = [{"id": n, "question_id": "1", "reply": REPLY} for n in range(6)]
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    model = ScriptedModel(steps=[all_missed] * 6)
    book, grader = Library().open(), Grader([model.opened()], load("judge"))

    def grade(budget: Budget, resume: bool) -> list[Any]:
        options: dict[str, Any] = {"resume": resume, "force": False, "max_reply": 8000, "purse": Purse(budget)}
        return list(grade_file(source, target, grader, book, **options))

    with pytest.raises(Stopped, match="budget"):
        grade(Budget(tokens=15_000), resume=False)
    first = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert 0 < len(first) < 6
    assert all(line["graded"] for line in first)
    grade(Budget(), resume=True)
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == list(range(6))
    assert all(line["graded"] for line in lines)
    model.verify()
