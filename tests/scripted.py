"""A chat model that says what a test tells it to, and fails the test over any call too many or too few.

model = ScriptedModel(steps=[judged("hit"), TimeoutError()])
grader = Grader([model.opened()], load("judge"))
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field

from interviewer.endpoints import Endpoints
from interviewer.models import Model
from knowledge.library import Library

__all__ = ["ScriptedModel", "Step", "all_missed", "judged"]

Step = str | AIMessageChunk | BaseException | Callable[[list[BaseMessage]], str]
PIECE = 24


class ScriptedModel(BaseChatModel):
    """Each call takes the next step: a text to stream, a message, an error to raise, or a function of the messages.

    ``calls`` are the calls so far (method, messages); ``verify`` fails on steps that were not used and on calls that there
    was no step for. A fake that only raised on the latter would be taken for a provider that fails.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    steps: list[Any]
    methods: tuple[str, ...] = ("json_schema", "function_calling", "json_mode")
    calls: list[tuple[str, list[BaseMessage]]] = Field(default_factory=list)
    unexpected: int = 0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def opened(self, model_id: str = "openai:gpt-4o-mini", settled: str | None = "json_schema") -> Model:
        """The model as an interview uses it, by default with its method known."""
        endpoints = Endpoints()
        if settled:
            endpoints.settle(model_id, settled)
        return Model(model_id, self, endpoints)

    def verify(self) -> None:
        assert not self.unexpected, f"{self.unexpected} calls more than the test has steps for"
        assert not self.steps, f"{len(self.steps)} steps were not used"

    def with_structured_output(self, schema: Any, **options: Any) -> Any:  # type: ignore[override]
        if options["method"] not in self.methods:
            raise ValueError(f"this provider has no {options['method']}")
        return self.bind(method=options["method"])

    def bind_tools(self, tools: Sequence[Any], **options: Any) -> Any:
        return self.bind(method="tools")

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.calls.append((kwargs.get("method", "text"), messages))
        if not self.steps:
            self.unexpected += 1
            raise AssertionError("an unexpected call of a model")
        step = self.steps.pop(0)
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step = step(messages)
        chunks = [step] if isinstance(step, AIMessageChunk) else [AIMessageChunk(piece) for piece in _pieces(step)]
        for chunk in chunks:
            yield ChatGenerationChunk(message=chunk)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks: Sequence[ChatGenerationChunk] = list(self._stream(messages, stop, run_manager, **kwargs))
        whole = chunks[0]
        for chunk in chunks[1:]:
            whole += chunk
        return ChatResult(generations=[ChatGeneration(message=whole.message)])


def judged(**verdicts: tuple[str, str]) -> str:
    """A judgement as a model writes it: point id (with _ for -) → verdict and quote."""
    points = [
        {"id": name.replace("_", "-"), "reason": "because", "verdict": verdict, "quote": quote}
        for name, (verdict, quote) in verdicts.items()
    ]
    return json.dumps({"intent": "answer", "points": points, "misconceptions": [], "extras": []}, ensure_ascii=False)


def judged_first(**verdicts: tuple[str, str]) -> str:
    """A judgement of the document's first question; its other points are missed."""
    points = {point.id.replace("-", "_"): ("missed", "") for point in Library().open().key("1").points}
    return judged(**{**points, **verdicts})


def all_missed(messages: Sequence[BaseMessage]) -> str:
    """A judgement of whatever question is asked about that finds every point missed."""
    asked = json.loads(str(messages[1].content))
    return judged(**{point["id"]: ("missed", "") for point in asked["points"]})


def _pieces(text: str) -> list[str]:
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)] or [""]
