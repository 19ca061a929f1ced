"""The store on a real PostgreSQL, as several replicas share it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from interviewer.errors import AlreadyAnswered
from interviewer.service import Interviewer, Options
from interviewer.settings import Settings
from interviewer.store import InterviewRow, ResultRow, Store, TurnRow


def _programs() -> Path | None:
    named = os.environ.get("INTERVIEWER_TEST_POSTGRES")
    if named:
        return Path(named)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return found[-1] if found else Path(p).parent if (p := shutil.which("initdb")) else None


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database of its own, on loopback, gone afterwards."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="interviewer-pg-"))
    user = None
    if os.geteuid() == 0:  # the server refuses to run as root
        user = pwd.getpwnam("postgres").pw_name
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    call("initdb", "-U", "interviewer", "--auth=trust", "-E", "UTF8", "--no-sync")
    call("pg_ctl", "-w", "-o", f"-p {port} -h 127.0.0.1 -k {folder} -F", "-l", str(folder / "log"), "start")
    try:
        yield f"postgresql://interviewer@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def test_two_replicas_share_one_database(url: str) -> None:
    one, other = Store(url), Store(url)
    row = InterviewRow("notes.txt", "0" * 64, ("1",), {"language": "ko"})
    one.add_interview(row)
    assert other.interview(row.id) == row
    turn = one.add_turn(row.id, TurnRow(1, "1", "왜?", "답변 <b>"))
    with pytest.raises(AlreadyAnswered):
        other.add_turn(row.id, TurnRow(1, "1", "왜?", "또"))
    assert one.add_result(turn, ResultRow("answer", True, 0.25, {"점": 1})).score == 0.25
    assert other.add_result(turn, ResultRow("answer", True, 0.9)).score == 0.25
    (found,) = other.turns(row.id)
    assert (found.reply, len(found.results)) == ("답변 <b>", 1)
    one.close()
    other.close()


def test_an_interview_is_played_on_it(url: str, home: Path) -> None:
    interviewer = Interviewer(Settings.load(home=home, model="offline", database_url=url))
    view = interviewer.start(Options(topics=("16",)))
    for _ in interviewer.reply(view.id, "모델 구조와 하이퍼파라미터를 자동으로 찾아 줍니다"):
        pass
    again = Interviewer(Settings.load(home=home, model="offline", database_url=url))
    result = again.view(view.id).turns[0].result
    assert result is not None
    assert result.graded
    interviewer.close()
    again.close()
