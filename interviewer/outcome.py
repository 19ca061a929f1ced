"""An interview as plain data: the turns, their judgements and the summary, in the shape that ``--json`` writes.

    data = outcome(view, book)
    data["summary"]["score"]        # the mean over graded questions, None if there is none

Pure. A question counts once, with its last graded result (the exchange with its probe, a regrade, a second attempt). What
was skipped, revealed or not graded is no zero: it stays out of every mean and is counted by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from interviewer.judge import Judgement, band_of, from_data
from interviewer.usage import total_cost

if TYPE_CHECKING:
    from interviewer.service import View
    from interviewer.store import TurnRow
    from knowledge.library import Book

__all__ = ["mean", "outcome", "question_scores", "spent", "verdict_data"]

WEAKEST = 5


def outcome(view: View, book: Book) -> dict[str, Any]:
    """The whole interview as JSON-ready data."""
    finished = view.turns[-1].result.created if view.finished and view.turns and view.turns[-1].result else None
    return {
        "interview": {
            "id": view.id,
            "document": view.row.document,
            "model": ",".join(view.row.settings["models"]),
            "language": view.language,
            "created": _time(view.row.created),
            "finished": _time(finished),
        },
        "turns": [_turn(turn, view.row.document, view.language) for turn in view.turns],
        "summary": _summary(view, book),
    }


def question_scores(turns: Sequence[TurnRow]) -> dict[str, float]:
    """The score of each graded question, by id."""
    return {
        turn.question_id: turn.result.score
        for turn in turns
        if turn.result and turn.result.graded and turn.result.score is not None
    }


def mean(scores: Sequence[float]) -> float | None:
    """The mean, rounded to four digits; None of nothing."""
    return round(sum(scores) / len(scores), 4) if scores else None


def verdict_data(judgement: Judgement, document: str, language: str) -> dict[str, Any]:
    """The points and misconceptions of a judgement as ``--json`` and ``grade`` write them."""
    points = [
        {
            "id": point.id,
            "statement": point.statement[language],
            "verdict": point.verdict,
            "quote": point.quote,
            "sources": [{"document": document, "lines": [first, last]} for first, last in point.lines],
        }
        for point in judgement.points
    ]
    misconceptions = [
        {"id": found.id, "quote": found.quote, "correction": found.correction[language]}
        for found in judgement.misconceptions
    ]
    return {"points": points, "misconceptions": misconceptions}


def _turn(turn: TurnRow, document: str, language: str) -> dict[str, Any]:
    result = turn.result
    judged = from_data(result.judgement) if result and result.judgement else None
    found = verdict_data(judged, document, language) if judged else {"points": [], "misconceptions": []}
    graded = bool(result and result.graded)
    score = result.score if result and graded else None
    return {
        "n": turn.n,
        "question_id": turn.question_id,
        "question": turn.question,
        "kind": result.kind if result else "answer",
        "reply": turn.reply,
        "graded": graded,
        "score": score,
        "band": None if score is None else band_of(score),
        **found,
        "critique": result.critique if result else "",
        "error": result.error if result else "pending",
        "model": result.model if result else "",
        "prompt": result.prompt if result else "",
        "tokens": {
            "input": result.tokens_input if result else 0,
            "output": result.tokens_output if result else 0,
            "cached": result.tokens_cached if result else 0,
        },
        "calls": result.calls if result else 0,
        "cost": result.cost if result else 0.0,
        "seconds": result.seconds if result else 0.0,
    }


def _summary(view: View, book: Book) -> dict[str, Any]:
    scores = question_scores(view.turns)
    by_topic: dict[str, list[float]] = {}
    for question_id in view.row.plan:
        by_topic.setdefault(question_id.partition(".")[0], [])
        if question_id in scores:
            by_topic[question_id.partition(".")[0]].append(scores[question_id])
    topics = [
        {"id": topic, "title": book.title(topic, view.language), "score": mean(found)}
        for topic, found in by_topic.items()
    ]
    weakest = sorted(scores, key=lambda q: (scores[q], view.row.plan.index(q)))
    last = {turn.question_id: turn.result for turn in view.turns if turn.result}
    return {
        "score": mean(list(scores.values())),
        "topics": topics,
        "weakest": [q for q in weakest if scores[q] < 1][:WEAKEST],
        "questions": len(view.row.plan),
        "graded": len(scores),
        "skipped": sum(r.kind in ("skip", "reveal") for q, r in last.items() if q not in scores),
        "not_graded": sum(r.error is not None for q, r in last.items() if q not in scores),
        **spent(view.turns),
    }


def spent(turns: Sequence[TurnRow]) -> dict[str, Any]:
    """What all results of an interview took, those that no longer count too; ``cost`` is in US dollars, None if a model's
    price is not known."""
    results = [result for turn in turns for result in turn.results]
    tokens = {
        "input": sum(result.tokens_input for result in results),
        "output": sum(result.tokens_output for result in results),
        "cached": sum(result.tokens_cached for result in results),
    }
    calls = sum(result.calls for result in results)
    return {"tokens": tokens, "calls": calls, "cost": total_cost(result.cost for result in results)}


def _time(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None
