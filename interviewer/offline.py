"""The offline chat model: a LangChain ``BaseChatModel`` that needs no key, no network and no weights.

It reads the very messages that a hosted model gets and answers in the same ways: with a call of the judgement tool (which
is how structured output comes back), with a call of ``search_knowledge`` and then a text for the helper, or with a text.
It is deterministic. What it can judge is told in ``offline_judge.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict

from interviewer.judge import RawJudgement
from interviewer.offline_judge import OfflineJudge
from knowledge.document import language_of
from knowledge.library import Library

__all__ = ["OfflineChatModel"]

SEARCH_TOOL = "search_knowledge"
CHARACTERS_A_TOKEN = 3
"""A rough figure for the usage that the model reports; nothing is billed by it."""

_CLARIFY = {
    "ko": "질문은 이것입니다: {question}\n\n{context}아는 만큼, 이유까지 한두 문장으로 설명해 주시면 됩니다.",
    "en": "The question is: {question}\n\n{context}Explain it in a sentence or two, with the reason, as far as you know.",
}


class OfflineChatModel(BaseChatModel):
    """See the module. ``library`` holds the documents whose rubrics it judges by."""

    library: Library

    model_config = ConfigDict(arbitrary_types_allowed=True, ignored_types=(cached_property,))

    @property
    def _llm_type(self) -> str:
        return "offline"

    @cached_property
    def _judge(self) -> OfflineJudge:
        return OfflineJudge(self.library)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Tools as OpenAI takes them; ``tool_choice`` is not needed, since the model always calls what it is offered."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        offered = {tool["function"]["name"] for tool in kwargs.get("tools", ())}
        if RawJudgement.__name__ in offered:
            arguments = self._judge(json.loads(str(messages[-1].content)))
            answer = _call(RawJudgement.__name__, arguments)
        elif SEARCH_TOOL in offered and not isinstance(messages[-1], ToolMessage):
            answer = _call(SEARCH_TOOL, {"query": str(messages[-1].content)[:500]})
        else:
            answer = AIMessage(self._help(messages))
        sent = sum(len(str(message.content)) for message in messages) // CHARACTERS_A_TOKEN
        said = len(str(answer.content) + json.dumps(answer.tool_calls, ensure_ascii=False)) // CHARACTERS_A_TOKEN
        answer.usage_metadata = {"input_tokens": sent, "output_tokens": said, "total_tokens": sent + said}
        return ChatResult(generations=[ChatGeneration(message=answer)])

    def _help(self, messages: Sequence[BaseMessage]) -> str:
        """The helper's text: the question once more with its context, read from the help prompt."""
        head = str(messages[0].content)
        question, context = _line(head, "The question: "), _line(head, "What the candidate has in front of them: ")
        language = "ko" if "Write Korean" in head else "en" if "Write English" in head else language_of(question)
        return _CLARIFY[language].format(question=question, context=f"{context}\n\n" if context else "")


def _call(name: str, arguments: dict[str, Any]) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"offline-{name}", "type": "tool_call"}])


def _line(text: str, label: str) -> str:
    found = next((line for line in text.splitlines() if line.startswith(label)), "")
    return found.removeprefix(label).strip()
