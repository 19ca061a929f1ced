"""Errors of the knowledge package.

UserMistake              something the user gave can't be used; the message is one line and says what to do
├── DocumentError        a Q&A document can't be read (file, line, what, mend)
└── RubricError          a rubric file is not valid (file, line, what)
"""

from __future__ import annotations

__all__ = ["DocumentError", "RubricError", "UserMistake"]


class UserMistake(Exception):
    """The user's mistake: one clear line that says what is wrong and what to do."""


class DocumentError(UserMistake):
    """A document that can't be read as questions and answers."""

    def __init__(self, path: str, line: int | None, what: str, mend: str) -> None:
        self.path, self.line, self.what, self.mend = path, line, what, mend
        where = path if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {what}; {mend}")


class RubricError(UserMistake):
    """A rubric file that is not valid."""

    def __init__(self, path: str, line: int | None, what: str) -> None:
        self.path, self.line, self.what = path, line, what
        where = path if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {what}")
