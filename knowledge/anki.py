"""Questions and answers from an Anki deck (.apkg): a zip archive with an SQLite database of notes.

A note's front is the question and its back the answer; a cloze note asks for what it leaves out. Fields are HTML, of which
only the text is kept. Media, scheduling and templates are not read.

The archive comes from a stranger. Nothing is extracted by the name of a member: the one member that is wanted is copied
to a file of our own naming, within limits, and opened read-only, with a time limit, by an SQLite that trusts no schema.
"""

from __future__ import annotations

import html
import json
import re
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO

from knowledge.entries import MAX_ENTRIES, Entry
from knowledge.errors import DocumentError
from knowledge.tables import ANSWER_NAMES, QUESTION_NAMES

__all__ = ["MAX_ARCHIVE", "MAX_DATABASE", "plain_text", "read_anki"]

MAX_ARCHIVE = 256 * 1024 * 1024
MAX_DATABASE = 128 * 1024 * 1024
MAX_RATIO = 200
MAX_DIRECTORY = 8 * 1024 * 1024
MAX_TEXT = 20 * 1024 * 1024
"""Of the archive, its unpacked database, unpacked to packed size, the archive's own directory, and all notes, in bytes
or characters. An SQLite database packs three to ten times."""
MAX_SECONDS = 30.0

_WITHOUT_MEDIA = "export the deck from Anki without media and scheduling"
_OLDER = "export the deck from Anki with 'Support older Anki versions' ticked"
_END = b"PK\x05\x06"
_END_LENGTH, _LONGEST_COMMENT = 22, 65535
_CHUNK = 1024 * 1024
_ZSTD_WINDOW = 64 * 1024 * 1024

_TAG = re.compile(r"(<[!/a-zA-Z][^<>]*>)")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_BLOCKS = frozenset("br p div tr table ul ol dl dd dt hr pre blockquote section h1 h2 h3 h4 h5 h6".split())
_HIDDEN = frozenset("script style head title template iframe object noscript".split())
_SOUND = re.compile(r"\[sound:[^\]]*\]")
_LATEX = re.compile(r"\[/?(?:latex|\$\$?)\]")
_CLOZE = re.compile(r"\{\{c\d{1,4}::([^{}]*)\}\}")
_LEFT_OUT = "[…]"


def read_anki(path: Path) -> list[Entry]:
    """The notes of a deck, each as a main question; ``line`` is the note's number.

    Raises:
        DocumentError: no Anki archive, a damaged or a hostile one, or one whose format can't be read here.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="anki-") as folder, path.open("rb") as file:
            _check_directory(file, path)
            with zipfile.ZipFile(file) as archive:
                database = Path(folder) / "collection.sqlite"
                _unpack(archive, database, path)
            with closing(_opened(database)) as connection:
                return list(_entries(connection, path))
    except zipfile.BadZipFile:
        raise DocumentError(str(path), None, "not an Anki deck (no zip archive, or a damaged one)", _OLDER) from None
    except sqlite3.Error as error:
        slow = "interrupted" in str(error)
        what = f"reading takes over {MAX_SECONDS:.0f} s" if slow else "the database inside is damaged or no Anki one"
        raise DocumentError(str(path), None, what, "export the deck from Anki once more") from None


def _check_directory(file: IO[bytes], path: Path) -> None:
    """Look at the archive's size and the size of its directory before anything of it is read into memory."""
    size = file.seek(0, 2)
    if size > MAX_ARCHIVE:
        raise DocumentError(str(path), None, f"the deck is over {MAX_ARCHIVE >> 20} MB", _WITHOUT_MEDIA)
    file.seek(max(0, size - _END_LENGTH - _LONGEST_COMMENT))
    tail = file.read()
    start = tail.rfind(_END)
    if start < 0 or len(tail) < start + _END_LENGTH:
        raise zipfile.BadZipFile
    if int.from_bytes(tail[start + 12 : start + 16], "little") > MAX_DIRECTORY:
        raise DocumentError(str(path), None, "the archive has too many members", _WITHOUT_MEDIA)
    file.seek(0)


def _unpack(archive: zipfile.ZipFile, target: Path, path: Path) -> None:
    """Copy the newest database of the archive to a file of ours, no further than the limits."""
    members = {info.filename: info for info in archive.infolist()}
    name = next((n for n in ("collection.anki21b", "collection.anki21", "collection.anki2") if n in members), None)
    if name is None:
        raise DocumentError(str(path), None, "not an Anki deck (it holds no collection)", _OLDER)
    info = members[name]
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DocumentError(str(path), None, "the archive is encrypted or packed in an unusual way", _OLDER)
    if info.file_size > MAX_DATABASE or info.file_size > MAX_RATIO * max(1, info.compress_size):
        raise DocumentError(str(path), None, f"{name} would unpack to {info.file_size >> 20:,} MB", _WITHOUT_MEDIA)
    with archive.open(info) as packed, target.open("wb") as out:
        source = _zstandard(packed, path) if name.endswith("b") else packed
        done = 0
        while chunk := _read_chunk(source, path):
            done += len(chunk)
            if done > min(MAX_DATABASE, MAX_RATIO * max(1, info.compress_size)):
                raise DocumentError(str(path), None, f"{name} unpacks to over {done >> 20:,} MB", _WITHOUT_MEDIA)
            out.write(chunk)


