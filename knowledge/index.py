"""The search index: a document's questions and answer lines as vectors in Chroma.

    index = Index.open(home)                          # embedded, in home/chroma; or Index.open(home, url="http://…")
    index.refresh(bank)                               # Refreshed(added=162, deleted=0, kept=0); next time all are kept
    index.search("step size가 커서 loss가 올라간다")      # [Passage(question_id="2.4", kind="answer", …), …]

A chunk is a question or one answer line; a line over ``MAX_TOKENS`` is split, at ends of sentences where it can be. An
answer is embedded together with its question, since notes are terse ("빠름ㅋ" is why GPUs help); what is stored and
returned is the line. A chunk's id is a hash of what is embedded, so a refresh embeds only what is new and deletes what
is gone; a line that merely moved keeps its vector and gets its new line numbers.

A collection belongs to one document and one embedding (name and version): other embeddings get a collection of their
own, and vectors never mix. Chroma is used directly: langchain-chroma takes 1.8 s more to import and adds nothing here.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from knowledge.document import DEFAULT_DOCUMENT, QuestionBank, language_of
from knowledge.embeddings import OFFLINE, identity
from knowledge.embeddings import embeddings as embeddings_of
from knowledge.errors import UserMistake
from knowledge.tokens import count_tokens

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from langchain_core.embeddings import Embeddings

__all__ = ["MAX_TOKENS", "Chunk", "Index", "Passage", "Refreshed", "chunks", "split"]

MAX_TOKENS = 400
_BATCH = 500
_PATIENCE, _TIMEOUT = 3.0, 30.0
_LONGEST_QUERY = 4000
"""In characters; the beginning of a long reply says what it is about, and providers refuse over some 8,000 tokens."""
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 200}
_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")

Kind = Literal["question", "answer"]


@dataclass(frozen=True)
class Chunk:
    """What is embedded (``context``), what is stored (``text``), and its lines (a question's: where it begins)."""

    id: str
    question_id: str
    kind: Kind
    text: str
    context: str
    lines: tuple[int, int]


class Passage(NamedTuple):
    """A chunk found by a search. ``distance`` is the cosine distance to the query: 0 is the same, 1 unrelated."""

    question_id: str
    kind: Kind
    text: str
    lines: tuple[int, int]
    distance: float


class Refreshed(NamedTuple):
    """How many chunks a refresh embedded, deleted and left as they were."""

    added: int
    deleted: int
    kept: int


def chunks(bank: QuestionBank) -> list[Chunk]:
    """The document in chunks, in its own order."""
    out: list[Chunk] = []
    seen: Counter[str] = Counter()

    def add(question_id: str, kind: Kind, text: str, question: str, lines: tuple[int, int]) -> None:
        for part in split(text):
            context = part if kind == "question" else f"{question}\n{part}"
            content = "\0".join((question_id, kind, context))
            seen[content] += 1
            digest = hashlib.sha256(f"{content}\0{seen[content]}".encode("utf-8", "surrogatepass")).hexdigest()
            out.append(Chunk(digest[:32], question_id, kind, part, context, lines))

    for question in bank:
        add(question.id, "question", question.text, question.text, (question.lines[0], question.lines[0]))
        for answer in question.answers:
            add(question.id, "answer", answer.text, question.text, answer.lines)
    return out


def split(text: str, limit: int = MAX_TOKENS) -> list[str]:
    """The text in parts of at most ``limit`` tokens, cut at sentence ends, else at blanks, else anywhere."""
    if len(text.encode("utf-8", "surrogatepass")) <= limit or count_tokens(text) <= limit:  # a token is a byte or more
        return [text]
    sentences = [part for part in _SENTENCE_END.split(text) if part.strip()]
    if len(sentences) > 1:
        return _packed(sentences, limit)
    words = text.split()
    if len(words) > 1:
        return _packed(words, limit)
    step = max(1, limit // 4)
    return [text[start : start + step] for start in range(0, len(text), step)]


def _packed(pieces: Sequence[str], limit: int) -> list[str]:
    """Neighbouring pieces joined by blanks as long as they fit; a piece that is too long alone is split further."""
    out: list[str] = []
    room = 0
    for piece in pieces:
        size = count_tokens(piece) + 1
        if size - 1 > limit:
            out.extend(split(piece, limit))
            room = 0
        elif size <= room:
            out[-1] += f" {piece}"
            room -= size
        else:
            out.append(piece)
            room = limit - size
    return out


class Index:
    """One document's collection in Chroma. Safe to share between threads; open it with ``Index.open``."""

    def __init__(self, client: ClientAPI, embeddings: Embeddings, document: str, place: str) -> None:
        self._client, self._embeddings, self._document, self._place = client, embeddings, document, place
        self.identity = identity(embeddings)
        name = hashlib.sha256(f"{document}\0{self.identity}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
        with _clear_trouble(place):
            self._collection: Collection = client.get_or_create_collection(
                f"document-{name}",
                metadata={"document": document, "embeddings": self.identity},
                configuration=cast(Any, {"hnsw": _HNSW}),
                embedding_function=None,
            )

    @classmethod
    def open(
        cls,
        home: Path,
        url: str | None = None,
        embeddings: Embeddings | str = OFFLINE,
        document: str = DEFAULT_DOCUMENT.name,
    ) -> Index:
        """Open the index of a document, by its name: in ``home/chroma``, or on the Chroma server at ``url``.

        Raises:
            UserMistake: the folder is damaged, locked or can't be written; no server answers; unusable embeddings.
        """
        made = embeddings_of(embeddings) if isinstance(embeddings, str) else embeddings
        if url:
            return cls(_server(url), made, document, f"Chroma server {url}")
        folder = home / "chroma"
        return cls(_embedded(folder), made, document, f"search index {folder}")

    def __len__(self) -> int:
        with _clear_trouble(self._place):
            return self._collection.count()

    def close(self) -> None:
        """Release the database's files or the connections."""
        sessions = list(_sessions(self._client))
        self._client.close()  # type: ignore[attr-defined]
        for session in sessions:
            session.close()

    def refresh(self, bank: QuestionBank, report: Callable[[int, int], None] = lambda done, total: None) -> Refreshed:
        """Bring the collection in line with the document, embedding only chunks that it does not have yet.

        A batch of embedded chunks is kept as soon as it is done, so that a refresh that is broken off loses at most one.

        Args:
            report: is told after each batch how many of all chunks the collection has.

        Raises:
            ValueError: the bank is another document than the index was opened for.
            UserMistake: the index can't be written.
        """
        if bank.name != self._document:
            raise ValueError(f"the index of '{self._document}' can't hold '{bank.name}'")
        wanted = {chunk.id: chunk for chunk in chunks(bank)}
        with _clear_trouble(self._place):
            found = self._collection.get(include=["metadatas"])
        stored = dict(zip(found["ids"], found["metadatas"] or [], strict=True))
        new = [chunk for key, chunk in wanted.items() if key not in stored]
        gone = [key for key in stored if key not in wanted]
        moved = [c for key, c in wanted.items() if key in stored and stored[key] != _metadata(c, bank)]
        done = len(wanted) - len(new)
        for batch in _batches(new):
            vectors = self._embeddings.embed_documents([chunk.context for chunk in batch])
            with _clear_trouble(self._place):
                self._collection.upsert(
                    ids=[chunk.id for chunk in batch],
                    embeddings=cast(Any, vectors),
                    documents=[chunk.text for chunk in batch],
                    metadatas=[_metadata(chunk, bank) for chunk in batch],
                )
            done += len(batch)
            report(done, len(wanted))
        with _clear_trouble(self._place):
            for batch in _batches(moved):
                self._collection.update([chunk.id for chunk in batch], metadatas=[_metadata(c, bank) for c in batch])
            for start in range(0, len(gone), _BATCH):
                self._collection.delete(gone[start : start + _BATCH])
        return Refreshed(len(new), len(gone), len(wanted) - len(new))

    def search(self, query: str, k: int = 5, question_id: str | None = None) -> list[Passage]:
        """The ``k`` nearest passages, nearest first, of the whole document or of one question.

        Raises:
            UserMistake: the index can't be read.
        """
        vector = self._embeddings.embed_query(query[:_LONGEST_QUERY]) if query.strip() and k > 0 else []
        if not any(vector):
            return []
        with _clear_trouble(self._place):
            found = self._collection.query(
                query_embeddings=cast(Any, [vector]),
                n_results=k,
                where={"question_id": question_id} if question_id is not None else None,
                include=["documents", "metadatas", "distances"],
            )
        documents, metadatas, distances = found["documents"], found["metadatas"], found["distances"]
        assert documents  # one query, so one list each
        assert metadatas
        assert distances
        rows = zip(distances[0], found["ids"][0], documents[0], metadatas[0], strict=True)
        in_order = sorted(rows, key=lambda row: row[:2])  # equal distances by id, so that two runs give one order
        return [_passage(text, metadata, distance) for distance, _, text, metadata in in_order]


def _metadata(chunk: Chunk, bank: QuestionBank) -> dict[str, str | int]:
    return {
        "question_id": chunk.question_id,
        "kind": chunk.kind,
        "line_start": chunk.lines[0],
        "line_end": chunk.lines[1],
        "language": language_of(chunk.text),
        "document": bank.name,
        "sha256": bank.sha256,
    }


def _passage(text: str, metadata: Any, distance: float) -> Passage:
    lines = (int(metadata["line_start"]), int(metadata["line_end"]))
    return Passage(metadata["question_id"], metadata["kind"], text, lines, distance)


def _batches(items: Sequence[Chunk]) -> Iterator[Sequence[Chunk]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


_checked: set[Path] = set()
_lock = threading.Lock()


def _embedded(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    with _clear_trouble(f"search index {folder}"), _lock:
        folder.mkdir(parents=True, exist_ok=True)
        if folder not in _checked:
            _check_database(folder / "chroma.sqlite3")
        client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        _checked.add(folder)
        return client


def _check_database(path: Path) -> None:
    """Fail at once on a locked, damaged or read-only database, where Chroma would wait without end for the lock.

    Only before Chroma has the file open: closing it here would drop the locks that this process holds on it.
    """
    if path.exists():
        with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            database.execute("ROLLBACK")


def _server(url: str) -> ClientAPI:
    if not re.match(r"https?://[^/]", url):
        raise UserMistake(f"'{url}' is no Chroma server's address; write it as http://host:8000")
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/api/v2/heartbeat", timeout=_PATIENCE) as answer:
            answer.read()
    except (OSError, ValueError) as error:
        why = f"no Chroma server answers at {url} ({_first_line(error)})"
        raise UserMistake(f"{why}; start one with 'chroma run', or unset the address") from None
    import chromadb
    from chromadb.config import Settings

    with _clear_trouble(f"Chroma server {url}"):
        client = chromadb.HttpClient(host=url.rstrip("/"), settings=Settings(anonymized_telemetry=False))
        for session in _sessions(client):
            session.timeout = _TIMEOUT
        return client


def _sessions(client: ClientAPI) -> Iterator[Any]:
    """The HTTP sessions of a server's client, which Chroma neither limits in time nor closes."""
    for owner in (client, getattr(client, "_admin_client", None)):
        session = getattr(getattr(owner, "_server", None), "_session", None)
        if session is not None:
            yield session


_ADVICE = (
    (r"locked|busy", "another program holds it; stop that, or share one Chroma server (chroma run)"),
    (r"malformed|not a database|corrupt", "it is damaged; delete the folder, and it is built anew from the document"),
    (r"full|os error 28|Errno 28", "the disk is full; free some space"),
    (
        r"read-?only|denied|exists|not a directory|no such file|unable to open|Errno|os error",
        "it can't be written; check the path and its permissions, or choose another data folder",
    ),
)


@contextmanager
def _clear_trouble(place: str) -> Iterator[None]:
    """Chroma's many errors as one line that says what to do. A panic in its native part is no Exception."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        line = _first_line(error)
        advice = next((a for pattern, a in _ADVICE if re.search(pattern, line, re.IGNORECASE)), "")
        raise UserMistake(f"{place}: {line}" + (f"; {advice}" if advice else "")) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
