"""Models by id, where their keys come from, what doctor says, and what stands in the logs."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from interviewer.endpoints import FILE, Endpoints, endpoint_name
from interviewer.errors import UserMistake
from interviewer.judge import RawJudgement
from interviewer.keys import key_of, key_source
from interviewer.logs import JsonLines, log_to, without_keys
from interviewer.migrations import config
from interviewer.models import open_model, wire_schema
from interviewer.service import Interviewer, Options
from interviewer.settings import Settings
from interviewer.store import Store
from knowledge.library import Library

KEY = "sk-planted-0123456789abcdef"


@pytest.mark.wire
@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("anthropic:claude-sonnet-4-5", "pip install langchain-anthropic"),
        ("ollama:llama3.1", "pip install langchain-ollama"),
        ("nonsense:model", "can't be used"),
        ("openai:gpt-5-mini", "OPENAI_API_KEY"),
    ],
)
def test_a_model_that_can_not_be_opened_says_what_is_missing(model: str, says: str) -> None:
    with pytest.raises(UserMistake, match=says) as caught:
        open_model(model, Library())
    assert "\n" not in str(caught.value)


@pytest.mark.wire
def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:secret@127.0.0.1:8080/v1/")
    model = open_model("openai:local", Library())
    assert model.endpoint == "openai:local at 127.0.0.1:8080/v1"


def test_keys_come_from_the_session_then_the_environment_then_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key_of("openai") is None
    assert key_source("openai") == "no OPENAI_API_KEY"
    kept = {("mock-interviewer", "OPENAI_API_KEY"): "from the keyring"}
    ring = SimpleNamespace(get_password=lambda service, name: kept.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert _shown(key_of("openai")) == "from the keyring"
    assert key_source("openai") == "OPENAI_API_KEY is in the keyring"
    monkeypatch.setenv("OPENAI_API_KEY", "from the environment")
    assert _shown(key_of("openai")) == "from the environment"
    assert _shown(key_of("openai", "from the session")) == "from the session"
    assert key_of("bedrock") is None


def test_a_keyring_that_does_not_work_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(service: str, name: str) -> str:
        raise RuntimeError("no backend")

    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=broken))
    assert key_of("openai") is None


def _shown(secret: Any) -> str:
    return str(secret.get_secret_value())


def test_endpoints_are_remembered_in_the_data_folder_and_a_damaged_file_is_none(home: Path) -> None:
    path = home / FILE
    one = Endpoints(path)
    assert one.method("a") is None
    one.settle("a", "json_mode")
    Endpoints(path).settle("b", "text")
    assert (Endpoints(path).method("a"), Endpoints(path).method("b")) == ("json_mode", "text")
    one.settle("c", "json_schema")
    assert Endpoints(path).method("b") == "text", "what another process learned stays"
    one.forget("a")
    assert Endpoints(path).method("a") is None
    for damaged in ("", "{", "[1]", '{"a": {"method": "telepathy"}}', '{"a": 1}'):
        path.write_text(damaged, encoding="utf-8")
        assert Endpoints(path).method("a") is None


def test_a_memory_that_can_not_be_written_is_done_without(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    memory = Endpoints(file / FILE)
    memory.settle("a", "text")
    assert memory.method("a") == "text"


def test_an_endpoints_name_holds_no_credentials() -> None:
    assert (
        endpoint_name("openai:m", "https://me:hunter2@host:99/v1/", "responses") == "openai:m at host:99/v1 (responses)"
    )
    assert endpoint_name("openai:m", None) == "openai:m"


def test_the_schema_on_the_wire_is_in_the_strict_part_of_the_language() -> None:
    seen: list[str] = []

    def check(part: Any) -> None:
        if isinstance(part, dict):
            assert not {"$ref", "$defs", "default"} & part.keys()
            if part.get("type") == "object":
                assert part["required"] == list(part["properties"])
                assert part["additionalProperties"] is False
                seen.extend(part["properties"])
            for one in part.values():
                check(one)
        elif isinstance(part, list):
            for one in part:
                check(one)

    check(wire_schema(RawJudgement))
    assert seen[:4] == ["intent", "points", "misconceptions", "extras"]
    assert {"id", "reason", "verdict", "quote"} <= set(seen)
    assert seen.index("reason") < seen.index("verdict")
    assert "share" not in seen


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A log file; what was attached for it is taken off again."""
    events = logging.getLogger("interviewer.events")
    before, level, propagate = list(events.handlers), events.level, events.propagate
    path = tmp_path / "log.jsonl"
    log_to(str(path))
    yield path
    for handler in set(events.handlers) - set(before):
        events.removeHandler(handler)
        handler.close()
    events.setLevel(level)
    events.propagate = propagate


