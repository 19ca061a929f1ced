"""Chat models by id: "offline", or any LangChain model id such as "openai:gpt-5-mini".

    model = open_model("offline", library)
    model.chat.invoke(...)

A model is opened when an interview first needs it, not when it is named. Providers' own retries are off: one turn has one
allowance of calls and seconds for all that goes wrong (``interviewer.structured``).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from interviewer.endpoints import Endpoints, endpoint_name
from interviewer.errors import UserMistake
from interviewer.keys import key_of
from interviewer.logs import without_keys

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable
    from pydantic import BaseModel

    from knowledge.library import Library

__all__ = ["OFFLINE", "Model", "open_model", "patient", "provider_chat", "wire_schema"]

OFFLINE = "offline"
TIMEOUT_SECONDS = 60.0
ATTEMPTS = 4
UNSTREAMED = 2
NO_KEY_NEEDED = "not-needed"
"""What OpenAI's client sends to a server of one's own that asks for no key; the client refuses to send nothing."""


class Model:
    """An opened chat model and what is known of its endpoint."""

    def __init__(
        self, model_id: str, chat: BaseChatModel, endpoints: Endpoints | None = None, endpoint: str | None = None
    ) -> None:
        self.id = model_id
        self.chat = chat
        self.endpoint = endpoint or model_id
        self._endpoints = endpoints or Endpoints()
        self._asking: dict[tuple[str, type[BaseModel]], Runnable[Any, Any]] = {}
        self.unstreamed = 0

    @property
    def streams(self) -> bool:
        """Whether answers are asked for as streams: until several in a row came only without (``unstreamed`` counts)."""
        return self.unstreamed < UNSTREAMED

    @property
    def offline(self) -> bool:
        return self.id == OFFLINE

    @property
    def provider(self) -> str:
        return self.id.partition(":")[0]

    @property
    def method(self) -> str | None:
        """The structured-output method that the endpoint answers to; None before its first answer."""
        return self._endpoints.method(self.endpoint)

    def settle(self, method: str) -> None:
        self._endpoints.settle(self.endpoint, method)

    def forget(self) -> None:
        self._endpoints.forget(self.endpoint)

    def asking(self, method: str, schema: type[BaseModel]) -> Runnable[Any, Any]:
        """The model bound to answer in a schema by one of ``METHODS``, without LangChain's parser behind it: what an
        answer holds is read and checked by the caller.

        Raises:
            NotImplementedError, ValueError, TypeError: the provider does not have the method.
        """
        known = self._asking.get((method, schema))
        if known is None:
            known = self._asking[method, schema] = self._bind(method, schema)
        return known

    def _bind(self, method: str, schema: type[BaseModel]) -> Runnable[Any, Any]:
        from langchain_core.runnables import RunnableSequence
        from langchain_core.utils.function_calling import convert_to_openai_tool

        if method == "text":
            return self.chat
        given = wire_schema(schema)
        if self.offline:
            return self.chat.bind_tools([convert_to_openai_tool(given)])
        options: dict[str, Any] = {"method": method}
        if method == "json_schema" and self.provider == "openai":
            options["strict"] = True
        if method != "function_calling" and getattr(self.chat, "use_responses_api", None) is False:
            # Named as what it is, OpenAI's client would parse the whole answer so far anew with every chunk.
            return self.chat.bind(extra_body={"response_format": _response_format(method, given)})
        bound = self.chat.with_structured_output(given, **options)
        return bound.first if isinstance(bound, RunnableSequence) else bound


def _response_format(method: str, schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's ``response_format`` of Chat Completions."""
    if method == "json_mode":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": schema["title"], "strict": True, "schema": schema}}


def wire_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON schema in the part of the language that every endpoint reads: no references, no defaults, every
    property required, no others allowed (OpenAI's strict mode refuses anything else)."""
    from langchain_core.utils.json_schema import dereference_refs

    plain = dereference_refs(schema.model_json_schema())
    plain.pop("$defs", None)
    return {**_strict(plain), "title": schema.__name__}


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {name: value for name, value in part.items() if name not in ("default", "title", "properties")}
    kept = {name: _strict(value) for name, value in kept.items()}
    if "properties" in part:
        # A property may well be called "title": its name is no keyword.
        kept["properties"] = {name: _strict(value) for name, value in part["properties"].items()}
        kept |= {"required": list(part["properties"]), "additionalProperties": False}
    return kept


def open_model(
    model_id: str,
    library: Library,
    *,
    endpoints: Endpoints | None = None,
    openai_api: str = "chat",
    key: str | None = None,
) -> Model:
    """Open a model.

    Args:
        endpoints: the memory of what endpoints answer to; without it each process asks anew.
        openai_api: "chat" (Chat Completions, which compatible servers speak) or "responses", for OpenAI's models.
        key: the session's own key, in place of the environment's.

    Raises:
        UserMistake: the id is not one, its provider's package is not installed, or its key is not set.
    """
    if model_id == OFFLINE:
        from interviewer.offline import OfflineChatModel

        return Model(OFFLINE, OfflineChatModel(library=library))
    provider = model_id.partition(":")[0] if ":" in model_id else "openai" if model_id.startswith("gpt-") else ""
    options: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "max_retries": 0}
    secret = key_of(provider, key)
    if secret is not None:
        options["api_key"] = secret
    elif provider == "openai" and os.environ.get("OPENAI_BASE_URL"):
        options["api_key"] = NO_KEY_NEEDED
    elif provider == "openai":
        raise UserMistake(f"the model {model_id!r} can't be used: set OPENAI_API_KEY, or --model offline")
    endpoint = model_id
    if provider == "openai":
        responses = openai_api == "responses"
        options |= {"stream_usage": True, "use_responses_api": responses}
        endpoint = endpoint_name(model_id, os.environ.get("OPENAI_BASE_URL"), "responses" if responses else "")
    try:
        chat = provider_chat(model_id, options)
    except ImportError as error:
        raise UserMistake(f"the model {model_id!r} needs another package: {_one_line(error)}") from None
    except Exception as error:
        raise UserMistake(f"the model {model_id!r} can't be used: {_one_line(error)}") from None
    return Model(model_id, chat, endpoints, endpoint)


def patient(chat: BaseChatModel) -> Runnable[Any, Any]:
    """A chat model that tries again what fails in passing, for work that is no turn and has no allowance."""
    from langchain_core import exceptions as failed

    passing = (
        failed.ModelRateLimitError,
        failed.ModelAPIError,
        failed.ModelConnectionError,
        failed.ModelTimeoutError,
    )
    return chat.with_retry(retry_if_exception_type=passing, stop_after_attempt=ATTEMPTS)


def provider_chat(model_id: str, options: dict[str, Any]) -> BaseChatModel:
    """A provider's chat model by LangChain. All of them are opened here, so that tests can see to it that none is."""
    from langchain.chat_models import init_chat_model

    chat: BaseChatModel = init_chat_model(model_id, **options)
    return chat


def _one_line(error: Exception) -> str:
    return without_keys((str(error).strip().splitlines() or [type(error).__name__])[0])
