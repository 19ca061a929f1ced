"""Ask a chat model for a structured answer, by the method that its endpoint supports.

OpenAI speaks json_schema, many compatible servers only function calling or JSON mode, some nothing but text. The methods
are tried in that order, once an endpoint: what worked is remembered for the process. An answer that can't be read is
sent back once with what is wrong with it; after that it is the caller's to report.

    answer = ask(model, messages, RawJudgement, usable=lambda data: "points" in data)
    answer.data, answer.tokens_input
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from interviewer.errors import ModelMisbehaved
from interviewer.models import Model, provider_failure

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.runnables import Runnable

__all__ = ["METHODS", "Answer", "ask", "method_of"]

METHODS = ("json_schema", "function_calling", "json_mode", "text")
JUDGE_TAG = "judge"

_settled: dict[str, str] = {}
_runnables: dict[tuple[str, str, type[BaseModel], int], Runnable[Any, Any]] = {}
_FENCED = re.compile(r"```(?:json)?\s*(\{.*?\})\s*```", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """What the model said, as plain data, and what it took. ``calls`` counts the requests that were answered."""

    data: dict[str, Any]
    method: str
    tokens_input: int = 0
    tokens_output: int = 0
    calls: int = 1


def method_of(model: Model) -> str | None:
    """The method settled on for a model's endpoint, None before the first answer."""
    return _settled.get(_endpoint(model))


def ask(
    model: Model,
    messages: Sequence[BaseMessage],
    schema: type[BaseModel],
    usable: Callable[[dict[str, Any]], bool],
) -> Answer:
    """One structured answer.

    Args:
        usable: whether the data can be worked with; data that is not is sent back for one repair.

    Raises:
        ModelMisbehaved: the model answered, but with nothing usable, twice.
        ProviderFailed: the model could not be reached or refused.
    """
    settled = method_of(model)
    methods = (settled,) if settled else (("function_calling",) if model.offline else METHODS)
    for position, method in enumerate(methods):
        try:
            raw, data = _invoke(model, method, messages, schema)
        except Exception as error:
            if _unsupported(error) and position < len(methods) - 1:
                continue
            raise provider_failure(error) from error
        answer = Answer({}, method, *_usage(raw))
        if data is None or not usable(data):
            answer, data = _repair(model, method, messages, schema, raw, answer)
            if data is None or not usable(data):
                if position < len(methods) - 1:
                    continue
                raise ModelMisbehaved("the model's answer holds no judgement")
        _settled[_endpoint(model)] = method
        return replace(answer, data=data)
    raise ModelMisbehaved("the model's answer holds no judgement")


def _invoke(
    model: Model, method: str, messages: Sequence[BaseMessage], schema: type[BaseModel]
) -> tuple[AIMessage, dict[str, Any] | None]:
    if method == "text":
        raw = model.chat.invoke([*messages, _instruction(schema)], config={"tags": [JUDGE_TAG]})
        return raw, _from_text(raw)
    key = (model.id, method, schema, id(model.chat))
    if key not in _runnables:
        _runnables[key] = _asking(model, method, schema)
    sent = [*messages, _instruction(schema)] if method == "json_mode" else messages
    raw = _runnables[key].invoke(list(sent), config={"tags": [JUDGE_TAG]})
    calls = getattr(raw, "tool_calls", None)
    return raw, dict(calls[0]["args"]) if calls else _from_text(raw)


def _asking(model: Model, method: str, schema: type[BaseModel]) -> Runnable[Any, Any]:
    """The model bound to answer in a schema, without LangChain's parser behind it: what an answer holds is read here
    and checked by the caller. A tool is given as plain data, since a class would be described anew at every call."""
    from langchain_core.runnables import RunnableSequence
    from langchain_core.utils.function_calling import convert_to_openai_tool

    options: dict[str, Any] = {} if model.offline else {"method": method}
    given = convert_to_openai_tool(schema) if method == "function_calling" else schema
    bound = model.chat.with_structured_output(given, **options)
    return bound.first if isinstance(bound, RunnableSequence) else bound


def _repair(
    model: Model,
    method: str,
    messages: Sequence[BaseMessage],
    schema: type[BaseModel],
    raw: AIMessage,
    first: Answer,
) -> tuple[Answer, dict[str, Any] | None]:
    """Ask once more, telling the model that its answer could not be read."""
    from langchain_core.messages import HumanMessage

    note = (
        "Your last answer could not be read. Answer again, with every point of the list, in exactly the schema given."
    )
    try:
        again, data = _invoke(model, method, [*messages, HumanMessage(note)], schema)
    except Exception as error:
        raise provider_failure(error) from error
    more_in, more_out = _usage(again)
    spent = replace(
        first,
        tokens_input=first.tokens_input + more_in,
        tokens_output=first.tokens_output + more_out,
        calls=first.calls + 1,
    )
    return spent, data


def _instruction(schema: type[BaseModel]) -> BaseMessage:
    from langchain_core.messages import HumanMessage

    return HumanMessage(
        "Answer with one JSON object of this schema and nothing else:\n" + json.dumps(schema.model_json_schema())
    )


def _from_text(raw: AIMessage) -> dict[str, Any] | None:
    """The JSON object in a text answer: fenced, or from the first brace to the last."""
    text = raw.text if isinstance(raw.text, str) else str(raw.content)
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


def _usage(raw: AIMessage) -> tuple[int, int]:
    usage = getattr(raw, "usage_metadata", None) or {}
    return int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0))


def _unsupported(error: Exception) -> bool:
    """Whether the endpoint turned the method down, rather than failed."""
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(
        names & {"BadRequestError", "UnprocessableEntityError", "NotImplementedError", "ValueError", "TypeError"}
    )


def _endpoint(model: Model) -> str:
    return f"{model.id} {getattr(model.chat, 'openai_api_base', None) or ''}"
