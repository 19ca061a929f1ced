"""Ask a chat model for a structured answer, by the method that its endpoint answers to.

OpenAI speaks json_schema, many compatible servers only function calling or JSON mode, some nothing but text. The methods
are tried in that order at an endpoint's first answer; what worked is remembered (``interviewer.endpoints``). What fails
in passing is tried again, an answer that can't be used is asked for once more with what is wrong with it, and all of
that ends where the turn's allowance does.

    answer = ask(model, messages, RawJudgement, check=lambda data: None, allowance=Allowance())
    answer.data, answer.method
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_random_exponential

from interviewer.calls import Allowance, call, piece_of
from interviewer.endpoints import METHODS
from interviewer.errors import ModelMisbehaved, ProviderFailed, Stopped
from interviewer.failures import provider_failure, turned_down
from interviewer.logs import log_call
from interviewer.usage import Usage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk, BaseMessage
    from pydantic import BaseModel

    from interviewer.models import Model

__all__ = ["Answer", "ask", "read_json", "usage_of"]

JUDGE_TAG = "judge"
CALL_SECONDS = 60.0
"""The longest that one request may take, streamed answer and all."""

_FENCED = re.compile(r"```(?:json)?\s*(\{.*?\})\s*```", re.DOTALL)
_METHOD_AT_FAULT = frozenset({"empty", "unreadable", "incomplete"})
"""Misbehaviour that another method may mend, where none is settled yet."""

_REFUSED, _CUT_OFF = frozenset({"content_filter", "refusal"}), frozenset({"length", "max_tokens"})
_FINISH = _REFUSED | _CUT_OFF
"""Why an answer ended, in the words of OpenAI and Anthropic."""

_AGAIN = {
    "empty": "Your last answer was empty.",
    "truncated": "Your last answer was cut off because it was too long. Keep every reason under ten words.",
    "unreadable": "Your last answer could not be read.",
    "incomplete": "Your last answer did not judge every point of the list by its id.",
    "invented": "Your last answer quotes what the candidate did not write. Copy quotes character for character.",
}
_AGAIN_END = " Answer again, with every point of the list, in exactly the schema given."


@dataclass(frozen=True)
class Answer:
    """What the model said, as plain data, and the method by which."""

    data: dict[str, Any]
    method: str


class _TurnedDown(Exception):
    """The endpoint does not know the method."""


def ask(
    model: Model,
    messages: Sequence[BaseMessage],
    schema: type[BaseModel],
    check: Callable[[dict[str, Any]], str | None],
    allowance: Allowance,
    on_text: Callable[[str], None] | None = None,
) -> Answer:
    """One structured answer.

    Args:
        messages: the first one is the system message, whose text stays the same from turn to turn.
        check: what is wrong with an answer's data, as a code of ``failures.REASONS``; None if it can be worked with.
        on_text: gets the answer's text piece by piece; "" where another attempt begins anew.

    Raises:
        ModelMisbehaved: the model answered, but with nothing usable, also when asked once more.
        ProviderFailed: the model could not be reached or turned the request down.
        Stopped: cancelled, or over the budget.
    """
    asking = _Asking(model, messages, schema, check, allowance, on_text or (lambda piece: None))
    if model.offline:
        return asking.offline()
    settled = model.method
    methods = [settled, *(m for m in METHODS if m != settled)] if settled else list(METHODS)
    for method in methods:
        last = method == methods[-1]
        try:
            data = asking.by(method, mend=last or settled == method)
        except _TurnedDown:
            if settled == method:
                model.forget()
            continue
        except ModelMisbehaved as error:
            if last or settled == method or error.code not in _METHOD_AT_FAULT:
                raise
            continue
        model.settle(method)
        return Answer(data, method)
    raise ProviderFailed("rejected")


@dataclass
class _Asking:
    """One ``ask`` while it goes on."""

    model: Model
    messages: Sequence[BaseMessage]
    schema: type[BaseModel]
    check: Callable[[dict[str, Any]], str | None]
    allowance: Allowance
    on_text: Callable[[str], None]
    requests: int = 0
    streamed: bool = True

    def __post_init__(self) -> None:
        self.streamed = self.model.streams

    def offline(self) -> Answer:
        """The offline model never fails in passing and is called as a function is."""
        started = time.perf_counter()
        self.allowance.cancel.check()
        self.allowance.calls += 1
        self.requests += 1
        raw = self.model.asking("function_calling", self.schema).invoke(list(self.messages))
        self.allowance.spend(self.model.id, usage_of(raw))
        code, data = self._read(raw)
        self._log("function_calling", code, usage_of(raw), started)
        if code is not None:
            raise ModelMisbehaved(code)
        return Answer(data, "function_calling")

    def by(self, method: str, *, mend: bool) -> dict[str, Any]:
        """The data of an answer by one method; where it is of no use and ``mend`` is set, of a second one."""
        code, data = self._read(self._request(method, ""))
        if code in _AGAIN and mend and not self.allowance.used_up:
            code, data = self._read(self._request(method, _AGAIN[code] + _AGAIN_END))
        if code is not None:
            raise ModelMisbehaved(code)
        return data

    def _request(self, method: str, note: str) -> AIMessageChunk:
        """The model's message; what fails in passing is tried again within the allowance."""
        patience, allowance = self.allowance.patience, self.allowance
        backoff = wait_random_exponential(multiplier=patience.first_wait, max=patience.longest_wait)

        def wait(state: RetryCallState) -> float:
            asked = getattr(state.outcome.exception() if state.outcome else None, "wait", None)
            return float(backoff(state) if asked is None else asked)

        def spent(state: RetryCallState) -> bool:
            return allowance.used_up or state.upcoming_sleep >= allowance.seconds_left

        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, ProviderFailed) and error.retryable),
            wait=wait,
            stop=spent,
            sleep=allowance.pause,
            reraise=True,
        )
        return retrying(self._attempt, method, note)

    def _attempt(self, method: str, note: str) -> AIMessageChunk:
        """One request.

        Raises:
            _TurnedDown: the endpoint does not know the method.
            ProviderFailed, Stopped: see ``ask``.
        """
        allowance, model_id = self.allowance, self.model.id
        chat, messages = self._bound(method), self._messages(method, note)
        allowance.cancel.check()
        if allowance.purse.limited:
            allowance.purse.check(model_id, _count(messages, model_id))
        allowance.calls += 1
        self.requests += 1
        if self.requests > 1:
            self.on_text("")
        started, seconds = time.perf_counter(), min(CALL_SECONDS, allowance.seconds_left)
        chunks: list[AIMessageChunk] = []
        outcome: str | None = "turned_down"
        try:
            streamed, show = self.streamed, self.on_text
            call(chat, messages, allowance, chunks, seconds=seconds, on_text=show, tags=[JUDGE_TAG], streamed=streamed)
            outcome = None if chunks else "garbled"
        except Stopped as stopped:
            outcome = stopped.code
            raise
        except Exception as error:
            if turned_down(error):
                raise _TurnedDown from None
            failed = _broken_off(provider_failure(error), bool(chunks))
            outcome = failed.code
            self.streamed = self.streamed and outcome != "garbled"  # not every server can stream
            raise failed from None
        finally:
            usage = self._usage(messages, chunks)
            allowance.spend(model_id, usage)
            self._log(method, outcome, usage, started)
        if not chunks:
            self.streamed = False
            raise ProviderFailed("garbled")
        if self.model.streams:
            self.model.unstreamed = 0 if self.streamed else self.model.unstreamed + 1
        return _joined(chunks)

    def _bound(self, method: str) -> Any:
        """The model bound to the method; LangChain says so at once where a provider does not have it."""
        try:
            return self.model.asking(method, self.schema)
        except (NotImplementedError, ValueError, TypeError):
            raise _TurnedDown from None

    def _messages(self, method: str, note: str) -> list[BaseMessage]:
        from langchain_core.messages import HumanMessage, SystemMessage

        head, *rest = self.messages
        if method in ("json_mode", "text"):
            head = SystemMessage(f"{head.text}\n\n{_instruction(self.schema)}")
        return [head, *rest, *([HumanMessage(note)] if note else [])]

    def _read(self, raw: AIMessageChunk) -> tuple[str | None, dict[str, Any]]:
        """What is wrong with a message, and its data."""
        finish = _FINISH.intersection(str(raw.response_metadata.get(name)) for name in ("finish_reason", "stop_reason"))
        if raw.additional_kwargs.get("refusal") or finish & _REFUSED:
            return "refused", {}
        if finish & _CUT_OFF or raw.response_metadata.get("status") == "incomplete":
            return "truncated", {}
        data = dict(raw.tool_calls[0]["args"]) if raw.tool_calls else read_json(str(raw.text))
        if data is None:
            said = str(raw.text).strip() or raw.invalid_tool_calls
            return ("unreadable" if said else "empty"), {}
        return self.check(data), data

    def _usage(self, messages: Sequence[BaseMessage], chunks: Sequence[AIMessageChunk]) -> Usage:
        """The provider's count, else our own. An attempt that brought nothing is taken to have cost nothing."""
        if not chunks:
            return Usage(calls=1)
        usage = usage_of(_joined(chunks))
        if usage.tokens:
            return usage
        from knowledge.tokens import count_tokens

        said = count_tokens("".join(map(piece_of, chunks)), self.model.id)
        return Usage(_count(messages, self.model.id), said, calls=1, estimated=True)

    def _log(self, method: str, code: str | None, usage: Usage, started: float) -> None:
        seconds = time.perf_counter() - started
        log_call(self.model.id, method, code, usage, seconds, self.requests, self.allowance.label)


