"""Errors, in three families.

UserMistake              (knowledge.errors) the user's mistake: one clear line and what to do; exit 1 or 2
├── DocumentError        a Q&A document can't be read
└── RubricError          a rubric file is not valid
InterviewerError         something else went wrong in an interview
├── ModelFailed          a model gave no judgement: not graded, counted; the reply is kept and can be graded later
│   ├── ModelMisbehaved  it answered, but with nothing that can be used: asked once more
│   ├── ProviderFailed   it could not be reached or turned the request down: retried where that helps
│   └── Stopped          it was not asked, or not any longer: cancelled, or the budget is spent
└── StoreError           the interview's memory can't be read or written
    └── AlreadyAnswered  this reply was received before (a double submit, a second replica): the first one counts
"""

from __future__ import annotations

from knowledge.errors import DocumentError, RubricError, UserMistake

__all__ = [
    "AlreadyAnswered",
    "DocumentError",
    "InterviewerError",
    "ModelFailed",
    "ModelMisbehaved",
    "ProviderFailed",
    "RubricError",
    "Stopped",
    "StoreError",
    "UserMistake",
]


class InterviewerError(Exception):
    """Base of what can go wrong in an interview through nobody's typing."""


class ModelFailed(InterviewerError):
    """A model gave no judgement. ``code`` is one of ``interviewer.failures.REASONS``, which has its words.

    ``str()`` of it is one English line that never holds what a provider said, since that may hold a key.
    """

    def __init__(self, code: str) -> None:
        from interviewer.failures import reason

        super().__init__(reason(code, "en"))
        self.code = code


class ModelMisbehaved(ModelFailed):
    """The model's answer holds no judgement that can be used."""


class ProviderFailed(ModelFailed):
    """The model could not be reached, refused, or ran out of quota.

    ``retryable`` tells whether waiting may help; ``wait`` is the provider's own word on how long, in seconds.
    """

    def __init__(self, code: str, *, wait: float | None = None) -> None:
        from interviewer.failures import REASONS

        super().__init__(code)
        self.retryable = REASONS[code].passing
        self.wait = wait


class Stopped(ModelFailed):
    """The candidate cancelled the judging, or the budget does not allow it."""


class StoreError(InterviewerError):
    """The interview's memory can't be read or written; the message is one line and says what to do."""


class AlreadyAnswered(StoreError):
    """This place in the interview has a reply already."""
