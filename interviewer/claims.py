"""Judge a reply by reference answers alone: which of their claims it makes, and how much of each reference it says.

The points of such a question are the references' own sentences, several references being alternatives of which the best
counts. How much of a reference the reply says is ``likeness.py``'s to tell; it is shared out among the reference's claims
by how well each is covered, so that the verdicts add up to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interviewer.likeness import likeness
from interviewer.meaning import vector
from interviewer.reading import Clause

__all__ = ["judge_claims"]

WHOLE = 0.9
"""Share of a claim from which it is a hit."""

NOTHING = 0.08
"""Share of a claim below which it is missed."""


def judge_claims(message: Mapping[str, Any], text: str, clauses: Sequence[Clause]) -> dict[str, Any]:
    """The judgement of a reply by the points' own wording, in the shape of ``judge.RawJudgement``."""
    question = message["question"].get("ko", "")
    said = " ".join(text[clause.start : clause.end] for clause in clauses)
    references: dict[int, list[tuple[str, str]]] = {}
    for point in message["points"]:
        claim = point["claim"] if isinstance(point["claim"], str) else point["claim"]["ko"]
        references.setdefault(point.get("reference", 0), []).append((point["id"], claim))
    points = []
    for claims in references.values():
        shares = (
            _shares(question, [claim for _, claim in claims], said, len(references)) if clauses else [0.0] * len(claims)
        )
        for (point_id, claim), share in zip(claims, shares, strict=True):
            points.append(_point(point_id, claim, share, text, clauses))
    return {"intent": "answer", "points": points, "misconceptions": [], "extras": []}


def _shares(question: str, claims: Sequence[str], said: str, alternatives: int) -> list[float]:
    """How much of each claim is made; on average as much as of the whole reference."""
    whole = likeness(question, " ".join(claims), said, alternatives)
    if len(claims) == 1:
        return [whole]
    each = [likeness(question, claim, said, alternatives) for claim in claims]
    total = sum(each)
    return [min(1.0, share * whole * len(claims) / total) for share in each] if total else [whole] * len(claims)


def _point(point_id: str, claim: str, share: float, text: str, clauses: Sequence[Clause]) -> dict[str, Any]:
    verdict = "hit" if share >= WHOLE else "partial" if share >= NOTHING else "missed"
    quote = ""
    if verdict != "missed":
        meant = vector(claim)
        best = max(clauses, key=lambda clause: (_shared(clause, claim), float(vector(clause.text) @ meant)))
        quote = text[best.start : best.end].strip()
    return {"id": point_id, "reason": "", "verdict": verdict, "share": round(share, 4), "quote": quote}


def _shared(clause: Clause, claim: str) -> int:
    lowered = claim.lower()
    return sum(word.form in lowered for word in clause.words)
