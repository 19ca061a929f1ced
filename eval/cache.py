"""A model's answers kept on disk, so that no question is paid for twice: a LangChain cache in one SQLite file.

    cache = ResponseCache(home / "cache" / "eval-responses.db")
    chat.cache = cache
    with asking(repeat=1) as spent:
        chat.invoke(...)
    spent.tokens_input, spent.calls, spent.paid_calls

What is looked up is the model with its arguments, its address, every message as it is sent (so the prompt's own text) and
the index of the repetition: repeated cases are asked anew, and get the same answers when the run is repeated. Only whole answers
are kept: a failure is asked again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.caches import BaseCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, message_to_dict, messages_from_dict
from langchain_core.outputs import ChatGeneration, Generation, LLMResult
from langchain_core.tracers.context import register_configure_hook

__all__ = ["NotRecorded", "ResponseCache", "Spent", "asking"]


class NotRecorded(LookupError):
    """A replay asked for an answer that was never recorded."""


class Spent(BaseCallbackHandler):
    """What a case took: the tokens of all its answers, and how many of them had to be asked for (and paid)."""

    def __init__(self, repeat: int) -> None:
        super().__init__()
        self.repeat = repeat
        self.tokens_input = self.tokens_output = self.calls = self.recalled = 0
        self._lock = threading.Lock()

    @property
    def paid_calls(self) -> int:
        return self.calls - self.recalled

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """Count an answer, cached or not."""
        for answers in response.generations:
            for answer in answers[:1]:
                usage = getattr(getattr(answer, "message", None), "usage_metadata", None) or {}
                with self._lock:
                    self.calls += 1
                    self.tokens_input += int(usage.get("input_tokens", 0))
                    self.tokens_output += int(usage.get("output_tokens", 0))


_current: ContextVar[Spent | None] = ContextVar("eval_spent", default=None)
register_configure_hook(_current, inheritable=True)


@contextmanager
def asking(repeat: int = 0) -> Iterator[Spent]:
    """Count what is asked in this context, as this repetition."""
    spent = Spent(repeat)
    token = _current.set(spent)
    try:
        yield spent
    finally:
        _current.reset(token)


@dataclass
class ResponseCache(BaseCache):
    """The file is opened at the first use. A full disk or a damaged file ends the caching, not the evaluation.

    Args:
        address: told apart beside the model's own arguments: two servers may serve one model name.
        replay: answer from the file alone; what is not in it raises ``NotRecorded``.
    """

    path: Path
    address: str = ""
    replay: bool = False
    troubles: list[str] = field(default_factory=list)
    """Why answers are not kept, if so; shared by the copies of one cache."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None

    def lookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """The kept answer, None if there is none."""
        row = self._do("SELECT answer FROM answers WHERE key = ?", (self._key(prompt, llm_string),))
        if row is None:
            if self.replay:
                raise NotRecorded
            return None
        [message] = messages_from_dict([json.loads(row[0])])
        if (spent := _current.get()) is not None:
            spent.recalled += 1
        return [ChatGeneration(message=message)]

    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Keep an answer. One that holds nothing is no answer."""
        answer = return_val[0] if return_val else None
        message = answer.message if isinstance(answer, ChatGeneration) else None
        if not isinstance(message, AIMessage) or not (message.content or message.tool_calls):
            return
        text = json.dumps(message_to_dict(message), ensure_ascii=False, default=_plain)
        self._do("INSERT OR REPLACE INTO answers VALUES (?, ?)", (self._key(prompt, llm_string), text))

    def clear(self, **_: Any) -> None:
        """Forget everything."""
        self._do("DELETE FROM answers", ())

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _key(self, prompt: str, llm_string: str) -> str:
        spent = _current.get()
        parts = (self.address, llm_string, prompt, str(spent.repeat if spent else 0))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _do(self, statement: str, values: tuple[str, ...]) -> tuple[Any, ...] | None:
        with self._lock:
            if self.troubles:
                return None
            try:
                if self._opened is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    self._opened = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
                    self._opened.execute("PRAGMA journal_mode=WAL")
                    self._opened.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT)")
                found: tuple[Any, ...] | None = self._opened.execute(statement, values).fetchone()
                return found
            except (OSError, sqlite3.Error) as error:
                self.troubles.append(f"{self.path}: answers are not kept ({error})")
                return None


def _plain(value: Any) -> Any:
    """What a provider's client parsed into an object, as plain data."""
    return value.model_dump() if hasattr(value, "model_dump") else str(value)
