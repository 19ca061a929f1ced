"""What models do wrong, one thing a time: what is tried again, what is not graded, and that no point comes of it."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage

from interviewer.calls import Allowance, Cancel, Patience
from interviewer.failures import REASONS, provider_failure, reason
from interviewer.grader import Grader, Grading, Said
from interviewer.judge import PointVerdict
from interviewer.usage import Budget, Purse, Usage
from prompts.loader import load
from tests.factories import key_of
from tests.scripted import ScriptedModel, Step, judged

KEY = key_of({"vanish": 2, "cheap": 1}, 3, {"myth": 1})
REPLY = "포화되면 기울기가 소실되고 exp 연산은 비쌉니다"
GOOD = judged(vanish=("hit", "기울기가 소실되고"), cheap=("missed", ""))
INVENTED = judged(vanish=("hit", "I said everything right"), cheap=("hit", "완벽한 답변"))
PARTIAL = judged(vanish=("hit", "기울기가 소실되고"))
UNKNOWN_IDS = judged(other=("hit", "기울기가 소실되고"), more=("hit", "exp 연산"))

Model = Callable[..., ScriptedModel]


@pytest.fixture
def scripted() -> Iterator[Model]:
    """Makes scripted models, and fails the test over calls that it did not foresee and steps that were not used."""
    made: list[ScriptedModel] = []

    def make(*steps: Step, **options: Any) -> ScriptedModel:
        made.append(ScriptedModel(steps=list(steps), **options))
        return made[-1]

    yield make
    for model in made:
        model.verify()


def grade(*models: Any, patience: Patience | None = None, **options: Any) -> Grading:
    opened = [model.opened() if isinstance(model, ScriptedModel) else model for model in models]
    grader = Grader(opened, load("judge"), patience=patience or Patience(pause=lambda seconds: None))
    options.setdefault("allowance", grader.allowance())
    return grader.grade(KEY, [Said("candidate", REPLY)], **options)


def http(status: int, body: Any = None, **headers: str) -> openai.APIStatusError:
    request = httpx.Request("POST", "http://127.0.0.1/v1")
    response = httpx.Response(status, headers=headers, request=request)
    kinds = {401: openai.AuthenticationError, 429: openai.RateLimitError, 400: openai.BadRequestError}
    kind = kinds.get(status, openai.InternalServerError)
    return kind("sk-secret-in-the-text", response=response, body=body)


def finished(text: str, **metadata: Any) -> AIMessageChunk:
    return AIMessageChunk(text, response_metadata=metadata)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("", id="empty"),
        pytest.param("I would rather not answer in JSON.", id="no JSON"),
        pytest.param(GOOD[: len(GOOD) // 2], id="malformed"),
        pytest.param(finished(GOOD[:40], finish_reason="length"), id="truncated"),
        pytest.param('{"verdict": "hit"}', id="another schema"),
        pytest.param('{"points": "all hit"}', id="a wrong type"),
        pytest.param(PARTIAL, id="a point left out"),
        pytest.param(UNKNOWN_IDS, id="invented ids"),
        pytest.param(INVENTED, id="invented quotes"),
    ],
)
def test_an_answer_of_no_use_is_asked_for_once_more_and_then_not_graded(scripted: Model, first: Step) -> None:
    mended = scripted(first, GOOD)
    graded = grade(mended)
    assert graded.judgement
    assert graded.judgement.score == pytest.approx((1 - math.exp(-1)) / (1 - math.exp(-1.5)), abs=1e-4)  # two thirds
    assert graded.usage.calls == 2
    assert len(mended.calls[1][1]) == len(mended.calls[0][1]) + 1, "the second request says what was wrong"

    failed = grade(scripted(first, first))
    assert failed.judgement is None
    assert failed.usage.calls == 2
    ((model, code),) = failed.failures
    assert model == "openai:gpt-4o-mini"
    assert failed.error == f"{model}: {REASONS[code].en}"
    assert failed.reasons("ko") == REASONS[code].ko


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (finished("", finish_reason="content_filter"), "refused"),
        (AIMessageChunk("", additional_kwargs={"refusal": "I can't help with that"}), "refused"),
        (http(401, {"error": {"code": "invalid_api_key"}}), "wrong_key"),
        (http(429, {"error": {"code": "insufficient_quota"}}), "no_quota"),
        (http(400, {"error": {"code": "context_length_exceeded"}}), "context_overflow"),
    ],
)
def test_what_will_not_change_is_asked_for_once(scripted: Model, answer: Step, code: str) -> None:
    grading = grade(scripted(answer))
    assert grading.failures == (("openai:gpt-4o-mini", code),)
    assert "sk-" not in (grading.error or "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ReadTimeout("slow"), "timeout"),
        (TimeoutError(), "timeout"),
        (httpx.RemoteProtocolError("peer closed"), "dropped"),
        (httpx.ConnectError("refused"), "unreachable"),
        (http(429), "rate_limited"),
        (http(500), "server_error"),
        (http(503), "server_error"),
        (json.JSONDecodeError("x", "y", 0), "garbled"),
    ],
)
def test_what_passes_is_tried_again(scripted: Model, error: BaseException, code: str) -> None:
    assert provider_failure(error).code == code
    assert provider_failure(error).retryable
    assert grade(scripted(error, error, GOOD)).judgement
    failed = grade(scripted(*[error] * 6))
    assert (failed.judgement, failed.usage.calls) == (None, 6)
    assert failed.reasons("en") == REASONS[code].en


def test_a_prompt_that_is_too_long_is_tried_without_its_passages(scripted: Model) -> None:
    model = scripted(http(400, {"error": {"code": "context_length_exceeded"}}), GOOD)
    assert grade(model, passages=[{"lines": [1, 2], "text": "notes" * 100}]).judgement
    long, short = (str(messages[-1].text) for _, messages in model.calls)
    assert "notesnotes" in long
    assert "notesnotes" not in short


def test_the_next_model_of_the_chain_has_its_own_patience(scripted: Model) -> None:
    first, second = scripted(*[http(500)] * 6), scripted(http(500), "", GOOD)
    grading = grade(first.opened("openai:gpt-5-mini"), second)
    assert grading.judgement
    assert grading.usage.calls == 9


def test_the_next_model_of_the_chain_takes_over(scripted: Model) -> None:
    first, second = scripted(http(401)), scripted(GOOD)
    grading = grade(first.opened("openai:gpt-5-mini"), second.opened("openai:gpt-4o-mini"))
    assert grading.judgement
    assert grading.model == "openai:gpt-4o-mini"
    assert grading.failures == (("openai:gpt-5-mini", "wrong_key"),)
    assert grading.error is None


@pytest.mark.parametrize(
    ("given", "seconds"),
    [({"retry-after": "3"}, 3.0), ({"retry-after-ms": "250"}, 0.25), ({"retry-after": "soon"}, None), ({}, None)],
)
def test_retry_after_is_read(given: dict[str, str], seconds: float | None) -> None:
    assert provider_failure(http(429, None, **given)).wait == seconds


def test_waits_follow_the_provider_else_grow_with_jitter(scripted: Model) -> None:
    waits: list[float] = []
    asked = [http(429, None, **{"retry-after": "3"}), http(500), http(500)]
    assert grade(scripted(*asked, GOOD), patience=Patience(pause=waits.append)).judgement
    assert waits[0] == 3.0
    assert all(0 <= wait <= 20 for wait in waits[1:])


def test_no_wait_is_begun_that_would_outlast_the_turn(scripted: Model) -> None:
    waits: list[float] = []
    failed = grade(
        scripted(http(429, None, **{"retry-after": "31"})), patience=Patience(seconds=30, pause=waits.append)
    )
    assert (failed.judgement, waits) == (None, [])


def test_a_method_that_the_provider_lacks_is_passed_over_and_the_one_that_works_is_kept(scripted: Model) -> None:
    model = scripted(http(400), GOOD, GOOD, methods=("json_schema", "json_mode")).opened(settled=None)
    assert grade(model).judgement
    assert model.method == "json_mode"
    assert grade(model).judgement
    assert [method for method, _ in model.chat.calls] == ["json_schema", "json_mode", "json_mode"]  # type: ignore[attr-defined]


def test_an_endpoint_that_forgets_its_method_is_asked_anew(scripted: Model) -> None:
    model = scripted(http(400), GOOD).opened(settled="function_calling")
    assert grade(model).judgement
    assert model.method == "json_schema"


def test_text_answers_need_no_method(scripted: Model) -> None:
    model = scripted(f"Here you are:\n```json\n{GOOD}\n```\nGood luck!", methods=()).opened(settled=None)
    assert grade(model).judgement
    assert model.method == "text"


def test_verdicts_come_as_they_are_decided_and_only_with_evidence(scripted: Model) -> None:
    seen: list[PointVerdict] = []
    text = judged(vanish=("hit", "기울기가 소실되고"), cheap=("hit", "I never said this"))
    grading = grade(scripted(text), on_point=seen.append)
    assert [(point.id, point.verdict, point.quote) for point in seen] == [
        ("vanish", "hit", "기울기가 소실되고"),
        ("cheap", "missed", ""),
    ]
    assert grading.judgement
    assert list(grading.judgement.points) == seen


def test_cancelled_before_a_call_no_call_is_made(scripted: Model) -> None:
    cancel = Cancel()
    cancel.set()
    grading = grade(scripted(), allowance=Allowance(cancel=cancel))
    assert grading.failures == (("openai:gpt-4o-mini", "cancelled"),)
    assert grading.usage == Usage()


def test_a_model_that_is_cancelled_is_not_replaced_by_the_next(scripted: Model) -> None:
    cancel = Cancel()

    def stop(messages: list[BaseMessage]) -> str:
        cancel.set()
        return GOOD

    grading = grade(scripted(stop), scripted(), allowance=Allowance(cancel=cancel))
    assert [code for _, code in grading.failures] == ["cancelled"]


@pytest.mark.parametrize("budget", [Budget(tokens=100), Budget(dollars=0.00001)])
def test_over_the_budget_nothing_is_asked(scripted: Model, budget: Budget) -> None:
    grading = grade(scripted(), allowance=Allowance(purse=Purse(budget)))
    assert grading.failures == (("openai:gpt-4o-mini", "over_budget"),)


def test_a_budget_in_money_can_not_be_kept_with_a_model_of_unknown_price(scripted: Model) -> None:
    allowance = Allowance(purse=Purse(Budget(dollars=100)))
    assert grade(scripted().opened("openai:nobody-knows"), allowance=allowance).failures[0][1] == "over_budget"
    tokens = Allowance(purse=Purse(Budget(tokens=100_000)))
    known = grade(scripted(GOOD).opened("openai:nobody-knows"), allowance=tokens)
    assert known.judgement
    assert known.cost is None


def test_schema_valid_nonsense_gives_no_candidate_a_point(scripted: Model) -> None:
    """A model that answers at random by the schema, 300 times."""
    chance = random.Random(20260101)
    letters = "가나다라마바사아자차카타파하은는이되고면비쌉니다abcdefghijklmnopx     "

    def nonsense(messages: list[BaseMessage]) -> str:
        def text() -> str:
            return "".join(chance.choice(letters) for _ in range(chance.randrange(40)))

        points = [
            {"id": point.id, "reason": text(), "verdict": chance.choice(VERDICTS), "quote": text()}
            for point in KEY.points
        ]
        wrong = [{"id": "myth", "quote": text()}]
        return json.dumps({"intent": "answer", "points": points, "misconceptions": wrong, "extras": []})

    for _ in range(300):
        model = ScriptedModel(steps=[nonsense] * 2)
        grading = grade(model)
        assert not model.unexpected
        assert grading.judgement is None or grading.judgement.score == 0


VERDICTS = ("hit", "partial", "missed", "contradicted")


def test_every_reason_has_its_words_in_both_languages() -> None:
    for code in REASONS:
        assert reason(code, "ko") != reason(code, "en")
        assert any("가" <= letter <= "힣" for letter in reason(code, "ko"))
        assert reason(code, "en").isascii()


def test_a_wait_ends_when_it_is_cancelled() -> None:
    cancel = Cancel()
    cancel.set()
    started = Allowance(cancel=cancel)
    started.pause(3600)
    assert cancel.wished
    assert started.seconds_left > 60, "nobody waited"
