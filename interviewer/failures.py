"""Why a model gave no judgement: every reason by its code, in Korean and English, and whether waiting may help.

    failed = provider_failure(error)       # whatever a provider's client raised
    failed.code                            # "rate_limited"
    reason("rate_limited", "ko")           # "제공자가 잠시 요청을 제한했습니다"

A provider's exception is told by its classes, its status and its error code. Its text is read only for the word "context
length" and never shown, logged or stored: it may repeat the key or the candidate's reply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from interviewer.errors import ProviderFailed

__all__ = ["REASONS", "Reason", "provider_failure", "reason", "turned_down"]


@dataclass(frozen=True)
class Reason:
    """A reason in words. ``passing``: the same request may succeed a little later."""

    en: str
    ko: str
    passing: bool = False


REASONS: Mapping[str, Reason] = {
    "timeout": Reason("no answer in time", "제한 시간 안에 응답이 오지 않았습니다", passing=True),
    "rate_limited": Reason("the provider asks to slow down", "제공자가 잠시 요청을 제한했습니다", passing=True),
    "server_error": Reason("the provider has a fault", "제공자 쪽에 장애가 있습니다", passing=True),
    "unreachable": Reason("the server can't be reached", "서버에 연결할 수 없습니다", passing=True),
    "dropped": Reason("the connection broke off", "응답 도중 연결이 끊겼습니다", passing=True),
    "garbled": Reason("the server's answer can't be read", "서버의 응답을 읽을 수 없습니다", passing=True),
    "wrong_key": Reason(
        "the key is not accepted; check OPENAI_API_KEY or the provider's own variable",
        "API 키가 거부되었습니다. 키를 확인해 주세요",
    ),
    "no_key": Reason("there is no key for this model", "이 모델에 쓸 API 키가 없습니다"),
    "not_allowed": Reason("the key may not use this model", "이 키로는 이 모델을 쓸 수 없습니다"),
    "no_model": Reason("the server does not have this model", "서버에 이 모델이 없습니다"),
    "no_quota": Reason("the account has no quota left", "계정의 사용 한도가 남아 있지 않습니다"),
    "context_overflow": Reason("the reply is too long for this model", "답변이 이 모델이 읽기에는 너무 깁니다"),
    "refused": Reason("the model refused to judge this reply", "모델이 이 답변의 채점을 거부했습니다"),
    "rejected": Reason("the server rejected the request", "서버가 요청을 거절했습니다"),
    "empty": Reason("the model's answer is empty", "모델의 응답이 비어 있습니다"),
    "truncated": Reason("the model's answer is cut off", "모델의 응답이 중간에 잘렸습니다"),
    "unreadable": Reason("the model's answer holds no judgement", "모델의 응답에 판정이 없습니다"),
    "incomplete": Reason("the model did not judge every point", "모델이 모든 요점을 판정하지 않았습니다"),
    "invented": Reason("the model quotes what was not said", "모델이 하지 않은 말을 인용했습니다"),
    "cancelled": Reason("the judging was cancelled", "채점을 취소했습니다"),
    "over_budget": Reason("the budget is used up", "정해 둔 예산을 다 썼습니다"),
    "unknown": Reason("the model failed", "모델 호출에 실패했습니다"),
}


def reason(code: str, language: str) -> str:
    """A reason in words of a language ("ko" or "en")."""
    found = REASONS[code]
    return found.ko if language == "ko" else found.en


_SIGNS: tuple[tuple[str, str], ...] = (
    ("insufficient_quota", "no_quota"),
    ("billing", "no_quota"),
    ("ContextOverflow", "context_overflow"),
    ("context_length", "context_overflow"),
    ("exceed_context", "context_overflow"),
    ("Authentication", "wrong_key"),
    ("invalid_api_key", "wrong_key"),
    ("PermissionDenied", "not_allowed"),
    ("NotFound", "no_model"),
    ("RateLimit", "rate_limited"),
    ("ResourceExhausted", "rate_limited"),
    ("Overloaded", "server_error"),
    ("Timeout", "timeout"),
    ("LengthFinishReason", "truncated"),
    ("ContentFilter", "refused"),
    ("content_filter", "refused"),
    ("RemoteProtocolError", "dropped"),
    ("ReadError", "dropped"),
    ("IncompleteRead", "dropped"),
    ("APIConnection", "unreachable"),
    ("Connect", "unreachable"),
    ("InternalServer", "server_error"),
    ("ModelAPIError", "server_error"),
    ("ServiceUnavailable", "server_error"),
    ("JSONDecodeError", "garbled"),
    ("ResponseValidation", "garbled"),
    ("BadRequest", "rejected"),
    ("UnprocessableEntity", "rejected"),
    ("InvalidRequest", "rejected"),
)
_BY_STATUS = {400: "rejected", 401: "wrong_key", 402: "no_quota", 403: "not_allowed", 404: "no_model", 408: "timeout"}
_OVERFLOW = re.compile(r"context (?:length|size|window)|prompt is too long|too many tokens", re.IGNORECASE)


def provider_failure(error: BaseException) -> ProviderFailed:
    """What a provider's client raised, as one of the reasons."""
    signs = " ".join([*(cls.__name__ for cls in type(error).__mro__), *_codes(error)])
    status = _status(error)
    code = next((code for sign, code in _SIGNS if sign in signs), None)
    if code in (None, "rejected") and status == 400 and _OVERFLOW.search(str(error)):
        code = "context_overflow"
    if code is None and status is not None:
        code = "rate_limited" if status == 429 else "server_error" if status >= 500 else _BY_STATUS.get(status)
    return ProviderFailed(code or "unknown", wait=_retry_after(error))


def turned_down(error: BaseException) -> bool:
    """Whether an endpoint does not know how to do what it was asked, rather than failed at it: another way may work."""
    if isinstance(error, NotImplementedError):
        return True
    return _status(error) in (400, 422, 501) and provider_failure(error).code in ("rejected", "server_error")


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _codes(error: BaseException) -> list[str]:
    """The error code and type that the provider gave, which are words of its own list."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, Mapping) else {}
    named: list[Any] = [getattr(error, "code", None), getattr(error, "type", None)]
    if isinstance(inner, Mapping):
        named += [inner.get("code"), inner.get("type")]
    return [one for one in named if isinstance(one, str)]


def _retry_after(error: BaseException) -> float | None:
    """Seconds that the provider asks to wait (RFC 9110, 10.2.3: a number or a date; OpenAI also gives milliseconds)."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        return None
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        given = headers.get("retry-after")
        if given is None:
            return None
        if given.strip().replace(".", "", 1).isdecimal():
            return float(given)
        return max(0.0, (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
