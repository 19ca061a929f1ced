"""The documents that can be asked about: the one that comes with the project, and those imported into the data folder.

    library = Library(home)
    book = library.open("deep_learning.ko.txt")
    key = book.key("1.2")

An imported document lies in ``HOME/documents/NAME/``: ``document.txt`` in the form that ``document.py`` reads, and
``rubrics/`` if it has any. A book is read once a process and never changes under a running interview.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from knowledge.answer_key import AnswerKey, from_answers, from_rubric
from knowledge.document import DEFAULT_DOCUMENT, QuestionBank, load
from knowledge.errors import UserMistake
from knowledge.rubric import RUBRICS, Rubric, Topic, load_topic

__all__ = ["Book", "Library"]


@dataclass
class Book:
    """A document with its answer key. Rubric files are read topic by topic, when first needed."""

    bank: QuestionBank
    rubrics: Path | None = None
    _topics: dict[str, Topic | None] = field(default_factory=dict, repr=False)
    _keys: dict[str, AnswerKey] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return self.bank.name

    def topic(self, main_id: str) -> Topic | None:
        """The rubric file of a main question, None if it has none."""
        if main_id not in self._topics:
            path = self.rubrics / f"{int(main_id):02d}.yaml" if self.rubrics else None
            self._topics[main_id] = load_topic(path) if path and path.is_file() else None
        return self._topics[main_id]

    def rubric(self, question_id: str) -> Rubric | None:
        topic = self.topic(question_id.partition(".")[0])
        return next((r for r in topic.questions if r.id == question_id), None) if topic else None

    def key(self, question_id: str) -> AnswerKey:
        """What replies to a question are graded by: its rubric, or else its own answers."""
        if question_id not in self._keys:
            rubric = self.rubric(question_id)
            made = from_rubric(self.bank, rubric) if rubric else from_answers(self.bank, question_id)
            self._keys[question_id] = made
        return self._keys[question_id]

    def title(self, main_id: str, language: str) -> str:
        """A short name for a topic: the rubric's, or the main question itself."""
        topic = self.topic(main_id)
        return topic.topic[language] if topic else self.bank[main_id].text

    @cached_property
    def topics(self) -> tuple[str, ...]:
        return tuple(question.id for question in self.bank.mains)


class Library:
    """All books of a data folder, the built-in one first."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home
        self._books: dict[str, Book] = {}

    @property
    def names(self) -> list[str]:
        """The documents that can be chosen."""
        imported = sorted(p.parent.name for p in self._folder.glob("*/document.txt")) if self._folder else []
        return [DEFAULT_DOCUMENT.name, *imported]

    def open(self, name: str | None = None) -> Book:
        """A document by name, the built-in one by default.

        Raises:
            UserMistake: there is no such document.
            DocumentError, RubricError: its files can't be read.
        """
        name = name or DEFAULT_DOCUMENT.name
        if name not in self._books:
            self._books[name] = self._read(name)
        return self._books[name]

    @property
    def _folder(self) -> Path | None:
        return self.home / "documents" if self.home else None

    def _read(self, name: str) -> Book:
        if name == DEFAULT_DOCUMENT.name:
            return Book(load(DEFAULT_DOCUMENT), RUBRICS)
        if name not in self.names or self._folder is None:
            raise UserMistake(f"there is no document {name!r}; there are {', '.join(self.names)}")
        folder = self._folder / name
        bank = load(folder / "document.txt")
        rubrics = folder / "rubrics"
        return Book(QuestionBank(name, bank.questions, bank.sha256), rubrics if rubrics.is_dir() else None)