def usage_of(raw: Any) -> Usage:
    """What the provider counted for a message; no tokens where it said nothing."""
    counted: Mapping[str, Any] = getattr(raw, "usage_metadata", None) or {}
    cached = (counted.get("input_token_details") or {}).get("cache_read") or 0
    return Usage(int(counted.get("input_tokens", 0)), int(counted.get("output_tokens", 0)), int(cached), calls=1)


def read_json(text: str) -> dict[str, Any] | None:
    """The JSON object in a text: fenced, or from the first brace to the last; None if there is none."""
    fenced = _FENCED.search(text)
    first, last = text.find("{"), text.rfind("}")
    for candidate in (fenced.group(1) if fenced else "", text[first : last + 1] if first >= 0 else ""):
        try:
            data = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            return data
    return None


def _joined(chunks: Sequence[AIMessageChunk]) -> AIMessageChunk:
    from langchain_core.messages import AIMessageChunk
    from langchain_core.messages.ai import add_ai_message_chunks

    first, *rest = chunks
    whole = add_ai_message_chunks(first, *rest) if rest else first
    assert isinstance(whole, AIMessageChunk)
    return whole


def _broken_off(failed: ProviderFailed, begun: bool) -> ProviderFailed:
    """What a failure is called by how far the answer had come. A body that is no stream of events ends in whatever
    LangChain or the provider's client make of an answer without events."""
    if failed.code == "unknown" and not begun:
        return ProviderFailed("garbled")
    return ProviderFailed("dropped") if failed.code == "unreachable" and begun else failed


def _instruction(schema: type[BaseModel]) -> str:
    from interviewer.models import wire_schema

    return "Answer with one JSON object of this schema and nothing else:\n" + json.dumps(wire_schema(schema))


def _count(messages: Sequence[BaseMessage], model_id: str) -> int:
    from knowledge.tokens import count_tokens

    return sum(count_tokens(str(message.text), model_id) for message in messages)
