"""The real OpenAI clients over real HTTP, against a mock of its API: chat, responses, tools, embeddings, and chaos."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from interviewer.calls import Patience
from interviewer.doctor import examine
from interviewer.endpoints import FILE, Endpoints
from interviewer.outcome import outcome
from interviewer.script import Script, play
from interviewer.service import Interviewer, Options, View
from interviewer.settings import Settings
from tests.wire import Aimock, aimock, body

pytestmark = [pytest.mark.wire, pytest.mark.filterwarnings("ignore:.*json_schema.*:UserWarning")]

MODEL = "openai:gpt-4o-mini"
KEY = "sk-test-planted-0123456789abcdef"
REPLY = "sigmoid는 exp 연산 때문에 계산이 비쌉니다."


@pytest.fixture(scope="module")
def server() -> Iterator[Aimock]:
    with aimock() as running:
        yield running


@pytest.fixture
def mock(server: Aimock, monkeypatch: pytest.MonkeyPatch) -> Aimock:
    server.forget()
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return server


class Waits(list[float]):
    """Takes note of the waits between attempts instead of waiting."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def interviewer(mock: Aimock, home: Path, waits: Waits) -> Iterator[Interviewer]:
    made = Interviewer(Settings.load(home=home, model=MODEL), patience=Patience(pause=waits))
    yield made
    made.close()


def say(interviewer: Interviewer, view: View, text: str) -> list[Any]:
    return list(interviewer.reply(view.id, text))


def last(interviewer: Interviewer, view: View) -> Any:
    return interviewer.view(view.id).turns[-1].result


def test_one_call_a_reply_whose_verdicts_stream_in(interviewer: Interviewer, mock: Aimock) -> None:
    view = interviewer.start(Options(topics=("1",), probes=False))
    events = say(interviewer, view, REPLY)
    result = last(interviewer, view)
    assert (result.graded, result.score, result.model) == (True, 1.0, MODEL)
    (request,) = mock.requests()
    assert body(request)["stream"] is True
    assert body(request)["response_format"]["json_schema"]["strict"] is True
    points = len(interviewer.library.open().key("1").points)
    assert [event.kind for event in events] == ["received", *["verdict"] * points, "critique"]
    assert (result.calls, result.tokens_input > 1000, result.tokens_output > 50) == (1, True, True)
    assert result.cost == pytest.approx((result.tokens_input * 0.15 + result.tokens_output * 0.60) / 1e6, abs=1e-6)


def test_openais_responses_api_serves_as_well(mock: Aimock, home: Path) -> None:
    interviewer = Interviewer(Settings.load(home=home, model=MODEL, openai_api="responses"))
    view = interviewer.start(Options(topics=("1",), probes=False))
    say(interviewer, view, REPLY)
    assert last(interviewer, view).graded
    assert last(interviewer, view).tokens_input > 0
    assert len(mock.requests("/v1/responses")) == 1
    assert not mock.requests()
    interviewer.close()


def test_the_helper_searches_and_explains(interviewer: Interviewer, mock: Aimock) -> None:
    view = interviewer.start(Options(topics=("1",), probes=False))
    say(interviewer, view, "질문이 무슨 뜻인가요?")
    result = last(interviewer, view)
    assert (result.kind, result.model) == ("clarify", MODEL)
    assert "두 함수를 비교해서" in result.critique
    asked, answered = mock.requests()
    assert body(asked)["tools"][0]["function"]["name"] == "search_knowledge"
    assert body(answered)["messages"][-1]["role"] == "tool"
    assert result.calls == 2
    assert result.tokens_input > 0


def test_embeddings_of_a_provider_index_the_document(mock: Aimock, home: Path) -> None:
    settings = Settings.load(home=home, model="offline", embeddings="openai:text-embedding-3-small")
    interviewer = Interviewer(settings)
    found = interviewer.index(interviewer.library.open()).search("기울기 소실", 3)
    assert len(found) == 3
    assert mock.requests("/v1/embeddings")
    interviewer.close()


CHAOS = {
    "500": {"dropRate": 0.3},
    "429": {"rateLimitRate": 0.3},
    "malformed": {"malformedRate": 0.3},
    "disconnect": {"disconnectRate": 0.3},
    "latency": {"latencyMs": 20},
}


