"""Bring your own document: read a file of questions and keep it in the data folder, where every part of the program finds it.

    found = read(Path("cards.csv"))                 # entries in a bank, with remarks; nothing is written
    kept = save(found, home, force=False)           # HOME/documents/cards/document.txt and meta.json
    Library(home).open(kept.name)                   # choosable from now on

=========================  =================================================================
.txt, .md                  the form of ``deep_learning.ko.txt``, or Markdown headings
.csv, .tsv, .jsonl         a question and an answer column, in English or Korean (``tables``)
.apkg                      an Anki deck (``anki``)
=========================  =================================================================

A document is kept in one canonical text, whatever it came from; its line numbers are what critiques cite. Saving the same
text again changes nothing, so that an import that was interrupted while indexing goes on when it is run once more.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from knowledge.anki import read_anki
from knowledge.document import DEFAULT_DOCUMENT, MAX_BYTES, QuestionBank, parse, render
from knowledge.entries import Entry, Remark, bank_of, decode, lint
from knowledge.errors import DocumentError, UserMistake
from knowledge.language import nfc
from knowledge.tables import read_csv, read_json_lines

__all__ = ["FORMS", "Found", "Kept", "document_name", "read", "save"]

MAX_LINES = 600_000
MAX_LINE = 200_000
"""Lines of a text, and characters of one line. A document of 20 MB has a tenth of these."""

LONGEST_NAME = 60
_NOT_IN_NAMES = re.compile(r"[^\w.() +-]+")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True)
class Found:
    """What a file holds: its questions under the name that they would be kept by, and what its author may want to mend."""

    bank: QuestionBank
    source: Path
    remarks: tuple[Remark, ...]
    sha256: str

    @property
    def name(self) -> str:
        return self.bank.name


@dataclass(frozen=True)
class Kept:
    """A document in the data folder. ``state`` tells what the import did to it."""

    bank: QuestionBank
    folder: Path
    state: Literal["new", "same", "replaced"]
    set_aside: Path | None = None
    """Where the rubrics of the text that was replaced are now: they belong to other questions."""

    @property
    def name(self) -> str:
        return self.bank.name


def read(path: Path, name: str | None = None) -> Found:
    """Read a file in any of ``FORMS``; nothing is written.

    Raises:
        UserMistake: the name can't be one, or the ending is none of ``FORMS``.
        DocumentError: the file can't be read, is too large, hostile or no document; names the line where there is one.
    """
    chosen = document_name(name if name is not None else path.stem)
    reader = FORMS.get(path.suffix.lower())
    if reader is None:
        raise UserMistake(f"{path}: {path.suffix or 'no ending'} can't be imported; give one of {', '.join(FORMS)}")
    try:
        if not path.is_file():
            what = "is no file" if path.exists() else "there is no such file"
            raise DocumentError(str(path), None, what, "check the path")
        entries = reader(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DocumentError(str(path), None, f"can't be read ({error.strerror})", "check its permissions") from None
    return Found(bank_of(entries, chosen, str(path)), path, lint(entries), digest)


def document_name(wanted: str) -> str:
    """A name that is safe as a folder's: letters of any script, digits and ``-_.+()`` and blanks, not hidden, not too long.

    Raises:
        UserMistake: nothing is left of it, or the name is the built-in document's.
    """
    name = _NOT_IN_NAMES.sub("-", nfc(wanted))[:LONGEST_NAME].strip(" .-")
    if not name or _RESERVED.fullmatch(name):
        raise UserMistake(f"{wanted[:80]!r} can't be a document's name; give another with --name")
    if name.casefold() == DEFAULT_DOCUMENT.name.casefold():
        raise UserMistake(f"{name!r} is the document that comes with the program; give another name with --name")
    return name


def save(found: Found, home: Path, *, force: bool = False) -> Kept:
    """Keep a document, whole or not at all.

    Args:
        force: replace a document of this name that has another text. Its rubrics and drafts are moved aside, never deleted.

    Raises:
        UserMistake: there is another document of this name, or the folder can't be written.
    """
    folder = home / "documents" / found.name
    text = render(found.bank)
    state: Literal["new", "same", "replaced"] = "new"
    try:
        if (folder / "document.txt").exists():
            state = "same" if (folder / "document.txt").read_bytes() == text.encode() else "replaced"
        if state == "replaced" and not force:
            mend = "--force replaces it, --name keeps both"
            raise UserMistake(f"there is another document {found.name!r} already; {mend}")
        folder.mkdir(parents=True, exist_ok=True)
        aside = _move_aside(folder) if state == "replaced" else None
        if state != "same":
            _write(folder / "meta.json", json.dumps(_meta(found), ensure_ascii=False, indent=2) + "\n")
            _write(folder / "document.txt", text)
    except OSError as error:
        raise UserMistake(f"{folder}: can't be written ({error.strerror}); check the data folder") from None
    return Kept(found.bank, folder, state, aside)


def _move_aside(folder: Path) -> Path | None:
    """Rubrics and drafts of a text that is being replaced, moved into a folder named after that text."""
    left = [folder / name for name in ("rubrics", "drafts") if (folder / name).exists()]
    if not left:
        return None
    old = hashlib.sha256((folder / "document.txt").read_bytes()).hexdigest()[:8]
    aside = folder / f"before-{old}"
    number = 1
    while aside.exists():
        number += 1
        aside = folder / f"before-{old}-{number}"
    aside.mkdir()
    for path in left:
        path.rename(aside / path.name)
    return aside


def _meta(found: Found) -> dict[str, object]:
    mains = len(found.bank.mains)
    return {
        "name": found.name,
        "source": found.source.name,
        "source_sha256": found.sha256,
        "document_sha256": found.bank.sha256,
        "imported": datetime.now(UTC).isoformat(timespec="seconds"),
        "language": found.bank.language,
        "main_questions": mains,
        "follow_ups": len(found.bank) - mains,
        "answers": sum(len(question.answers) for question in found.bank),
    }


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(text.encode())
    draft.replace(path)


def _text(path: Path) -> str:
    """A file's text, refused before it is read where it is too large, and before it is parsed where it is hostile."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DocumentError(
            str(path), None, f"the file is over {MAX_BYTES >> 20} MB", "split it into smaller documents"
        )
    return decode(path.read_bytes(), str(path))


def _read_document(path: Path) -> list[Entry]:
    text = _text(path)
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise DocumentError(str(path), MAX_LINES, f"there are over {MAX_LINES:,} lines", "split the file")
    if (number := next((n for n, line in enumerate(lines, 1) if len(line) > MAX_LINE), None)) is not None:
        raise DocumentError(str(path), number, f"the line is over {MAX_LINE:,} characters", "break it into several")
    bank = parse(text, path.name, str(path))
    return [Entry(q.text, tuple(a.text for a in q.answers), q.lines[0], not q.is_main) for q in bank]


def _read_csv(path: Path) -> list[Entry]:
    return read_csv(_text(path), str(path))


def _read_tsv(path: Path) -> list[Entry]:
    return read_csv(_text(path), str(path), tabs=True)


def _read_json_lines(path: Path) -> list[Entry]:
    return read_json_lines(_text(path), str(path))


FORMS: dict[str, Callable[[Path], list[Entry]]] = {
    ".txt": _read_document,
    ".md": _read_document,
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_json_lines,
    ".apkg": read_anki,
}
"""How a file is read, by its ending."""
