"""The key that one question is graded by, whether it has a rubric or only reference answers.

    key = from_rubric(bank, rubrics["1"])             # a reviewed rubric
    key = from_answers(bank, "3")                     # an imported document: its own sentences are the points
    key = from_references("q1", "What is …?", [...])  # any other question

Everything downstream (prompt, judge, score, critique) reads an ``AnswerKey`` and never asks which of these it came from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from knowledge.check import task
from knowledge.document import QuestionBank
from knowledge.rubric import Check, Erratum, Misconception, NumberCheck, Rubric, Text

__all__ = ["AnswerKey", "KeyPoint", "from_answers", "from_references", "from_rubric", "with_fresh_numbers"]

MAX_REFERENCE_POINTS = 24
EXTRA_CREDIT = 1

_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+|;\s+")


@dataclass(frozen=True)
class KeyPoint:
    """One key point: a claim, what it weighs, and the document lines (first, last) that it rests on.

    ``reference`` numbers the reference answer that it comes from, where there are several alternatives.
    """

    id: str
    statement: Text
    weight: int = 1
    core: bool = False
    lines: tuple[tuple[int, int], ...] = ()
    probe: Text | None = None
    reference: int = 0


@dataclass(frozen=True)
class AnswerKey:
    """What a reply to one question is graded by. ``reviewed`` is False where there are only reference answers;
    ``numbers_asked`` tells that the question states the numbers of its computed task."""

    question_id: str
    question: Text
    document: str
    points: tuple[KeyPoint, ...]
    full_marks_at: float
    reviewed: bool
    misconceptions: tuple[Misconception, ...] = ()
    errata: tuple[Erratum, ...] = ()
    checks: tuple[Check, ...] = ()
    hints: tuple[Text, ...] = ()
    context: Text | None = None
    sensible: Text | None = None
    figure: str | None = None
    model_answer: Text | None = None
    references: tuple[str, ...] = ()
    extra_credit: int = EXTRA_CREDIT
    numbers_asked: bool = False

    def point(self, point_id: str) -> KeyPoint | None:
        return next((point for point in self.points if point.id == point_id), None)

    def misconception(self, misconception_id: str) -> Misconception | None:
        return next((one for one in self.misconceptions if one.id == misconception_id), None)


def from_rubric(bank: QuestionBank, rubric: Rubric) -> AnswerKey:
    """The key of a question that has a rubric. Source lines are widened to the answer that they stand in."""
    question = bank[rubric.id]
    spans = [answer.lines for answer in question.answers]
    points = tuple(
        KeyPoint(p.id, p.statement, p.weight, p.core, _spans(p.source, spans), p.probe) for p in rubric.points
    )
    return AnswerKey(
        question_id=rubric.id,
        question=Text(ko=question.text, en=rubric.question["en"]),
        document=bank.name,
        points=points,
        full_marks_at=rubric.full_marks_at,
        reviewed=True,
        misconceptions=rubric.misconceptions,
        errata=rubric.errata,
        checks=rubric.checks,
        hints=rubric.hints,
        context=rubric.context,
        sensible=rubric.sensible,
        figure=rubric.figure,
        model_answer=rubric.model_answer,
        references=rubric.references,
    )


def from_answers(bank: QuestionBank, question_id: str) -> AnswerKey:
    """The key of a question that has no rubric: each sentence of its answers is a point."""
    question = bank[question_id]
    claims = [(claim, answer.lines, 0) for answer in question.answers for claim in _claims(answer.text)]
    return _plain(question_id, question.text, bank.name, claims)


def from_references(question_id: str, question: str, references: list[str]) -> AnswerKey:
    """The key of any question with reference answers. Several references are alternatives, not a list to complete."""
    claims = [(claim, (0, 0), n) for n, reference in enumerate(references) for claim in _claims(reference)]
    return _plain(question_id, question, "", claims)


def with_fresh_numbers(key: AnswerKey, seed: int) -> AnswerKey:
    """The key with fresh numbers in its first computed task, which the question then states; itself if it has none."""
    check = next((one for one in key.checks if isinstance(one, NumberCheck)), None)
    if check is None:
        return key
    parameters, asked = task(check, seed)
    question = Text(ko=f"{key.question.ko}\n{asked.ko}", en=f"{key.question.en}\n{asked.en}")
    formulas = tuple(one for one in key.checks if not isinstance(one, NumberCheck))
    checks: tuple[Check, ...] = (check.model_copy(update={"parameters": parameters}), *formulas)
    return replace(key, question=question, checks=checks, numbers_asked=True)


def _plain(question_id: str, question: str, document: str, claims: list[tuple[str, tuple[int, int], int]]) -> AnswerKey:
    kept = list(dict.fromkeys(claims))[:MAX_REFERENCE_POINTS]
    points = tuple(
        KeyPoint(f"reference-{n}", Text(ko=claim, en=claim), lines=(lines,) if lines[0] else (), reference=reference)
        for n, (claim, lines, reference) in enumerate(kept, 1)
    )
    return AnswerKey(
        question_id=question_id,
        question=Text(ko=question or "?", en=question or "?"),
        document=document,
        points=points,
        full_marks_at=max(1, len(points)),
        reviewed=False,
    )


def _claims(text: str) -> list[str]:
    """The sentences of a text; one of a word or two is kept, since a reference may be just that."""
    parts = (" ".join(part.split()) for part in _SENTENCE_END.split(text))
    return [part for part in parts if any(char.isalnum() for char in part)]


def _spans(source: tuple[int, ...], spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found = (next(((a, b) for a, b in spans if a <= line <= b), (line, line)) for line in source)
    return tuple(dict.fromkeys(found))
