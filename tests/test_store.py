"""What a candidate typed is never lost, and never graded twice."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from interviewer.errors import AlreadyAnswered, StoreError, UserMistake
from interviewer.migrations import config, upgrade
from interviewer.store import HEAD, InterviewRow, ResultRow, Store, TurnRow, metadata


def interview(store: Store, owner: str = "me") -> InterviewRow:
    row = InterviewRow("notes.txt", "0" * 64, ("1", "2"), {"language": "ko"}, owner)
    store.add_interview(row)
    return row


def test_rows_come_back_as_they_went_in(home: Path) -> None:
    store = Store.at(home)
    row = interview(store)
    turn = store.add_turn(row.id, TurnRow(1, "1", "왜?", "모르겠\u0000습니다 <b>"))
    store.add_result(turn, ResultRow("answer", True, 0.5, {"점": ["수"]}, "critique"))
    again = Store.at(home)
    assert again.interview(row.id) == row
    assert again.interview(row.id[:8]) == row
    (found,) = again.turns(row.id)
    assert found.reply == "모르겠\u0000습니다 <b>"
    assert found.result is not None
    assert (found.result.score, found.result.judgement) == (0.5, {"점": ["수"]})


def test_one_place_takes_one_reply(home: Path) -> None:
    store = Store.at(home)
    row = interview(store)
    outcomes: list[str] = []

    def submit(text: str) -> None:
        try:
            store.add_turn(row.id, TurnRow(1, "1", "q", text))
            outcomes.append(text)
        except AlreadyAnswered:
            outcomes.append("refused")

    threads = [threading.Thread(target=submit, args=(f"reply {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 7
    assert [turn.reply for turn in store.turns(row.id)] == [one for one in outcomes if one != "refused"]


def test_two_replicas_that_grade_one_turn_keep_the_first_result(home: Path) -> None:
    one, other = Store.at(home), Store.at(home)
    row = interview(one)
    turn = one.add_turn(row.id, TurnRow(1, "1", "q", "a"))
    (pending,) = other.turns(row.id)
    assert one.add_result(turn, ResultRow("answer", True, 0.2)).score == 0.2
    assert other.add_result(pending, ResultRow("answer", True, 0.9)).score == 0.2
    assert [result.score for result in other.turns(row.id)[0].results] == [0.2]


def test_a_second_result_is_added_not_overwritten(home: Path) -> None:
    store = Store.at(home)
    row = interview(store)
    store.add_result(store.add_turn(row.id, TurnRow(1, "1", "q", "a")), ResultRow("answer", True, 0.2))
    store.add_result(store.turns(row.id)[0], ResultRow("answer", True, 0.7, objection="I said so"))
    (turn,) = store.turns(row.id)
    assert [result.score for result in turn.results] == [0.2, 0.7]
    assert turn.result is not None
    assert turn.result.objection == "I said so"


def test_interviews_are_their_owners(home: Path) -> None:
    store = Store.at(home)
    mine, theirs = interview(store, "me"), interview(store, "you")
    assert [row.id for row in store.list_interviews("me")] == [mine.id]
    assert len(store.list_interviews()) == 2
    with pytest.raises(UserMistake):
        store.interview(theirs.id, "me")


@pytest.mark.parametrize("interview_id", ["", "abc", "nothere", "%", "____", "0" * 36])
def test_an_id_that_names_no_interview(home: Path, interview_id: str) -> None:
    store = Store.at(home)
    interview(store)
    with pytest.raises(UserMistake, match="no interview"):
        store.interview(interview_id)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"garbage " * 2000, "not a database"), (b"SQLite format 3\x00" + b"\xff" * 8000, "can.t be used")],
)
def test_a_damaged_database_is_one_clear_line(home: Path, content: bytes, says: str) -> None:
    home.mkdir()
    path = home / "interviews.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=says) as caught:
        Store.at(home)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_locked_database_is_one_clear_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interviewer.store.BUSY_SECONDS", 0.1)
    store = Store.at(home)
    row = interview(store)
    holder = sqlite3.connect(home / "interviews.sqlite3")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked") as caught:
        store.add_turn(row.id, TurnRow(1, "1", "q", "a"))
    assert "\n" not in str(caught.value)
    holder.close()
    store.add_turn(row.id, TurnRow(1, "1", "q", "a"))


def test_a_data_folder_that_is_a_file(home: Path) -> None:
    home.write_text("not a folder")
    with pytest.raises(StoreError, match="INTERVIEWER_HOME"):
        Store.at(home)


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "postgresql://"])
def test_a_database_url_that_cannot_be_used(home: Path, url: str) -> None:
    with pytest.raises((UserMistake, StoreError)) as caught:
        Store.at(home, url)
    assert "\n" not in str(caught.value)


def test_a_password_in_the_url_is_never_shown(home: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Store.at(home, "postgresql://user:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)


def test_a_new_database_has_the_schema_that_alembic_makes(home: Path) -> None:
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD
    Store.at(home).close()
    migrated = sa.create_engine(f"sqlite:///{home / 'migrated.sqlite3'}")
    upgrade(migrated)
    new = sa.create_engine(f"sqlite:///{home / 'interviews.sqlite3'}")
    for engine in (migrated, new):
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, metadata) == []
            assert context.get_current_revision() == HEAD
        engine.dispose()


def test_an_older_database_goes_through_alembic(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.at(home).close()
    with closing(sqlite3.connect(home / "interviews.sqlite3")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
        connection.commit()
    asked: list[str] = []
    monkeypatch.setattr("interviewer.migrations.upgrade", lambda engine: asked.append(str(engine.url)))
    Store.at(home).close()
    assert asked == [f"sqlite:///{home / 'interviews.sqlite3'}"]
