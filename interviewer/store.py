"""The memory of all interviews: three tables, to which rows are only ever added.

- ``interviews``: who asked for what (owner, document, plan, settings).
- ``turns``: what the candidate wrote, committed before any model is called; unique (interview, n), so that a double
  submit or a second replica can't answer one place twice.
- ``results``: what came of a turn (kind, judgement, score, critique, model, tokens); a regrade or an objection adds
  another, and the last one counts.

A turn without a result is pending: the process ended in between, and resuming takes it up again. Everything else (the
current question, the score so far) is read from these rows.

SQLite (WAL, every commit synced to disk) by default, PostgreSQL by URL. Alembic migrates.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from interviewer.errors import AlreadyAnswered, StoreError, UserMistake

__all__ = ["HEAD", "InterviewRow", "ResultRow", "Store", "TurnRow", "metadata", "one_at_a_time"]

HEAD = "0002"
"""The newest schema revision (a test compares it with Alembic's)."""

BUSY_SECONDS = 10

WHOLE_ID = 36

KEPT = 64
"""Interviews whose rows stay in memory: rows never change, so what was read once need not be read again."""

MOST_IDS = 500
"""Ids in one query; SQLite takes some thousands."""


class UtcDateTime(sa.TypeDecorator[datetime]):
    """Times in UTC, also where the database keeps no time zone (SQLite)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


metadata = sa.MetaData()

interviews = sa.Table(
    "interviews",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("document", sa.String(255), nullable=False),
    sa.Column("document_sha256", sa.String(64), nullable=False),
    sa.Column("plan", sa.JSON, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("created", UtcDateTime, nullable=False, index=True),
)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("interview_id", sa.ForeignKey("interviews.id"), nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("question_id", sa.String(32), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("asked_probe", sa.String(64)),
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("created", UtcDateTime, nullable=False),
    sa.UniqueConstraint("interview_id", "n"),
)

results = sa.Table(
    "results",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("turn_id", sa.ForeignKey("turns.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("graded", sa.Boolean, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("judgement", sa.JSON),
    sa.Column("critique", sa.Text, nullable=False),
    sa.Column("probe", sa.String(64)),
    sa.Column("model", sa.String(255), nullable=False),
    sa.Column("prompt", sa.String(255), nullable=False),
    sa.Column("tokens_input", sa.Integer, nullable=False),
    sa.Column("tokens_output", sa.Integer, nullable=False),
    sa.Column("tokens_cached", sa.Integer, nullable=False, server_default="0"),
    sa.Column("calls", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cost", sa.Float),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("objection", sa.Text),
    sa.Column("created", UtcDateTime, nullable=False),
    sa.UniqueConstraint("turn_id", "seq"),
)


_versions = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))
"""Alembic's own table."""


@dataclass(frozen=True)
class ResultRow:
    """What came of a turn. ``score`` is None unless ``graded``; ``judgement`` is ``judge.Judgement`` as plain data.

    ``tokens_cached`` is the part of the input that came from the provider's cache, ``calls`` the requests made, ``cost``
    US dollars (None: a model whose price is not known).
    """

    kind: str
    graded: bool = False
    score: float | None = None
    judgement: dict[str, Any] | None = None
    critique: str = ""
    probe: str | None = None
    model: str = ""
    prompt: str = ""
    tokens_input: int = 0
    tokens_output: int = 0
    tokens_cached: int = 0
    calls: int = 0
    cost: float | None = 0.0
    seconds: float = 0.0
    error: str | None = None
    objection: str | None = None
    created: datetime | None = None


@dataclass(frozen=True)
class TurnRow:
    """What the candidate wrote at place ``n`` (from 1), and its results so far, oldest first."""

    n: int
    question_id: str
    question: str
    reply: str
    asked_probe: str | None = None
    created: datetime | None = None
    id: int = 0
    results: tuple[ResultRow, ...] = ()

    @property
    def result(self) -> ResultRow | None:
        """The result that counts, None while the turn is pending."""
        return self.results[-1] if self.results else None


@dataclass(frozen=True)
class InterviewRow:
    """An interview as it was asked for."""

    document: str
    document_sha256: str
    plan: tuple[str, ...]
    settings: dict[str, Any]
    owner: str = "local"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


_LIST = (
    sa.select(turns.c.id, results.c.id)
    .join_from(turns, results, results.c.turn_id == turns.c.id, isouter=True)
    .where(turns.c.interview_id == sa.bindparam("interview"))
    .order_by(turns.c.n, results.c.seq)
)
_ADD_TURN, _ADD_RESULT = turns.insert(), results.insert()

_Row = TypeVar("_Row")


@dataclass
class _Known:
    """Rows of an interview that have been read, by their database ids; turns without their results."""

    interview: InterviewRow | None = None
    turns: dict[int, TurnRow] = field(default_factory=dict)
    results: dict[int, ResultRow] = field(default_factory=dict)


class Store:
    """Interviews, turns and results in one database. Safe to share between threads.

    Raises (every method):
        StoreError: the database can't be read or written; the message is one line.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._cache: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()
        self._engine = _engine(url)
        with _errors(self.url):
            self._migrate()

    @classmethod
    def at(cls, home: Path, url: str | None = None) -> Store:
        """The store in a data folder, or at a database URL."""
        if url:
            return cls(url)
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the data folder {home} can't be used ({error.strerror}); set INTERVIEWER_HOME") from None
        return cls(f"sqlite:///{home / 'interviews.sqlite3'}")

    def close(self) -> None:
        self._engine.dispose()

    def add_interview(self, row: InterviewRow) -> None:
        values = {**vars(row), "plan": list(row.plan)}
        with self._begin() as connection:
            connection.execute(interviews.insert().values(**values))

    def interview(self, interview_id: str, owner: str | None = None) -> InterviewRow:
        """One interview, by its id or an unambiguous beginning of it (at least 4 characters).

        Raises:
            UserMistake: there is none, or it is another owner's (which is not told apart).
        """
        known = self._known(interview_id) if len(interview_id) == WHOLE_ID else _Known()
        if known.interview and owner in (None, known.interview.owner):
            return known.interview
        query = sa.select(interviews)
        if len(interview_id) == WHOLE_ID:
            query = query.where(interviews.c.id == interview_id)
        elif len(interview_id) >= 4:
            query = query.where(interviews.c.id.startswith(interview_id, autoescape=True)).limit(2)
        else:
            query = query.where(sa.false())
        if owner is not None:
            query = query.where(interviews.c.owner == owner)
        with self._connect() as connection:
            rows = connection.execute(query).all()
        if len(rows) != 1:
            raise UserMistake(f"no interview {interview_id!r}; `python -m interviewer list` shows them")
        known.interview = _interview(rows[0])
        return known.interview

    def list_interviews(self, owner: str | None = None, limit: int = 50) -> list[InterviewRow]:
        """The newest interviews, newest first."""
        query = sa.select(interviews).order_by(interviews.c.created.desc(), interviews.c.id).limit(limit)
        if owner is not None:
            query = query.where(interviews.c.owner == owner)
        with self._connect() as connection:
            return [_interview(row) for row in connection.execute(query)]

    def turns(self, interview_id: str) -> list[TurnRow]:
        """All turns of an interview in order, each with its results."""
        known = self._known(interview_id)
        with self._connect() as connection:
            listed = connection.execute(_LIST, {"interview": interview_id}).all()
            _read(connection, turns, {turn_id for turn_id, _ in listed}, known.turns, _turn)
            result_ids = {result_id for _, result_id in listed if result_id is not None}
            _read(connection, results, result_ids, known.results, _result)
        found: dict[int, list[ResultRow]] = {}
        for turn_id, result_id in listed:
            found.setdefault(turn_id, []).extend([known.results[result_id]] if result_id is not None else [])
        return [replace(known.turns[turn_id], results=tuple(rows)) for turn_id, rows in found.items()]

    def add_turn(self, interview_id: str, turn: TurnRow) -> TurnRow:
        """Commit what the candidate wrote, before anything is done with it.

        Raises:
            AlreadyAnswered: place ``n`` of this interview has a reply.
        """
        created = turn.created or datetime.now(UTC)
        values = {
            "interview_id": interview_id,
            "n": turn.n,
            "question_id": turn.question_id,
            "question": turn.question,
            "asked_probe": turn.asked_probe,
            "reply": turn.reply,
            "created": created,
        }
        try:
            with self._begin() as connection:
                turn_id = _new_id(connection.execute(_ADD_TURN, values))
        except sa.exc.IntegrityError:
            raise AlreadyAnswered(f"turn {turn.n} of interview {interview_id} has a reply already") from None
        kept = TurnRow(turn.n, turn.question_id, turn.question, turn.reply, turn.asked_probe, created, turn_id)
        self._known(interview_id).turns[turn_id] = kept
        return kept

    def add_result(self, turn: TurnRow, result: ResultRow) -> ResultRow:
        """Commit what came of a turn; where another process was quicker, its result is kept and returned."""
        created = result.created or datetime.now(UTC)
        row = ResultRow(**{**vars(result), "created": created})
        values = {**vars(row), "turn_id": turn.id, "seq": len(turn.results) + 1}
        try:
            with self._begin() as connection:
                connection.execute(_ADD_RESULT, values)
        except sa.exc.IntegrityError:
            with self._connect() as connection:
                kept = connection.execute(
                    sa.select(results).where(results.c.turn_id == turn.id).order_by(results.c.seq.desc()).limit(1)
                ).one()
            return _result(kept)
        return row

    def _known(self, interview_id: str) -> _Known:
        """What has been read of an interview before; the interviews that were read last are kept."""
        with self._lock:
            known = self._cache.setdefault(interview_id, _Known())
            self._cache.move_to_end(interview_id)
            while len(self._cache) > KEPT:
                self._cache.popitem(last=False)
            return known

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        with _errors(self.url), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        with _errors(self.url), self._engine.connect() as connection:
            yield connection

    def _migrate(self) -> None:
        """Bring the schema up to date: a new database gets the newest at once, an older one goes through Alembic, which
        is loaded only then. A test holds the two ways to the same schema."""
        with self._engine.connect() as connection:
            if _version(connection) == HEAD:
                return
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            if not sa.inspect(connection).get_table_names():
                metadata.create_all(connection)
                _versions.create(connection)
                connection.execute(_versions.insert().values(version_num=HEAD))
                return
        from interviewer.migrations import upgrade

        upgrade(self._engine)


def one_at_a_time(connection: sa.Connection) -> None:
    """Make processes that change the schema wait for each other; until the transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1649101)")


