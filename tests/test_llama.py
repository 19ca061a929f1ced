"""A real llama.cpp server with a model of random weights: the whole path works, and nonsense earns nobody a point.

Runs where llama.cpp is: ``pip install "llama-cpp-python[server]" gguf``, or ``llama-server`` on the PATH with ``gguf``, or any
server of it that ``INTERVIEWER_TEST_LLAMA`` starts, a command with {model} and {port} in it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from interviewer.calls import Patience
from interviewer.service import Interviewer, Options
from interviewer.settings import Settings
from tests.browser import free_port

pytestmark = pytest.mark.wire

START_SECONDS = 60
REPLIES = [
    "sigmoid는 포화돼서 기울기가 소실되지만 ReLU는 양수에서 기울기가 1이고, exp 연산이 없어 계산이 쌉니다.",
    "ReLU does not saturate for positive inputs, so gradients do not vanish.",
    "아 그거요",
]


def command(model: Path, port: int) -> list[str]:
    """How to start a server here. Where there is none, the test is skipped."""
    pytest.importorskip("gguf", reason="the package gguf is not installed (pip install gguf)")
    named = os.environ.get("INTERVIEWER_TEST_LLAMA")
    if named:
        return shlex.split(named.format(model=model, port=port))
    if find_spec("llama_cpp") and find_spec("starlette_context"):
        options = ["--model", str(model), "--port", str(port), "--n_ctx", "32768"]
        return [sys.executable, "-m", "llama_cpp.server", *options]
    found = shutil.which("llama-server")
    if found:
        return [found, "-m", str(model), "--port", str(port), "-c", "32768", "--jinja"]
    pytest.skip("no llama.cpp here: install llama-cpp-python[server], or set INTERVIEWER_TEST_LLAMA")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a random model."""
    model, port = tmp_path_factory.mktemp("llama") / "tiny.gguf", free_port()
    started = command(model, port)
    from tests.tiny_gguf import write_tiny_model

    write_tiny_model(model, seed=20260101)
    with subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(process, port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    """Until the server takes connections, or has ended."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            httpx.get(f"http://127.0.0.1:{port}/v1/models", timeout=1)
        except httpx.TransportError:
            continue
        return
    pytest.fail(f"the server did not start within {START_SECONDS} s")


@pytest.mark.parametrize("reply", REPLIES)
def test_a_random_model_gives_no_candidate_a_point(
    server: str, home: Path, monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server)
    patience = Patience(calls=2, seconds=40, pause=lambda seconds: None)
    interviewer = Interviewer(Settings.load(home=home, model="openai:tiny-random"), patience=patience)
    view = interviewer.start(Options(topics=("1",), probes=False))
    for _ in interviewer.reply(view.id, reply):
        pass
    (turn,) = interviewer.view(view.id).turns
    assert turn.reply == reply
    assert turn.result
    assert turn.result.calls >= 1, "the server was asked"
    assert not turn.result.score
    assert turn.result.graded or turn.result.error
    if turn.result.judgement:
        assert all(point["verdict"] == "missed" for point in turn.result.judgement["points"])
    interviewer.close()