@pytest.mark.parametrize("with_text", [False, True])
def test_a_turn_and_its_calls_are_logged_without_what_was_said_unless_that_is_asked_for(
    home: Path, log: Path, monkeypatch: pytest.MonkeyPatch, with_text: bool
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "not-to-be-seen")
    if with_text:
        monkeypatch.setenv("INTERVIEWER_LOG_TEXT", "1")
    reply = f"sigmoid는 비쌉니다. {KEY} not-to-be-seen"
    interviewer = Interviewer(Settings.load(home=home, model="offline"))
    view = interviewer.start(Options(topics=("1",), probes=False))
    for _ in interviewer.reply(view.id, reply):
        pass
    interviewer.close()
    call, turn = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines())
    assert (call["event"], turn["event"]) == ("call", "turn")
    assert call["turn"] == turn["turn"] == f"{view.id}.1"
    assert (call["model"], call["method"], call["outcome"], call["attempt"]) == ("offline", "function_calling", "ok", 1)
    assert call["prompt"].startswith("judge@v1#")
    assert call["tokens"]["input"] > 0
    assert (turn["kind"], turn["graded"], turn["cost"], turn["characters"]) == ("answer", True, 0.0, len(reply))
    text = log.read_text(encoding="utf-8")
    assert ("sigmoid는 비쌉니다" in text) == with_text
    assert KEY not in text
    assert "not-to-be-seen" not in text


def test_a_log_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="INTERVIEWER_LOG"):
        log_to(str(tmp_path / "no" / "such" / "folder.jsonl"))


def test_keys_are_blotted_out_of_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "hunter2hunter2")
    assert without_keys(f"a {KEY} b hunter2hunter2 c") == "a [key] b [key] c"
    record = logging.LogRecord("x", logging.INFO, "f", 1, "key %s", (KEY,), None)
    assert json.loads(JsonLines().format(record))["message"] == "key [key]"


def test_a_database_from_before_costs_were_kept_is_brought_up_to_date(home: Path) -> None:
    home.mkdir(parents=True)
    engine = sa.create_engine(f"sqlite:///{home / 'interviews.sqlite3'}")
    made = config()
    with engine.begin() as connection:
        made.attributes["connection"] = connection
        command.upgrade(made, "0001")
        for statement in (
            "INSERT INTO interviews VALUES ('i', 'me', 'd', 'x', '[\"1\"]', '{}', '2026-01-01 00:00:00')",
            "INSERT INTO turns VALUES (1, 'i', 1, '1', 'why', NULL, 'because', '2026-01-01 00:00:00')",
            "INSERT INTO results VALUES (1, 1, 1, 'answer', 1, 0.5, NULL, 'c', NULL, 'offline', 'p', 9, 8, 0.1, NULL, "
            "NULL, '2026-01-01 00:00:00')",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    store = Store.at(home)
    (turn,) = store.turns("i")
    assert turn.result
    assert (turn.result.score, turn.result.tokens_input, turn.result.tokens_cached, turn.result.calls) == (0.5, 9, 0, 0)
    assert turn.result.cost is None, "what it cost was not kept, which is not nothing"
    store.close()
