"""One call of a chat model: watched while it streams, ended at its time limit, cancelled at once when asked to.

    allowance = Allowance(Patience(), cancel=Cancel())
    call(model.chat, messages, allowance, chunks, seconds=60, on_text=print)

Calls of hosted models run as tasks of one event loop in a thread of its own, since only a task can be ended from
outside: cancelling closes its connection, and a server that minds its connections stops generating. What the caller
wants to see arrives in the caller's own thread.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from interviewer.errors import Stopped
from interviewer.usage import Budget, Purse, Usage, cost, total_cost

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk, BaseMessage
    from langchain_core.runnables import Runnable

__all__ = ["Allowance", "Cancel", "Patience", "call", "piece_of", "run"]

_T = TypeVar("_T")


class Cancel:
    """A wish to stop that any thread may set, once and for all; whoever waits for a model is woken at once."""

    def __init__(self) -> None:
        self._wish = threading.Event()
        self._wake: set[Callable[[], None]] = set()
        self._lock = threading.Lock()

    @property
    def wished(self) -> bool:
        return self._wish.is_set()

    def set(self) -> None:
        with self._lock:
            self._wish.set()
            waiting = list(self._wake)
        for wake in waiting:
            wake()

    def check(self) -> None:
        """Nothing, or ``Stopped`` where it was cancelled."""
        if self.wished:
            raise Stopped("cancelled")

    def pause(self, seconds: float) -> None:
        """Wait between two attempts, but no longer than until it is cancelled."""
        self._wish.wait(seconds)

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Have ``wake`` called when it is cancelled meanwhile."""
        with self._lock:
            self._wake.add(wake)
            late = self._wish.is_set()
        if late:
            wake()
        try:
            yield
        finally:
            with self._lock:
                self._wake.discard(wake)


@dataclass(frozen=True)
class Patience:
    """How much one turn may ask of one model: requests and seconds in all, and how attempts are spaced.

    The wait before an attempt doubles from ``first_wait`` with full jitter, or is what the provider asks for; one that
    would end after the turn's time is not begun. ``pause`` replaces the waiting, for tests.
    """

    calls: int = 6
    seconds: float = 120.0
    first_wait: float = 1.0
    longest_wait: float = 20.0
    pause: Callable[[float], None] | None = None


@dataclass
class Allowance:
    """What is left of a turn's patience and of the interview's budget, and what the turn took so far."""

    patience: Patience = field(default_factory=Patience)
    cancel: Cancel = field(default_factory=Cancel)
    purse: Purse = field(default_factory=lambda: Purse(Budget()))
    label: dict[str, Any] = field(default_factory=dict)
    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    dollars: float | None = 0.0
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float:
        return self.patience.seconds - (time.monotonic() - self.started)

    @property
    def used_up(self) -> bool:
        """Whether there is no room for another request."""
        return self.calls >= self.patience.calls or self.seconds_left <= 0

    def renew(self) -> None:
        """Another model's turn: it gets the whole patience, what was spent stays spent."""
        self.calls, self.started = 0, time.monotonic()

    def spend(self, model_id: str, usage: Usage) -> None:
        """Count what a call took."""
        self.usage += usage
        self.dollars = total_cost([self.dollars, cost(model_id, usage)])
        self.purse.spend(model_id, usage)

    def pause(self, seconds: float) -> None:
        pause = self.patience.pause
        (self.cancel.pause if pause is None else pause)(seconds)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of all model calls of this process. Its thread ends with the process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="model-calls", daemon=True).start()
    return loop


def run(
    work: Callable[[Callable[[Any], None]], Coroutine[Any, Any, _T]],
    allowance: Allowance,
    seconds: float,
    show: Callable[[Any], None] = lambda item: None,
) -> _T:
    """Run a task that can be cancelled, and hand what it tells meanwhile to ``show`` in this thread.

    Raises:
        Stopped: cancelled; the task has been told to end.
        TimeoutError: it took longer than ``seconds``.
        Whatever the task raises.
    """
    allowance.cancel.check()
    box: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()

    async def bounded() -> _T:
        async with asyncio.timeout(max(0.0, seconds)):
            return await work(lambda item: box.put(("item", item)))

    with allowance.cancel.waking(lambda: box.put(("cancel", None))):  # first: a task may be over at once
        future = asyncio.run_coroutine_threadsafe(bounded(), _loop())
        future.add_done_callback(lambda _: box.put(("done", None)))
        try:
            while True:
                kind, item = box.get()
                if kind == "done":
                    return future.result()
                if kind == "cancel":
                    raise Stopped("cancelled")
                show(item)
        finally:
            future.cancel()


def call(
    chat: Runnable[Any, Any],
    messages: Sequence[BaseMessage],
    allowance: Allowance,
    chunks: list[AIMessageChunk],
    *,
    seconds: float,
    on_text: Callable[[str], None] = lambda piece: None,
    tags: Sequence[str] = (),
    streamed: bool = True,
) -> None:
    """One request, streamed into ``chunks``: what an attempt took is known there even if it broke off.

    Args:
        on_text: gets each new piece of the answer's text, or of its tool call's arguments.
        streamed: whether to ask for a stream, or for the whole answer at once.
    """

    from langchain_core.messages import AIMessageChunk

    async def stream(tell: Callable[[Any], None]) -> None:
        if not streamed:
            tell(_whole(await chat.ainvoke(list(messages), config={"tags": list(tags)})))
            return
        async for chunk in chat.astream(list(messages), config={"tags": list(tags)}):
            tell(chunk if isinstance(chunk, AIMessageChunk) else _whole(chunk))

    def show(chunk: AIMessageChunk) -> None:
        chunks.append(chunk)
        on_text(piece_of(chunk))

    run(stream, allowance, seconds, show)


def _whole(message: Any) -> AIMessageChunk:
    """A message that did not come in pieces (asked for so, from a cache, of a model that does not stream) as one piece."""
    from langchain_core.messages import AIMessageChunk

    return AIMessageChunk(**message.model_dump(exclude={"type"}))


def piece_of(chunk: AIMessageChunk) -> str:
    """The text of a chunk, or its piece of a tool call's arguments."""
    return "".join(piece["args"] or "" for piece in chunk.tool_call_chunks) or str(chunk.text)