def _version(connection: sa.Connection) -> str | None:
    known = sa.inspect(connection).has_table(_versions.name)
    return connection.execute(sa.select(_versions.c.version_num)).scalar() if known else None


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        sqlite = parsed.get_backend_name() == "sqlite"
        arguments = {"timeout": BUSY_SECONDS} if sqlite else {}
        engine = sa.create_engine(parsed, connect_args=arguments, pool_pre_ping=not sqlite)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        raise UserMistake(f"INTERVIEWER_DATABASE_URL can't be used: {_first_line(error)}") from None
    if sqlite:
        sa.event.listen(engine, "connect", _sqlite_pragmas)
    return engine


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


@contextmanager
def _errors(url: str) -> Iterator[None]:
    """Database errors as one line that says what to do. Integrity errors are the caller's."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.SQLAlchemyError as error:
        cause = _first_line(getattr(error, "orig", None) or error)
        shown = make_url(url).render_as_string(hide_password=True)
        raise StoreError(f"the database {shown} can't be used: {cause}{_mend(cause)}") from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _mend(cause: str) -> str:
    mends: list[tuple[str, str]] = [
        ("locked", "; another program holds it, try again when that has ended"),
        ("not a database", "; it is damaged or no database, move it away to start a new one"),
        ("malformed", "; it is damaged, move it away to start a new one"),
        ("readonly", "; make the data folder writable or set INTERVIEWER_HOME"),
        ("unable to open", "; make the data folder writable or set INTERVIEWER_HOME"),
        ("disk is full", "; free some space and try again"),
    ]
    return next((mend for sign, mend in mends if sign in cause), "")


def _read(
    connection: sa.Connection, table: sa.Table, ids: set[int], known: dict[int, _Row], made: Callable[[Any], _Row]
) -> None:
    """Read the rows of these ids that are not known yet."""
    missing = sorted(ids - known.keys())
    for start in range(0, len(missing), MOST_IDS):
        wanted = sa.select(table).where(table.c.id.in_(missing[start : start + MOST_IDS]))
        known.update((row.id, made(row)) for row in connection.execute(wanted))


def _new_id(inserted: sa.CursorResult[Any]) -> int:
    key = inserted.inserted_primary_key
    assert key is not None
    return int(key[0])


def _interview(row: Any) -> InterviewRow:
    return InterviewRow(
        row.document, row.document_sha256, tuple(row.plan), dict(row.settings), row.owner, row.id, row.created
    )


def _turn(row: Any) -> TurnRow:
    return TurnRow(row.n, row.question_id, row.question, row.reply, row.asked_probe, row.created, row.id)


def _result(row: Any) -> ResultRow:
    names: Callable[[str], Any] = row._mapping.__getitem__
    return ResultRow(**{name: names(name) for name in ResultRow.__dataclass_fields__})
