"""Chat models by id: "offline", or any LangChain model id such as "openai:gpt-5-mini".

    model = open_model("offline", library)
    model.chat.invoke(...)

A model is opened when an interview first needs it, not when it is named. What its provider raises is turned into
``ProviderFailed`` here, in one place, with a reason in plain words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interviewer.errors import ProviderFailed, UserMistake

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from knowledge.library import Library

__all__ = ["OFFLINE", "Model", "open_model", "provider_failure"]

OFFLINE = "offline"
TIMEOUT_SECONDS = 60.0
RETRIES = 3
"""Made by the provider's own client, with backoff, jitter and Retry-After."""


@dataclass(frozen=True)
class Model:
    """An opened chat model."""

    id: str
    chat: BaseChatModel

    @property
    def offline(self) -> bool:
        return self.id == OFFLINE


def open_model(model_id: str, library: Library) -> Model:
    """Open a model.

    Raises:
        UserMistake: the id is not one, its provider's package is not installed, or its key is not set.
    """
    if model_id == OFFLINE:
        from interviewer.offline import OfflineChatModel

        return Model(OFFLINE, OfflineChatModel(library=library))
    from langchain.chat_models import init_chat_model

    try:
        chat = init_chat_model(model_id, timeout=TIMEOUT_SECONDS, max_retries=RETRIES)
    except ImportError as error:
        package = getattr(error, "name", None) or "the provider's package"
        raise UserMistake(f"the model {model_id!r} needs a package that is not installed ({package})") from None
    except Exception as error:
        raise UserMistake(f"the model {model_id!r} can't be used: {_one_line(error)}") from None
    return Model(model_id, chat)


_REASONS: list[tuple[str, str, bool]] = [
    ("Authentication", "the key is not accepted", False),
    ("PermissionDenied", "the key may not use this model", False),
    ("NotFound", "the server does not have this model", False),
    ("insufficient_quota", "the account has no quota left", False),
    ("RateLimit", "the provider asks to slow down", True),
    ("Timeout", "no answer in time", True),
    ("APIConnection", "the server can't be reached", True),
    ("Connect", "the server can't be reached", True),
    ("ContextLength", "the reply is too long for this model", False),
    ("context_length", "the reply is too long for this model", False),
    ("ContentFilter", "the provider refused this reply", False),
    ("InternalServer", "the provider has a fault", True),
    ("BadRequest", "the server rejected the request", False),
]


def provider_failure(error: Exception) -> ProviderFailed:
    """A provider's exception as one line in plain words, by its class and error code (never its text: it may hold keys)."""
    names = " ".join(cls.__name__ for cls in type(error).__mro__) + f" {getattr(error, 'code', '')}"
    for sign, reason, retryable in _REASONS:
        if sign in names:
            return ProviderFailed(reason, retryable=retryable)
    return ProviderFailed(f"the model failed ({type(error).__name__})")


def _one_line(error: Exception) -> str:
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return text if "sk-" not in text else type(error).__name__