def _zstandard(packed: IO[bytes], path: Path) -> IO[bytes]:
    """The newer format is packed once more, which Python reads only with a package of its own."""
    try:
        import zstandard
    except ImportError:
        what = "the deck is in Anki's newer format, which needs the package zstandard"
        raise DocumentError(str(path), None, what, _OLDER) from None
    reader: IO[bytes] = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(packed)
    return reader


def _read_chunk(source: IO[bytes], path: Path) -> bytes:
    try:
        return source.read(_CHUNK)
    except Exception as error:  # zlib's, zipfile's and zstandard's errors have no common base
        raise DocumentError(str(path), None, f"the archive is damaged ({type(error).__name__})", _OLDER) from None


def _opened(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TEXT)
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
        connection.execute(f"PRAGMA {pragma}")
    deadline = time.monotonic() + MAX_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
    return connection


def _entries(connection: sqlite3.Connection, path: Path) -> Iterator[Entry]:
    """The notes in the order in which they were made."""
    kind = connection.execute("SELECT type, sql FROM sqlite_master WHERE name = 'notes'").fetchone()
    if kind is None or kind[0] != "table" or "virtual" in str(kind[1]).lower():
        raise sqlite3.DatabaseError("no table of notes")
    fields = _field_names(connection)
    total = 0
    for number, (model, text) in enumerate(connection.execute("SELECT mid, flds FROM notes ORDER BY id"), 1):
        total += len(str(text))
        if total > MAX_TEXT or number > MAX_ENTRIES:
            raise DocumentError(str(path), None, "the deck holds too much text", "export a smaller deck")
        yield _entry(str(text).split("\x1f"), fields.get(str(model), ()), number)


def _field_names(connection: sqlite3.Connection) -> Mapping[str, tuple[str, ...]]:
    """Names of fields by note type, from wherever this version of Anki keeps them; none if it can't be told."""
    names: dict[str, tuple[str, ...]] = {}
    try:
        for model, name in connection.execute("SELECT ntid, name FROM fields ORDER BY ntid, ord"):
            names[str(model)] = (*names.get(str(model), ()), str(name))
    except sqlite3.Error:
        try:
            (text,) = connection.execute("SELECT models FROM col").fetchone()
            models = json.loads(text)
            return {str(key): tuple(str(field["name"]) for field in one["flds"]) for key, one in models.items()}
        except (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}
    return names


def _entry(fields: list[str], names: tuple[str, ...], number: int) -> Entry:
    if _CLOZE.search(fields[0]):
        left_out = _CLOZE.sub(_LEFT_OUT, fields[0])
        whole = _CLOZE.sub(lambda found: found[1].partition("::")[0], fields[0])
        texts = [plain_text(text) for text in (left_out, whole, *fields[1:2])]
        return Entry(texts[0], tuple(text for text in texts[1:] if text), number)
    known = [name.strip().casefold() for name in names[: len(fields)]]
    front = next((i for i, name in enumerate(known) if name in QUESTION_NAMES), 0)
    back = next((i for i, name in enumerate(known) if name in ANSWER_NAMES and i != front), None)
    if back is None:
        back = next((i for i in range(len(fields)) if i != front), front)
    answer = plain_text(fields[back]) if back != front else ""
    return Entry(plain_text(fields[front]), (answer,) if answer else (), number)


def plain_text(field: str) -> str:
    """The text of a field: tags become line breaks or nothing, scripts and sounds nothing, entities what they stand for.

    Reads each character once, whatever it is given; the result is text, in which a "<" is only a letter.
    """
    out: list[str] = []
    hidden = ""
    for position, part in enumerate(_TAG.split(field)):
        if position % 2 == 0:
            out.append("" if hidden else part)
            continue
        named = _NAME.match(part)
        name = named[1].lower() if named else ""
        if hidden:
            hidden = "" if name == hidden and part.startswith("</") else hidden
        elif name in _HIDDEN and not part.startswith("</") and not part.endswith("/>"):
            hidden = name
        elif name == "li":
            out.append("\n- " if not part.startswith("</") else "\n")
        elif name in _BLOCKS:
            out.append("\n")
    text = html.unescape(_LATEX.sub("", _SOUND.sub("", "".join(out))))
    return "\n".join(line for line in (" ".join(raw.split()) for raw in text.split("\n")) if line)
