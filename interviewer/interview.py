"""One interview as plain data: its settings, its turns, and where it stands.

The state is never stored. It is read from the turns, in order, each time: resuming an interview is reading it.

    state = replay(plan, turns)
    state.current           # "1.2", or None when the interview is over
    state.awaiting_probe    # the point that the last question asked about once more, or None

Pure. What a turn may do to the order is decided here and nowhere else: no judgement and no text reaches this module,
only the kind of each turn and, after an answer, whether code chose to probe.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from interviewer.judge import CREDIT, Judgement
from interviewer.plan import Plan
from knowledge.answer_key import AnswerKey

__all__ = ["CLOSING", "MAX_HINTS", "Kind", "Move", "State", "choose_probe", "replay"]

Kind = Literal["answer", "probe", "hint", "skip", "repeat", "reveal", "clarify", "back", "object", "stop"]

CLOSING: frozenset[Kind] = frozenset({"answer", "probe", "skip", "reveal"})
"""Turns after which the question is done (an answer only if it is not probed)."""

MAX_HINTS = 3


@dataclass(frozen=True)
class Move:
    """What a finished turn means for the order. ``probe`` is the point asked about next, by code's choice."""

    question_id: str
    kind: Kind
    probe: str | None = None


@dataclass(frozen=True)
class State:
    """Where an interview stands.

    ``closed`` are the questions that are done; ``hints`` counts the hints given to each question; ``probed`` are the
    questions that had their one probe.
    """

    plan: Plan
    current: str | None
    awaiting_probe: str | None = None
    closed: frozenset[str] = frozenset()
    probed: frozenset[str] = frozenset()
    hints: dict[str, int] = field(default_factory=dict)
    stopped: bool = False

    @property
    def finished(self) -> bool:
        return self.current is None

    @property
    def position(self) -> int:
        """How many of the plan's questions come before the current one."""
        return len(self.plan) if self.current is None else self.plan.index(self.current)


def replay(plan: Plan, moves: Iterable[Move]) -> State:
    """The state after these moves. A move on a question that is not the current one changes nothing."""
    state = State(plan, plan.question_ids[0])
    for move in moves:
        state = _after(state, move)
    return state


def _after(state: State, move: Move) -> State:
    if state.current is None or move.question_id != state.current:
        return state
    current = state.current
    if move.kind == "stop":
        return replace(state, current=None, awaiting_probe=None, stopped=True)
    if move.kind == "hint":
        return replace(state, hints={**state.hints, current: min(MAX_HINTS, state.hints.get(current, 0) + 1)})
    if move.kind == "back":
        index = max(0, state.plan.index(current) - 1)
        previous = state.plan.question_ids[index]
        return replace(state, current=previous, awaiting_probe=None, closed=state.closed - {previous})
    if move.kind not in CLOSING:
        return state
    if move.kind == "answer" and move.probe and current not in state.probed:
        return replace(state, awaiting_probe=move.probe, probed=state.probed | {current})
    closed = state.closed | {current}
    return replace(state, current=_next_open(state.plan, current, closed), awaiting_probe=None, closed=closed)


def _next_open(plan: Plan, current: str, closed: frozenset[str]) -> str | None:
    """The first open question after the current one; after the last, one that was left open by going back."""
    start = plan.index(current) + 1
    ordered: Sequence[str] = plan.question_ids[start:] + plan.question_ids[:start]
    return next((question_id for question_id in ordered if question_id not in closed), None)


def choose_probe(judgement: Judgement, key: AnswerKey) -> str | None:
    """The point to ask about once more, or None.

    A core point that is partly made, the heaviest first; else a core point that is missing although the reply has
    earned something. A reply with full marks, or with nothing in it to go on from, is not probed.
    """
    if judgement.score >= 1 or not any(CREDIT[point.verdict] for point in judgement.points):
        return None
    probed = {point.id for point in key.points if point.probe}
    open_points = [p for p in judgement.points if p.core and p.id in probed and p.verdict in ("partial", "missed")]
    if not open_points:
        return None
    return max(open_points, key=lambda point: (point.verdict == "partial", point.weight)).id
