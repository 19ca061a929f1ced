"""Questions and answers from tables: CSV, TSV, and JSON lines.

The first line of a CSV names its columns, in English or Korean and in any order; a JSON line is one object with the same
names. Only a question and an answer are needed::

    질문,답변,상위 질문
    경사 하강법이란?,기울기의 반대 방향으로 파라미터를 조금씩 옮긴다,
    학습률이 너무 크면?,최소점을 건너뛰어 발산할 수 있다,경사 하강법이란?

A row is a follow-up if its ``parent`` is the text or the ``id`` of a main question, or if ``follow-up`` says yes: then of
the main question above it. Without these two columns, the rows of one ``topic`` go together: its first question is the
main one. Several answer columns, or a list of answers in JSON, are several answers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from knowledge.entries import MAX_ENTRIES, Entry
from knowledge.errors import DocumentError

__all__ = ["ANSWER_NAMES", "QUESTION_NAMES", "read_csv", "read_json_lines"]

Role = Literal["question", "answer", "topic", "parent", "follow_up", "id"]

QUESTION_NAMES = frozenset("question questions q front prompt 질문 문제 물음 앞면".split())
ANSWER_NAMES = frozenset(
    "answer answers a back reference references response 답 답변 정답 대답 모범답안 해설 뒷면".split()
)
_NAMES: dict[Role, frozenset[str]] = {
    "question": QUESTION_NAMES,
    "answer": ANSWER_NAMES,
    "topic": frozenset("topic category section subject 주제 분류 단원".split()),
    "parent": frozenset("parent parentquestion main mainquestion 상위 상위질문 부모 부모질문 주질문".split()),
    "follow_up": frozenset("followup isfollowup 꼬리질문 후속질문 추가질문".split()),
    "id": frozenset("id no number 번호".split()),
}
_YES = frozenset("1 y yes true t o + 예 네".split())
_NO = frozenset(["", *"0 n no false f - 아니오 아니요".split()])


@dataclass
class _Row:
    """A row or an object of a table, by roles."""

    line: int
    question: str = ""
    answers: tuple[str, ...] = ()
    topic: str = ""
    parent: str = ""
    follow_up: str = ""
    id: str = ""

    def put(self, role: Role, value: str) -> None:
        if role == "answer":
            self.answers += (value,) if value.strip() else ()
        else:
            setattr(self, role, value.strip())


def read_csv(text: str, path: str, tabs: bool = False) -> list[Entry]:
    """The entries of a CSV (commas or semicolons; tabs in .tsv or where the header has them).

    Raises:
        DocumentError: the columns are not named, a quotation mark is not closed, a row's main question is not there.
    """
    header = text.split("\n", 1)[0]
    delimiter = "\t" if tabs or "\t" in header else ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = _csv_rows(reader, path)
    _, names = next(rows, (1, []))
    roles = [_role(name) for name in names]
    if "question" not in roles or "answer" not in roles:
        what = "the first line does not name the columns"
        raise DocumentError(path, 1, what, "call them question and answer (질문, 답변), and optionally parent or topic")
    for role in ("question", "topic", "parent", "follow_up", "id"):
        if roles.count(role) > 1:
            raise DocumentError(path, 1, f"two columns are a {role.replace('_', '-')}", "rename one of them")
    found = []
    for line, cells in islice(rows, MAX_ENTRIES + 1):
        row = _Row(line)
        for column, cell in zip(roles, cells, strict=False):
            if column:
                row.put(column, cell)
        found.append(row)
    return _entries(found, path, {role for role in roles if role})


def _csv_rows(reader: Any, path: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the lines that they begin on."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DocumentError(
                path, line, f"not CSV: {error}", "quote cells that hold commas or quotation marks"
            ) from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def read_json_lines(text: str, path: str) -> list[Entry]:
    """The entries of JSON lines. An answer is a text or a list of texts.

    Raises:
        DocumentError: a line is no object with a question, or its main question is not there.
    """
    rows: list[_Row] = []
    seen: set[Role] = set()
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            if len(rows) > MAX_ENTRIES:
                break
            row = _Row(number)
            for role, value in _json_fields(line, number, path):
                seen.add(role)
                row.put(role, value)
            rows.append(row)
    return _entries(rows, path, seen)


def _json_fields(line: str, number: int, path: str) -> Iterator[tuple[Role, str]]:
    mend = 'write one object a line, such as {"question": "…", "answer": "…"}'
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise DocumentError(path, number, "not JSON", mend) from None
    if not isinstance(data, dict) or not any(_role(name) == "question" for name in data):
        raise DocumentError(path, number, "there is no question in this line", mend)
    for name, value in data.items():
        role = _role(name)
        if role is None or value is None:
            continue
        for one in value if role == "answer" and isinstance(value, list) else [value]:
            if not isinstance(one, str | int | float):
                raise DocumentError(path, number, f"'{name}' is no text", mend)
            yield role, str(one)


def _role(name: str) -> Role | None:
    bare = "".join(letter for letter in name.casefold() if letter.isalnum())
    return next((role for role, names in _NAMES.items() if bare in names), None)


def _entries(rows: list[_Row], path: str, seen: set[Role]) -> list[Entry]:
    """Rows put in order: each main question with its follow-ups below it."""
    if len(rows) > MAX_ENTRIES:
        raise DocumentError(path, rows[MAX_ENTRIES].line, f"there are over {MAX_ENTRIES} questions", "split the file")
    by_topic = not seen & {"parent", "follow_up"}
    mains = [row for row in rows if not row.parent and not _is_follow_up(row, path)]
    by_name = {name: row.line for row in reversed(mains) for name in (row.question, row.id) if name}
    below: dict[int, list[_Row]] = {}
    heads: dict[str, int] = {}
    last: int | None = None
    for row in rows:
        if row.parent:
            if row.parent not in by_name:
                mend = "write the text or the id of a main question"
                raise DocumentError(path, row.line, f"there is no main question {row.parent[:80]!r}", mend)
            below.setdefault(by_name[row.parent], []).append(row)
        elif _is_follow_up(row, path):
            if last is None:
                raise DocumentError(path, row.line, "a follow-up stands before any main question", "move it below one")
            below.setdefault(last, []).append(row)
        elif by_topic and row.topic and row.topic in heads:
            below.setdefault(heads[row.topic], []).append(row)
        else:
            last = row.line
            heads.setdefault(row.topic, row.line)
            below.setdefault(row.line, [])
    return list(_in_order(mains, below))


def _in_order(mains: Iterable[_Row], below: dict[int, list[_Row]]) -> Iterator[Entry]:
    for main in mains:
        if main.line in below:
            yield Entry(main.question, main.answers, main.line)
            for row in below[main.line]:
                yield Entry(row.question, row.answers, row.line, follow_up=True)


def _is_follow_up(row: _Row, path: str) -> bool:
    said = row.follow_up.casefold()
    if said not in _YES | _NO:
        raise DocumentError(path, row.line, f"the follow-up column says {said[:40]!r}", "write yes, or leave it empty")
    return said in _YES
