"""A server that answers whole whatever it is asked for: its answers are graded, and soon no stream is asked for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from interviewer.calls import Patience
from interviewer.grader import Grader, Said
from interviewer.models import UNSTREAMED, open_model
from knowledge.library import Library
from prompts.loader import load

pytestmark = pytest.mark.wire


class Whole(BaseHTTPRequestHandler):
    """Chat Completions without streams: every point is hit and quotes the last reply."""

    asked_for_stream: list[bool]

    def do_POST(self) -> None:
        sent: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked_for_stream.append(bool(sent.get("stream")))
        judge = json.loads(next(m["content"] for m in reversed(sent["messages"]) if m["role"] == "user"))
        quote = judge["exchange"][-1]["text"]
        points = [{"id": p["id"], "reason": "said", "verdict": "hit", "quote": quote} for p in judge["points"]]
        answer = {"intent": "answer", "points": points, "misconceptions": [], "extras": []}
        message = {"role": "assistant", "content": json.dumps(answer, ensure_ascii=False)}
        body = json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": sent["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: a test's output is its own."""


@pytest.fixture
def server() -> Iterator[tuple[str, list[bool]]]:
    asked: list[bool] = []
    handler = type("Handler", (Whole,), {"asked_for_stream": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}/v1", asked
        httpd.shutdown()
        thread.join()


def test_a_server_that_cannot_stream_is_graded_by(
    server: tuple[str, list[bool]], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    url, asked_for_stream = server
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    library = Library(home)
    patience = Patience(pause=lambda _: None)
    grader = Grader([open_model("openai:whole", library)], load("judge"), patience=patience)
    key = library.open().key("1")
    for turn in range(UNSTREAMED + 1):
        grading = grader.grade(key, [Said("candidate", f"exp 연산 때문에 sigmoid가 더 비쌉니다 {turn}")])
        assert grading.judgement is not None, grading.error
        assert grading.judgement.score == 1.0
        assert grading.usage.tokens
    assert asked_for_stream == [True, False] * UNSTREAMED + [False]
