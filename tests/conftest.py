"""What every test starts from: a data folder of its own, no key, no model but the offline one, no way off this machine."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

LOOPBACK = {"127.0.0.1", "::1", "localhost", ""}


def pytest_configure() -> None:
    """Ctrl-C reaches what tests start, also where they themselves run in the background, with it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and an environment without settings or keys."""
    for name in list(os.environ):
        if name.startswith(("INTERVIEWER_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_")) and "TEST" not in name:
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("INTERVIEWER_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections leave this machine in no test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host not in LOOPBACK:
            raise OSError(f"a test tried to connect to {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_real_model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a provider's model, unless it is marked ``wire``: then a mock on loopback answers."""
    if request.node.get_closest_marker("wire"):
        return

    def blocked(model_id: str, _options: Any) -> None:
        raise AssertionError(f"a test tried to open {model_id}; use tests.scripted.ScriptedModel, or mark it wire")

    monkeypatch.setattr("interviewer.models.provider_chat", blocked)