@pytest.mark.parametrize("mode", CHAOS)
def test_an_interview_of_64_questions_survives_chaos(
    interviewer: Interviewer, mock: Aimock, waits: Waits, mode: str
) -> None:
    ids = [question.id for question in interviewer.library.open().bank]
    replies = {one: [f"{one}번 질문의 답변: 기울기가 소실되기 때문입니다."] for one in ids}
    mock.chaos(**CHAOS[mode])
    view = play(interviewer, Script(replies=replies))
    requests = mock.requests()
    mock.forget()

    assert [turn.question_id for turn in view.turns] == ids
    assert [turn.reply for turn in view.turns] == [replies[one][0] for one in ids]
    data = outcome(view, interviewer.library.open())
    graded = [turn for turn in data["turns"] if turn["graded"]]
    failed = [turn for turn in data["turns"] if not turn["graded"]]
    for turn in graded:
        assert turn["points"]
        assert all(p["quote"] and p["quote"] in turn["reply"] for p in turn["points"] if p["verdict"] != "missed")
    for turn in failed:
        assert turn["score"] is None
        assert turn["error"]
        assert "채점하지 못했습니다" in turn["critique"]
    summary = data["summary"]
    assert summary["graded"] + summary["not_graded"] == len(ids) == 64
    assert (summary["graded"], summary["not_graded"]) == (len(graded), len(failed))
    scores = [turn["score"] for turn in graded]
    assert summary["score"] == pytest.approx(sum(scores) / len(scores), abs=1e-4)

    assert len(requests) == sum(turn.result.calls for turn in view.turns if turn.result)
    heads = {hashlib.sha256(body(r)["messages"][0]["content"].encode()).hexdigest() for r in requests}
    assert len(heads) == 1, "the fixed head of the prompt must be the same bytes every time"
    hit = sum(1 for request in requests if request["response"].get("chaosAction"))
    assert len(graded) > 50
    if mode == "latency":
        assert (hit, len(requests), waits) == (0, 64, [])
    else:
        assert hit >= 5
        assert len(requests) == 64 + hit - sum(turn["error"] is not None for turn in data["turns"])
    if mode == "429":
        assert set(waits) == {1.0}, "the provider's Retry-After is what is waited for"


def test_twenty_at_once_do_not_mix(interviewer: Interviewer, mock: Aimock) -> None:
    mock.chaos(latencyMs=30)
    views = [interviewer.start(Options(topics=("1",), probes=False), owner=f"owner-{n:032d}") for n in range(20)]

    def answer(n: int) -> View:
        for turn in range(3):
            say(interviewer, views[n], f"{n}번 사람의 {turn}번째 답변: 기울기 소실을 줄입니다")
        return interviewer.view(views[n].id)

    with ThreadPoolExecutor(20) as pool:
        answered = list(pool.map(answer, range(20)))
    for n, view in enumerate(answered):
        assert [turn.reply for turn in view.turns] == [
            f"{n}번 사람의 {turn}번째 답변: 기울기 소실을 줄입니다" for turn in range(3)
        ]
        for turn in view.turns:
            assert turn.result
            assert turn.result.judgement
            assert {p["quote"] for p in turn.result.judgement["points"]} == {turn.reply}
    assert len(mock.requests()) == 60


FAILURES: list[tuple[str, dict[str, Any], str, int]] = [
    (
        "a wrong key",
        {"status": 401, "error": {"message": "Incorrect API key", "code": "invalid_api_key"}},
        "키가 거부",
        1,
    ),
    ("no quota", {"status": 429, "error": {"message": "quota", "code": "insufficient_quota"}}, "사용 한도", 1),
    ("no such model", {"status": 404, "error": {"message": "no", "code": "model_not_found"}}, "모델이 없습니다", 1),
    (
        "slow down",
        {"status": 429, "error": {"message": "slow", "type": "rate_limit"}, "retryAfter": 7},
        "요청을 제한",
        6,
    ),
    ("a fault", {"status": 503, "error": {"message": "overloaded", "type": "server_error"}}, "장애", 6),
    ("too long a wait", {"status": 429, "error": {"message": "slow"}, "retryAfter": 3600}, "요청을 제한", 1),
    (
        "too long a prompt, also without passages",
        {"status": 400, "error": {"message": "too long", "code": "context_length_exceeded"}},
        "너무 깁니다",
        2,
    ),
]


