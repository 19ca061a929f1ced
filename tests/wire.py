"""A mock of OpenAI's API on loopback, so that the real clients are tested over real HTTP: ``@copilotkit/aimock``.

    npm install --prefix ~/aimock @copilotkit/aimock
    INTERVIEWER_TEST_AIMOCK=~/aimock/node_modules/@copilotkit/aimock python -m pytest tests/test_wire.py

Without it these tests are skipped, unless it was promised: then they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

__all__ = ["Aimock", "aimock", "package"]

SERVER = Path(__file__).parent / "aimock" / "server.mjs"
END_SECONDS = 30
POLLS = 500


@dataclass(frozen=True)
class Aimock:
    """A running mock."""

    url: str

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def chaos(self, **rates: float) -> None:
        """Set what goes wrong: dropRate (500), rateLimitRate (429), malformedRate, disconnectRate, latencyMs."""
        httpx.post(f"{self.url}/__aimock/chaos", json=rates).raise_for_status()

    def requests(self, path: str = "/v1/chat/completions") -> list[dict[str, Any]]:
        """What was asked so far, oldest first."""
        got = httpx.get(f"{self.url}/__aimock/journal", params={"path": path, "limit": 100_000}, timeout=30)
        got.raise_for_status()
        found: list[dict[str, Any]] = got.json()
        return found

    def hang_ups(self, least: int = 0) -> int:
        """How many answers a client did not wait for the end of; asks until the server has seen ``least`` of them."""
        for _ in range(POLLS):
            if self._control({}) >= least:
                break
        return self._control({})

    @contextmanager
    def answering(self, response: dict[str, Any] | None) -> Iterator[None]:
        """Answer every judge's request with this for a while; None leaves the scripted judge."""
        self._control({"answer": response})
        try:
            yield
        finally:
            self._control({"answer": None})

    @contextmanager
    def supporting(self, method: str) -> Iterator[None]:
        """Take only one structured-output method for a while, and turn the others down as such servers do."""
        self._control({"method": method})
        try:
            yield
        finally:
            self._control({"method": None})

    @contextmanager
    def pace(self, pace: str) -> Iterator[None]:
        """Break off in the middle of each stream ("cut"), or take time for it ("slow"), for a while."""
        self._control({"pace": pace})
        try:
            yield
        finally:
            self._control({"pace": None})

    def _control(self, what: dict[str, Any]) -> int:
        got = httpx.post(f"{self.url}/control", json=what)
        got.raise_for_status()
        return int(got.json()["hungUp"])

    def forget(self) -> None:
        """Forget all requests and all chaos."""
        httpx.delete(f"{self.url}/__aimock/chaos").raise_for_status()
        self._control({"answer": None, "method": None, "pace": None, "forget": True})


def package() -> Path:
    """The folder of the npm package."""
    named = os.environ.get("INTERVIEWER_TEST_AIMOCK")
    if named is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no INTERVIEWER_TEST_AIMOCK; install @copilotkit/aimock by npm and name its folder")
        pytest.skip("INTERVIEWER_TEST_AIMOCK is not set: install @copilotkit/aimock by npm and name its folder")
    folder = Path(named).expanduser()
    assert (folder / "dist" / "index.js").is_file(), f"INTERVIEWER_TEST_AIMOCK is {named}, which holds no aimock"
    assert shutil.which("node"), "aimock needs Node.js, which is not on the PATH"
    return folder


@contextmanager
def aimock() -> Iterator[Aimock]:
    """The mock, from its start to its end."""
    command = ["node", str(SERVER), str(package())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), f"aimock did not start: {url!r}"
            yield Aimock(url)
        finally:
            process.terminate()
            process.wait(timeout=END_SECONDS)


def body(request: dict[str, Any]) -> dict[str, Any]:
    """A request's JSON body."""
    found = request["body"]
    return json.loads(found) if isinstance(found, str) else dict(found)
