"""Small answer keys, judgements and interviewers that the tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interviewer.service import Interviewer
from interviewer.settings import Settings
from knowledge.answer_key import AnswerKey, KeyPoint
from knowledge.rubric import Misconception, Text

__all__ = ["both", "key_of", "offline_interviewer", "raw"]


def both(text: str) -> Text:
    return Text(ko=text, en=text)


def key_of(weights: dict[str, int], full_marks_at: float, misconceptions: dict[str, int] | None = None) -> AnswerKey:
    """A key with these points (id → weight, the first one core) and misconceptions (id → penalty)."""
    points = tuple(
        KeyPoint(
            one, both(f"statement of {one}"), weight, core=not n, lines=((n + 1, n + 1),), probe=both(f"probe of {one}")
        )
        for n, (one, weight) in enumerate(weights.items())
    )
    wrong = tuple(
        Misconception(
            id=one, statement=both(one), examples=("x",), said=("x",), correction=both(f"not {one}"), penalty=penalty
        )
        for one, penalty in (misconceptions or {}).items()
    )
    return AnswerKey(
        question_id="1",
        question=Text(ko="왜 ReLU를 쓰는가?", en="Why is ReLU used?"),
        document="notes.txt",
        points=points,
        full_marks_at=full_marks_at,
        reviewed=True,
        misconceptions=wrong,
    )


def raw(*points: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """A judge's answer: (point id, verdict, quote) each."""
    return {"points": [{"id": i, "reason": "", "verdict": v, "quote": q} for i, v, q in points], **more}


def offline_interviewer(home: Path) -> Interviewer:
    return Interviewer(Settings.load(home=home, model="offline"))
