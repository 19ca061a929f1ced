"""Judge a reply by reference answers alone: which of their claims it makes.

Placeholder engine: overlap of content words, weighted by length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interviewer.reading import Clause, content_words

__all__ = ["judge_claims"]


def judge_claims(message: Mapping[str, Any], text: str, clauses: Sequence[Clause]) -> dict[str, Any]:
    """The judgement of a reply by the points' own wording, in the shape of ``judge.RawJudgement``."""
    points = []
    for point in message["points"]:
        claim = point["claim"] if isinstance(point["claim"], str) else point["claim"]["ko"]
        wanted = {word.key for word in content_words(claim)}
        best, where = 0.0, None
        for clause in clauses:
            share = len(wanted & {word.key for word in clause.words}) / max(1, len(wanted))
            if share > best:
                best, where = share, clause
        verdict = "hit" if best >= 0.5 else "partial" if best >= 0.25 else "missed"
        quote = text[where.start : where.end] if where and verdict != "missed" else ""
        points.append({"id": point["id"], "reason": "", "verdict": verdict, "quote": quote})
    return {"intent": "answer", "points": points, "misconceptions": [], "extras": []}
