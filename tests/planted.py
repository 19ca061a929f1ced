"""A server on this machine that speaks OpenAI's chat completions, with judges whose faults are known.

    with Planted() as server:
        environment(server)           # OPENAI_BASE_URL and a key that is none
        ...                           # --model openai:fair,openai:generous
    server.asked                      # how often each model was asked
    server.replies                    # the same by model and messages

The judgements are the offline judge's, changed as the model's name says.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from interviewer.offline_judge import OfflineJudge
from knowledge.library import Library

__all__ = ["JUDGES", "Planted", "environment"]

Judge = Callable[[Mapping[str, Any], dict[str, Any]], dict[str, Any]]
NEGATIONS = ("않", "안 ", "못", "없", "아니", "not ", "n't", "no ", "never")


def _words(message: Mapping[str, Any]) -> str:
    return str(message["exchange"][-1]["text"])


def generous(message: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Hands a hit for every point to whoever writes anything."""
    quote = _words(message)
    return {**found, "points": [{**p, "verdict": "hit", "quote": quote} for p in found["points"]], "misconceptions": []}


def deaf(message: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Does not hear negation: the opposite of a claim is the claim."""
    points = [{**p, "verdict": "hit" if p["verdict"] == "contradicted" else p["verdict"]} for p in found["points"]]
    negated = any(sign in _words(message) for sign in NEGATIONS)
    heard = [{**p, "verdict": "hit", "quote": _words(message)} if negated else p for p in points]
    return {**found, "points": heard, "misconceptions": []}


JUDGES: dict[str, Judge] = {
    "fair": lambda message, found: found,
    "equal": lambda message, found: found,
    "busy": lambda message, found: found,
    "generous": generous,
    "deaf": deaf,
}


@cache
def _offline() -> OfflineJudge:
    """One for all servers of a process: it compiles each rubric once."""
    return OfflineJudge(Library())


class Planted:
    """The server. ``flicker`` answers generously every other time it is asked about the same reply; ``hang``, ``garbage``
    and ``refuse`` do what they are called; ``busy`` is too busy the first time."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.replies: Counter[tuple[str, str]] = Counter()
        self.stop = threading.Event()
        self._lock = threading.Lock()
        planted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = planted.answer(body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                """Nothing is logged."""

            def handle_one_request(self) -> None:
                with suppress(OSError):  # who does not wait for the answer closes the line
                    super().handle_one_request()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Planted:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the body of an answer."""
        model, messages = body["model"], body["messages"]
        with self._lock:
            self.asked[model] += 1
            self.replies[model, json.dumps(messages)] += 1
            again = self.replies[model, json.dumps(messages)] % 2 == 0
        if model == "hang":
            self.stop.wait(60)
            return 503, {"error": {"message": "stopped", "type": "server_error", "code": None}}
        if model == "refuse":
            return 401, {"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}}
        if model == "busy" and not again:
            return 400, {"error": {"message": "slow down", "type": "server_error", "code": "RateLimit"}}
        if model == "garbage":
            return 200, _completion(model, "I would rather talk about the weather.")
        message = next((m for m in reversed(messages) if str(m["content"]).startswith('{"question"')), None)
        if message is None:
            return 200, _completion(model, "설명해 드릴게요.")
        with self._lock:
            asked = json.loads(message["content"])
            found = _offline()(asked)
        judge = JUDGES[{"flicker": "generous" if again else "fair"}.get(model, model)]
        return 200, _completion(model, json.dumps(judge(asked, found), ensure_ascii=False))


def environment(server: Planted) -> dict[str, str]:
    """What a process needs to find the server."""
    return {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "not-a-key"}


def _completion(model: str, content: str) -> dict[str, Any]:
    return {
        "id": "planted",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }
