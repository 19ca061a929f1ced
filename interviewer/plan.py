"""Which questions an interview asks, in which order: the document's own.

    plan = make_plan(bank, topics=["1", "3"], follow_ups="none")
    plan.question_ids      # ("1", "3")

Pure. Nothing else in the project decides an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.document import QuestionBank
from knowledge.errors import UserMistake

__all__ = ["FollowUps", "Plan", "make_plan"]

FollowUps = Literal["all", "none"]


@dataclass(frozen=True)
class Plan:
    """The question ids of one interview, each once, in the document's order."""

    question_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.question_ids:
            raise UserMistake("the interview has no question; choose at least one topic")
        if len(set(self.question_ids)) != len(self.question_ids):
            raise ValueError("a question stands twice in the plan")

    def __len__(self) -> int:
        return len(self.question_ids)

    def index(self, question_id: str) -> int:
        return self.question_ids.index(question_id)


def make_plan(bank: QuestionBank, topics: Sequence[str | int] | None = None, follow_ups: FollowUps = "all") -> Plan:
    """The plan over a document: chosen topics (main question ids; all if None) with or without their follow-ups.

    The order in which topics are given does not matter: the document's order holds.

    Raises:
        UserMistake: a topic that the document does not have, or no topic at all.
    """
    known = [question.id for question in bank.mains]
    chosen = known if topics is None else [str(topic) for topic in topics]
    mains = set(known)
    for topic in chosen:
        if topic not in mains:
            raise UserMistake(
                f"there is no main question {topic!r} in {bank.name}; choose among {known[0]}–{known[-1]}"
            )
    wanted = set(chosen)
    ids = (q.id for q in bank if q.topic in wanted and (q.is_main or follow_ups == "all"))
    return Plan(tuple(ids))
