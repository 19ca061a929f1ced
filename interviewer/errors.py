"""Errors, in three families.

UserMistake              (knowledge.errors) the user's mistake: one clear line and what to do; exit 1 or 2
├── DocumentError        a Q&A document can't be read
└── RubricError          a rubric file is not valid
InterviewerError         something else went wrong in an interview
├── ModelMisbehaved      the model answered, but with no judgement that can be used: not graded, counted, retried
├── ProviderFailed       the model could not be reached or refused: retried, then reported; the reply is kept
└── StoreError           the interview's memory can't be read or written
    └── AlreadyAnswered  this reply was received before (a double submit, a second replica): the first one counts
"""

from __future__ import annotations

from knowledge.errors import DocumentError, RubricError, UserMistake

__all__ = [
    "AlreadyAnswered",
    "DocumentError",
    "InterviewerError",
    "ModelMisbehaved",
    "ProviderFailed",
    "RubricError",
    "StoreError",
    "UserMistake",
]


class InterviewerError(Exception):
    """Base of what can go wrong in an interview through nobody's typing."""


class ModelMisbehaved(InterviewerError):
    """The model's answer holds no judgement that can be used."""


class ProviderFailed(InterviewerError):
    """The model could not be reached, refused, or ran out of quota. ``retryable`` tells whether waiting may help."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class StoreError(InterviewerError):
    """The interview's memory can't be read or written; the message is one line and says what to do."""


class AlreadyAnswered(StoreError):
    """This place in the interview has a reply already."""
