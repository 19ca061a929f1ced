"""Throughput with twenty candidates at once, beside what the server itself allows.

    node tests/aimock/server.mjs NODE_MODULES/@copilotkit/aimock       # prints its address
    python -m eval.benchmarks.concurrency --server http://127.0.0.1:PORT --latency 1.0

Twenty threads grade one reply after another through the whole model path (prompt, client, stream, checks). Beside them, in
turn and in the same run, twenty connections of bare httpx send the very same requests and read the streams to their
end. The share of the two throughputs is what this program costs; both ways pay for the latency that is set. Any server of
OpenAI's API serves; ``--latency`` is set through aimock's own control and left alone without it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from interviewer.endpoints import Endpoints
from interviewer.grader import Grader, Said, judge_message
from interviewer.judge import RawJudgement
from interviewer.models import open_model, wire_schema
from knowledge.library import Library
from prompts.loader import load

__all__ = ["main"]

WIDE = 20
ROUNDS = 3
MODEL = "gpt-4o-mini"
REPLY = "sigmoid는 포화되면 기울기가 소실되고 exp 연산 때문에 계산도 비쌉니다."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both, in turn, and print the medians' ratio."""
    parser = argparse.ArgumentParser(description="Throughput at concurrency 20 beside bare httpx.")
    parser.add_argument("--server", required=True, help="the server's address, without /v1")
    parser.add_argument("--latency", type=float, help="seconds that aimock waits before each answer")
    parser.add_argument("--requests", type=int, default=200, help="requests a round")
    asked = parser.parse_args(arguments)
    os.environ["OPENAI_BASE_URL"] = f"{asked.server}/v1"
    if asked.latency is not None:
        milliseconds = {"latencyMs": round(asked.latency * 1000)}
        httpx.post(f"{asked.server}/__aimock/chaos", json=milliseconds).raise_for_status()
    ours: list[float] = []
    bare: list[float] = []
    with TemporaryDirectory() as folder, httpx.Client(timeout=60, limits=httpx.Limits(max_connections=WIDE)) as client:
        grade, send = _grading(Path(folder)), _sending(client, f"{asked.server}/v1/chat/completions")
        for work in (grade, send):
            work()
        for _ in range(ROUNDS):
            bare.append(_throughput(send, asked.requests))
            ours.append(_throughput(grade, asked.requests))
    print(f"bare httpx: {max(bare):.1f} replies a second ({', '.join(f'{one:.1f}' for one in bare)})")
    print(f"graded:     {max(ours):.1f} replies a second ({', '.join(f'{one:.1f}' for one in ours)})")
    print(f"share:      {max(ours) / max(bare):.3f}")
    return 0


def _grading(folder: Path) -> Callable[[], None]:
    library = Library()
    key = library.open().key("1")
    grader = Grader(
        [open_model(f"openai:{MODEL}", library, endpoints=Endpoints(folder / "endpoints.json"))], load("judge")
    )

    def grade() -> None:
        grading = grader.grade(key, [Said("candidate", REPLY)])
        if grading.judgement is None:
            raise RuntimeError(grading.error)

    return grade


def _sending(client: httpx.Client, url: str) -> Callable[[], None]:
    key = Library().open().key("1")
    schema = {"name": "RawJudgement", "strict": True, "schema": wire_schema(RawJudgement)}
    body: dict[str, Any] = {
        "model": MODEL,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "system", "content": load("judge").render()},
            {"role": "user", "content": judge_message(key, [Said("candidate", REPLY)])},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }
    headers = {"authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', 'none')}"}

    def send() -> None:
        with client.stream("POST", url, json=body, headers=headers) as response:
            response.raise_for_status()
            for _ in response.iter_lines():
                pass

    return send


def _throughput(work: Callable[[], None], count: int) -> float:
    """How often a second the work is done, ``WIDE`` at a time."""
    started = time.perf_counter()
    with ThreadPoolExecutor(WIDE) as pool:
        for done in [pool.submit(work) for _ in range(count)]:
            done.result()
    return count / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(main())
