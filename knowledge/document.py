"""Read a Q&A document: main questions, follow-ups, answers, and the lines they stand on.

The form is the one of ``deep_learning.ko.txt``::

    1. A main question?
    A.
        1. An answer line
        continued on the next line.

    + A follow-up?
    A.
        1. Its answer.

Markdown headings serve as well: the highest level with questions under it is the main question,
one level deeper a follow-up, and the text below a heading is its answer.

    bank = load(Path("knowledge/deep_learning.ko.txt"))
    bank["1.2"].answers[0].lines      # (16, 17)

Pure: no third-party imports. Line numbers count from 1, as an editor shows them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from knowledge.errors import DocumentError

__all__ = [
    "DEFAULT_DOCUMENT",
    "MAX_BYTES",
    "Answer",
    "Question",
    "QuestionBank",
    "language_of",
    "load",
    "parse",
    "render",
]

DEFAULT_DOCUMENT = Path(__file__).with_name("deep_learning.ko.txt")
MAX_BYTES = 20 * 1024 * 1024

Language = Literal["ko", "en"]

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MAIN = re.compile(r"^ {0,3}(\d{1,6})[.)]\s*(.*)$")
_FOLLOW_UP = re.compile(r"^ {0,3}\+(?:\s+(.*)|)$")
_ANSWER = re.compile(r"^ {0,3}A\s*[.:]\s*(.*)$")
_ITEM = re.compile(r"^\s*(?:\d{1,6}[.)]|[-*•])(?:\s+(.*)|)$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u3131-\u318e\u1100-\u11ff]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Answer:
    """One answer line (with its continuation lines, joined by newlines) and where it stands."""

    text: str
    lines: tuple[int, int] = field(compare=False)


@dataclass(frozen=True)
class Question:
    """A main question ("3") or a follow-up ("3.1") with its answers, none if the document has none."""

    id: str
    text: str
    answers: tuple[Answer, ...] = ()
    lines: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def topic(self) -> str:
        """The id of the main question that this one belongs to."""
        return self.id.partition(".")[0]

    @property
    def is_main(self) -> bool:
        return "." not in self.id


@dataclass(frozen=True)
class QuestionBank:
    """A document's questions in its own order. ``sha256`` identifies the text that they were read from."""

    name: str
    questions: tuple[Question, ...]
    sha256: str = field(default="", compare=False)

    @cached_property
    def by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.questions}

    def __getitem__(self, question_id: str) -> Question:
        return self.by_id[question_id]

    def __contains__(self, question_id: object) -> bool:
        return question_id in self.by_id

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    def __len__(self) -> int:
        return len(self.questions)

    @property
    def mains(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.is_main)

    def follow_ups(self, main_id: str) -> tuple[Question, ...]:
        return tuple(self._follow_ups.get(main_id, ()))

    @cached_property
    def _follow_ups(self) -> dict[str, list[Question]]:
        below: dict[str, list[Question]] = {}
        for question in self.questions:
            if not question.is_main:
                below.setdefault(question.topic, []).append(question)
        return below

    @cached_property
    def language(self) -> Language:
        return language_of(" ".join(question.text for question in self.questions))


def language_of(text: str) -> Language:
    """ "ko" when at least a fifth of the letters are Hangul (Korean replies are full of English terms)."""
    hangul, latin = len(_HANGUL.findall(text)), len(_LATIN.findall(text))
    return "ko" if hangul and hangul * 4 >= latin else "en"


def load(path: Path) -> QuestionBank:
    """Read a document from a file.

    Raises:
        DocumentError: missing, unreadable, over ``MAX_BYTES``, not UTF-8 text, or not in a form that can be read.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            limit = MAX_BYTES // 1024 // 1024
            raise DocumentError(str(path), None, f"the file is over {limit} MB", "split it into smaller documents")
        raw = path.read_bytes()
    except OSError as error:
        what = "there is no such file" if isinstance(error, FileNotFoundError) else f"can't be read ({error.strerror})"
        raise DocumentError(str(path), None, what, "check the path and its permissions") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DocumentError(str(path), line, "the text is not UTF-8", "save the file as UTF-8") from None
    return parse(text, name=path.name, path=str(path))


def parse(text: str, name: str = "document", path: str | None = None) -> QuestionBank:
    """Read a document from text.

    Raises:
        DocumentError: names the file, the line, what is wrong with it and how to mend it.
    """
    where = path or name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if "\x00" in line:
            raise DocumentError(where, number, "the file is binary", "give a text file with questions and answers")
    fenced = _fenced_lines(lines)
    numbered = any(_MAIN.match(line) for i, line in enumerate(lines) if i not in fenced)
    headings = [(i, m) for i, line in enumerate(lines) if i not in fenced and (m := _HEADING.match(line))]
    if headings and not _reads_as_numbered(lines, headings, numbered):
        questions = _parse_headings(lines, headings, where)
    else:
        questions = _parse_numbered(lines, fenced, where)
    if not questions:
        raise DocumentError(where, None, "no question was found", "write main questions as '1. …' or as headings")
    return QuestionBank(name=name, questions=tuple(questions), sha256=digest)


def render(bank: QuestionBank) -> str:
    """The document's text in the numbered form: ``parse(render(bank)) == bank``."""
    out: list[str] = []
    for question in bank:
        out.append(f"{question.id}. {question.text}" if question.is_main else f"+ {question.text}")
        out.append("A.")
        for number, answer in enumerate(question.answers, 1):
            first, *rest = answer.text.split("\n")
            out.append(f"    {number}. {first}")
            out.extend(f"    {line}" for line in rest)
        out.append("")
    return "\n".join(out)


@dataclass
class _Draft:
    """A question while its lines are being read."""

    id: str
    text: str
    line: int
    last: int
    in_answer: bool = False
    at_margin: bool = False
    answers: list[tuple[list[str], int, int]] = field(default_factory=list)

    def question(self) -> Question:
        kept = []
        for parts, first, last in self.answers:
            while parts and not parts[-1]:
                parts.pop()
            body = "\n".join(parts).strip()
            if body:
                kept.append(Answer(body, (first, last)))
        return Question(self.id, self.text, tuple(kept), (self.line, self.last))


def _clean(text: str) -> str:
    return " ".join(_BREAK.sub(" ", text).split())


def _fenced_lines(lines: list[str]) -> set[int]:
    """Indices of lines inside ``` fences that are closed again: they are text, never structure."""
    inside: set[int] = set()
    opened: int | None = None
    for index, line in enumerate(lines):
        if line.lstrip().startswith("```") and line.count("```") == 1:
            if opened is None:
                opened = index
            else:
                inside.update(range(opened, index + 1))
                opened = None
    return inside


def _reads_as_numbered(lines: list[str], headings: list[tuple[int, re.Match[str]]], numbered: bool) -> bool:
    """Headings are decoration when numbered questions with answers or follow-ups stand outside them."""
    if not numbered:
        return False
    marks = sum(bool(_ANSWER.match(line) or _FOLLOW_UP.match(line)) for line in lines)
    return marks > 0 and not any(_MAIN.match(match.group(2)) for _, match in headings)


def _parse_numbered(lines: list[str], fenced: set[int], where: str) -> list[Question]:
    drafts: list[_Draft] = []
    main, follow_up = 0, 0
    current: _Draft | None = None
    for number, raw in enumerate(lines, 1):
        line = _BREAK.sub(" ", raw).rstrip()
        structural = number - 1 not in fenced
        if structural and (match := _FOLLOW_UP.match(line)):
            if not main:
                raise DocumentError(where, number, "a follow-up stands before any main question", "put '1. …' above it")
            follow_up += 1
            current = _Draft(f"{main}.{follow_up}", _clean(match.group(1) or ""), number, number)
            drafts.append(current)
        elif structural and (match := _MAIN.match(line)) and not _is_item(current, int(match.group(1)), main):
            if int(match.group(1)) <= main:
                mend = f"number it {main + 1}, or indent it if it belongs to the answer above"
                raise DocumentError(where, number, f"question {match.group(1)} follows question {main}", mend)
            main, follow_up = int(match.group(1)), 0
            current = _Draft(str(main), _clean(match.group(2)), number, number)
            drafts.append(current)
        elif structural and current and not current.in_answer and (match := _ANSWER.match(line)):
            current.in_answer, current.last = True, number
            if match.group(1).strip():
                current.answers.append(([match.group(1).strip()], number, number))
        elif line.strip():
            if current is None:
                if structural and _HEADING.match(line):
                    continue
                raise DocumentError(where, number, "text stands before the first question", "start with '1. …'")
            _add_line(current, line, number, structural)
    for draft in drafts:
        if not draft.text:
            raise DocumentError(where, draft.line, "the question is empty", "write the question on this line")
    return [draft.question() for draft in drafts]


def _is_item(current: _Draft | None, number: int, main: int) -> bool:
    """A numbered line at the margin is an answer item when an answer is open, its items so far stand at the margin too,
    and the number goes on from them."""
    if current is None or not current.in_answer or number == main + 1:
        return False
    return number == len(current.answers) + 1 and (current.at_margin or not current.answers)


def _add_line(current: _Draft, line: str, number: int, structural: bool) -> None:
    """A line of the question (before "A.") or of its answer: a new item or the continuation of the last one."""
    current.last = number
    if not current.in_answer:
        current.text = _clean(f"{current.text} {line}")
        return
    item = _ITEM.match(line) if structural else None
    if item:
        current.at_margin = _MAIN.match(line) is not None
    if item or not current.answers:
        current.answers.append(([(item.group(1) or "").strip() if item else line.strip()], number, number))
    else:
        parts, first, _ = current.answers[-1]
        parts.append(line.strip() if structural else line)
        current.answers[-1] = (parts, first, number)


def _parse_headings(lines: list[str], headings: list[tuple[int, re.Match[str]]], where: str) -> list[Question]:
    levels = [len(match.group(1)) for _, match in headings]
    top = min(levels)
    if levels.count(top) == 1 and levels[0] == top and len(levels) > 1:
        first, second = headings[0][0], headings[1][0]
        title_only = not any(line.strip() for line in lines[first + 1 : second])
        if title_only:
            headings, top = headings[1:], min(levels[1:])
    drafts: list[_Draft] = []
    main, follow_up = 0, 0
    bounds = [index for index, _ in headings[1:]] + [len(lines)]
    for (index, match), end in zip(headings, bounds, strict=True):
        text = _clean(re.sub(r"^\d{1,6}(?:\.\d{1,6})*[.)]\s+", "", match.group(2)))
        if not text:
            raise DocumentError(where, index + 1, "the heading is empty", "write the question on this line")
        if len(match.group(1)) == top:
            main, follow_up = main + 1, 0
            draft = _Draft(str(main), text, index + 1, index + 1, in_answer=True)
        else:
            if not main:
                raise DocumentError(
                    where, index + 1, "a follow-up stands before any main question", "add a heading above it"
                )
            follow_up += 1
            draft = _Draft(f"{main}.{follow_up}", text, index + 1, index + 1, in_answer=True)
        _add_body(draft, lines, index + 1, end)
        drafts.append(draft)
    return [draft.question() for draft in drafts]


def _add_body(draft: _Draft, lines: list[str], start: int, end: int) -> None:
    """The text below a heading: list items and paragraphs become answer lines, fenced code stays whole."""
    fenced = _fenced_lines(lines[start:end])
    new_paragraph = True
    for offset, raw in enumerate(lines[start:end]):
        line, number, structural = _BREAK.sub(" ", raw).rstrip(), start + offset + 1, offset not in fenced
        if structural and not line.strip():
            new_paragraph = True
            continue
        if structural and _ANSWER.match(line):
            line = _ANSWER.match(line).group(1)  # type: ignore[union-attr]
            if not line.strip():
                continue
        if new_paragraph and structural and not _ITEM.match(line):
            draft.answers.append(([line.strip()], number, number))
            draft.last = number
        else:
            _add_line(draft, line, number, structural)
        new_paragraph = False
