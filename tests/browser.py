"""A real Chromium and a real server for the tests of the page."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["CHROMIUM_FLAGS", "Server", "chromium", "free_port", "serving"]

ROOT = Path(__file__).parents[1]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
END_SECONDS = 20


@dataclass
class Server:
    """A running ``python -m ui``."""

    url: str
    home: Path
    process: subprocess.Popen[str]

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C; the exit code, and all that the server has said on stderr."""
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=END_SECONDS)
        return self.process.returncode, errors


def chromium() -> str:
    """The path of a Chromium. Without one the test is skipped, unless one was promised: then it fails."""
    named = os.environ.get("INTERVIEWER_TEST_CHROMIUM")
    if named:
        assert Path(named).is_file(), f"INTERVIEWER_TEST_CHROMIUM is {named}, which is no file"
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI has no Chromium on its PATH; install one or set INTERVIEWER_TEST_CHROMIUM")
    if found is None:
        pytest.skip("no Chromium on the PATH; set INTERVIEWER_TEST_CHROMIUM to test the page in a browser")
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """The app on a free port with the offline model and its data in ``home``, ready to answer."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTERVIEWER_", "OPENAI_"))}
    environment = {**kept, "INTERVIEWER_HOME": str(home), "INTERVIEWER_MODEL": "offline", "PORT": str(port)}
    command = [sys.executable, "-m", "ui"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert str(port) in first, process.communicate(timeout=END_SECONDS)
            yield Server(f"http://127.0.0.1:{port}/", home, process)
        finally:
            if process.poll() is None:
                process.kill()
