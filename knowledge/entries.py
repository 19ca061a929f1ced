"""Questions and answers from anywhere, on their way to becoming a document.

Every import ends here: a text, a table or an Anki deck becomes entries, and entries become one document in the canonical
form, so that nothing behind the import knows where questions came from.

    entries = [Entry("What is dropout?", ("Units are switched off at random.",), line=2)]
    bank_of(entries, "notes")        # a bank for which parse(render(bank)) == bank
    lint(entries)                    # (Remark(7, "has no answer"), …)

Text from outside is data: it is bounded, cleaned of what a terminal or a browser would act on, and never executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.document import Answer, Question, QuestionBank, parse, render
from knowledge.errors import DocumentError
from knowledge.language import nfc

__all__ = ["MAX_ENTRIES", "Entry", "Remark", "bank_of", "decode", "lint"]

MAX_ENTRIES = 100_000
MAX_QUESTION = 5_000
MAX_ANSWERS = 100_000
"""In characters: of one question, and of all its answers. Real ones are a hundredth of these."""

LONG_QUESTION = 500
LONG_ANSWERS = 3_000
"""In characters: from here on a question or its answers are worth a remark; an interviewer would not say them."""

_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_BLANK = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029]")
_INVISIBLE = re.compile(r"[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_HTML = re.compile(r"\s*<(?:!doctype\b|\?xml\b|html\b|head\b|body\b|script\b|svg\b|table\b|div\b)", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LANGUAGE_TAG = re.compile(r"[\w+#.-]*")
_SIGNATURES = {b"%PDF": "a PDF", b"PK\x03\x04": "an archive", b"SQLite format 3": "a database", b"\x1f\x8b": "packed"}


@dataclass(frozen=True)
class Entry:
    """A question with its answers, where it stands in its file, and whether it belongs to the main question above it."""

    question: str
    answers: tuple[str, ...]
    line: int
    follow_up: bool = False


@dataclass(frozen=True)
class Remark:
    """Something about an entry that its author may want to mend. The import goes on."""

    line: int
    what: str


def decode(raw: bytes, path: str) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or CP949 as Korean Windows programs write it.

    Raises:
        DocumentError: it is no text, holds control characters, or is a web page.
    """
    for signature, name in _SIGNATURES.items():
        if raw.startswith(signature):
            raise DocumentError(path, None, f"the file is {name}, not text", "save its questions as text or CSV")
    text = _decoded(raw, path)
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        what = "the file is binary" if found[0] == "\0" else f"there is a control character (U+{ord(found[0]):04X})"
        raise DocumentError(path, line, what, "give a plain text file")
    if _HTML.match(text):
        raise DocumentError(path, 1, "the file is a web page (HTML)", "copy its questions into a text file")
    return text


def _decoded(raw: bytes, path: str) -> str:
    encodings = ["utf-16"] if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp949"]
    wrong = []
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as error:
            wrong.append(raw.count(b"\n", 0, error.start) + 1)
            continue
        if encoding != "cp949" or _HANGUL.search(text):
            return text
    raise DocumentError(path, wrong[0], "the text is not UTF-8", "save the file as UTF-8")


def bank_of(entries: Sequence[Entry], name: str, path: str) -> QuestionBank:
    """The entries as a document in the canonical form, numbered from 1. Entries without a question are left out.

    Raises:
        DocumentError: there is no question, too many, or a text that is far too long; names the entry's line.
    """
    questions: list[Question] = []
    main = follow_up = 0
    for entry, text, is_main in _asked(entries):
        if len(text) > MAX_QUESTION or sum(map(len, entry.answers)) > MAX_ANSWERS:
            what, most = ("question", MAX_QUESTION) if len(text) > MAX_QUESTION else ("answer", MAX_ANSWERS)
            raise DocumentError(path, entry.line, f"the {what} is over {most:,} characters", "shorten it or split it")
        main, follow_up = (main + 1, 0) if is_main else (main, follow_up + 1)
        answers = tuple(Answer(one, (0, 0)) for one in _answers(entry.answers))
        questions.append(Question(str(main) if is_main else f"{main}.{follow_up}", text, answers))
    if not questions:
        raise DocumentError(path, None, "no question was found", "see README.md for the forms that can be imported")
    if len(questions) > MAX_ENTRIES:
        raise DocumentError(path, None, f"there are over {MAX_ENTRIES} questions", "split the file")
    return parse(render(QuestionBank(name, tuple(questions))), name)


def _asked(entries: Iterable[Entry]) -> Iterator[tuple[Entry, str, bool]]:
    """Entries that have a question, its text in one line, and whether it is a main question.

    Where a main question is left out, its first follow-up takes its place.
    """
    headless = True
    for entry in entries:
        text = " ".join(_cleaned(entry.question).split())
        if text:
            yield entry, text, headless or not entry.follow_up
            headless = False
        elif not entry.follow_up:
            headless = True


def _cleaned(text: str) -> str:
    """Composed, with plain blanks, without breaks written as HTML and without invisible or direction-turning marks."""
    text = _BLANK.sub(" ", _INVISIBLE.sub("", nfc(text.replace("\r\n", "\n").replace("\r", "\n"))))
    while (plain := _BREAK.sub(" ", text)) != text:
        text = plain
    return text


def _answers(answers: Iterable[str]) -> Iterator[str]:
    """Answer texts as the document holds them: a paragraph each, without empty lines and code fences.

    A fence would hide what follows it in the document if its other half were missing, so its lines stand without it.
    """
    for answer in answers:
        paragraph: list[str] = []
        for raw in _cleaned(answer).split("\n"):
            line = raw.strip()
            if line.startswith("```") and line.count("```") == 1:
                line = line.strip("`").strip()
                line = "" if _LANGUAGE_TAG.fullmatch(line) else line
                if not line:
                    continue
            if line:
                paragraph.append(line)
            elif paragraph:
                yield "\n".join(paragraph)
                paragraph = []
        if paragraph:
            yield "\n".join(paragraph)


def lint(entries: Sequence[Entry]) -> tuple[Remark, ...]:
    """What an author may want to mend: questions that are empty, asked twice, long, or without an answer."""
    empty = (entry for entry in entries if not _cleaned(entry.question).strip())
    remarks = [Remark(entry.line, "the question is empty; it is left out") for entry in empty]
    first: dict[tuple[int, str], int] = {}
    main = 0
    for entry, text, is_main in _asked(entries):
        main += is_main
        key = (0 if is_main else main, text.casefold())
        if key in first:
            remarks.append(Remark(entry.line, f"the question stands in line {first[key]} already"))
        first.setdefault(key, entry.line)
        answers = list(_answers(entry.answers))
        if not answers:
            remarks.append(Remark(entry.line, "the question has no answer to grade replies by"))
        if len(text) > LONG_QUESTION:
            remarks.append(Remark(entry.line, f"the question has {len(text):,} characters"))
        if (length := sum(map(len, answers))) > LONG_ANSWERS:
            remarks.append(
                Remark(entry.line, f"the answer has {length:,} characters; only its first claims are graded")
            )
    return tuple(sorted(remarks, key=lambda remark: remark.line))