@pytest.mark.parametrize(("response", "word", "calls"), [f[1:] for f in FAILURES], ids=[f[0] for f in FAILURES])
def test_a_failure_is_told_in_words_and_retried_only_where_that_helps(
    interviewer: Interviewer, mock: Aimock, waits: Waits, response: dict[str, Any], word: str, calls: int
) -> None:
    view = interviewer.start(Options(topics=("1",), probes=False))
    with mock.answering(response):
        say(interviewer, view, REPLY)
    result = last(interviewer, view)
    assert (result.graded, result.score, result.calls) == (False, None, calls)
    assert word in result.critique
    assert KEY not in result.critique + (result.error or "")
    if calls == 6:
        assert len(waits) == 5
    if response.get("retryAfter") == 7:
        assert set(waits) == {7.0}

    (again,) = [grading for _, grading in interviewer.regrade(view.id, ungraded_only=True)]
    assert again.judgement
    assert last(interviewer, view).score == 1.0
    assert [one.graded for one in interviewer.view(view.id).turns[0].results] == [False, True]


def test_a_stream_that_breaks_off_is_asked_for_again(interviewer: Interviewer, mock: Aimock, waits: Waits) -> None:
    view = interviewer.start(Options(topics=("1",), probes=False))
    with mock.pace("cut"):
        say(interviewer, view, REPLY)
    result = last(interviewer, view)
    assert (result.graded, result.calls) == (False, 6)
    assert "끊겼습니다" in result.critique
    assert result.tokens_input > 1000, "what came before the break is counted"
    assert interviewer.purse(interviewer.view(view.id)).dollars == pytest.approx(result.cost)


def test_cancelling_closes_the_request_and_keeps_the_reply(interviewer: Interviewer, mock: Aimock) -> None:
    view = interviewer.start(Options(topics=("1",), probes=False))
    before = mock.hang_ups()
    with mock.pace("slow"):
        for event in interviewer.reply(view.id, REPLY):
            if event.kind == "verdict":
                assert interviewer.cancel(view.id)
    result = last(interviewer, view)
    assert (result.graded, result.calls) == (False, 1)
    assert "취소" in result.critique
    assert interviewer.view(view.id).turns[0].reply == REPLY
    assert interviewer.view(view.id).current
    assert not interviewer.cancel(view.id), "nothing goes on any more"
    assert mock.hang_ups(before + 1) == before + 1


@pytest.mark.parametrize("takes", ["json_schema", "function_calling", "json_mode", "text"])
def test_the_method_of_an_endpoint_is_found_once_and_remembered(mock: Aimock, home: Path, takes: str) -> None:
    first = Interviewer(Settings.load(home=home, model=MODEL))
    view = first.start(Options(topics=("1",), probes=False))
    with mock.supporting(takes):
        say(first, view, REPLY)
        assert last(first, view).graded
        tried = len(mock.requests())
        first.close()
        second = Interviewer(Settings.load(home=home, model=MODEL))
        say(second, view, "비선형성이 있어야 깊은 신경망이 뜻이 있습니다")
        assert last(second, view).graded
        assert len(mock.requests()) == tried + 1
        *_, model = examine(second.settings)
        assert model.fine
        assert f"gives judgements by {takes} in" in model.says
    (grader,) = [second.grader()]
    assert grader.models[0].method == takes
    assert Endpoints(home / FILE).method(grader.models[0].endpoint) == takes
    second.close()


def test_the_key_is_in_nothing_that_is_written(mock: Aimock, home: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("topics: [1]\nfollow_ups: none\ndefault: 기울기가 소실되기 때문입니다\n", encoding="utf-8")
    said: list[str] = []
    environment = {**os.environ, "INTERVIEWER_LOG": str(tmp_path / "log.jsonl"), "INTERVIEWER_LOG_TEXT": "1"}
    refusal = {"status": 401, "error": {"message": f"Incorrect API key: {KEY}", "code": "invalid_api_key"}}
    for name, failing in (("graded", None), ("refused", refusal)):
        files = ["--json", str(tmp_path / f"{name}.json"), "--report", str(tmp_path / f"{name}.html")]
        command = [sys.executable, "-m", "interviewer", "run", str(script), *files, "--model", MODEL]
        with mock.answering(failing):
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        said.append(ended.stdout + ended.stderr)
    assert any(r["headers"].get("authorization") for r in mock.requests()), "the key was never used"
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert Counter(event["event"] for event in events) == {"call": 2, "turn": 2}
    assert [event["outcome"] for event in events if event["event"] == "call"] == ["ok", "wrong_key"]
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.name == "interviews.sqlite3" for file in written)
    for file in written:
        assert KEY.encode() not in file.read_bytes(), file
    assert all(KEY not in text for text in said)
