"""The helper agent: explains what a question means, with a search tool, and gives nothing of its answer away.

    text, model_id, stamp = explain(models, search, key, "그 그래프가 뭔가요?", "ko", grader.allowance())

It is LangChain's ``create_agent``. It sees the question, its context and what the candidate asked, never the answer key;
its search finds questions and other topics' notes, never this question's answers. What it writes is still checked
against the key before a candidate sees it: a text that makes one of the points' claims, or is in the wrong language, is
dropped for the plain one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from interviewer.calls import Allowance, run
from interviewer.critique import Language
from interviewer.errors import Stopped
from interviewer.failures import provider_failure
from interviewer.logs import log_call
from interviewer.models import Model
from interviewer.structured import usage_of
from interviewer.usage import Usage
from knowledge.answer_key import AnswerKey
from knowledge.document import language_of
from knowledge.index import Passage
from knowledge.tokens import count_tokens
from prompts.loader import Prompt, load

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

__all__ = ["explain", "gives_away", "plain_explanation"]

MOST_STEPS = 8
HELPER_TAG = "helper"
MOST_CALLS = 4
RETRIES = 2
SHARED = 0.6
"""Share of a claim's content words in one text at which the text makes the claim."""


def explain(
    models: Sequence[Model],
    search: Callable[[str, int], list[Passage]],
    key: AnswerKey,
    asked: str,
    language: Language,
    allowance: Allowance,
    prompt: Prompt | None = None,
) -> tuple[str, str, str]:
    """The explanation, the id of the model that wrote it ("" for the plain one), and the prompt's stamp. Never raises for
    what a model or its provider does."""
    from langchain.agents import create_agent
    from langchain.agents.middleware import ModelCallLimitMiddleware, ModelRetryMiddleware
    from langchain_core.messages import AIMessage, HumanMessage
    from langchain_core.tools import tool

    @tool
    def search_knowledge(query: str) -> str:
        """Find related questions and notes of other topics in the interview's document."""
        found = [p for p in search(query, 6) if p.question_id != key.question_id or p.kind == "question"]
        return "\n".join(f"[{p.question_id}] {p.text}" for p in found[:3]) or "nothing found"

    prompt = prompt or load("help")
    context = key.context[language] if key.context else ""
    name = "Korean" if language == "ko" else "English"
    system = prompt.render(language=name, question=key.question[language], context=context)
    retrying: Any = ModelRetryMiddleware(max_retries=RETRIES, retry_on=_passing, on_failure="error")
    limit: Any = ModelCallLimitMiddleware(run_limit=MOST_CALLS)
    given: Any = {"messages": [HumanMessage(asked)]}
    config: RunnableConfig = {"recursion_limit": MOST_STEPS * 2, "tags": [HELPER_TAG]}
    for model in models:
        agent = create_agent(
            model.chat,
            tools=[search_knowledge],
            system_prompt=system,
            middleware=[] if model.offline else [limit, retrying],
        )
        try:
            allowance.purse.check(model.id, count_tokens(system + asked, model.id) if allowance.purse.limited else 0)
            if model.offline:
                state = agent.invoke(given, config=config)
            else:
                work = partial(_invoke, agent, given, config)
                state = run(work, allowance, allowance.seconds_left)
        except Stopped:
            break
        except Exception as error:  # whatever a provider raises, the candidate still gets the plain explanation
            log_call(model.id, "help", provider_failure(error).code, Usage(calls=1), 0.0, 1, allowance.label)
            continue
        said = [message for message in state["messages"] if isinstance(message, AIMessage)]
        for message in said:
            allowance.spend(model.id, usage_of(message))
        text = str(said[-1].text).strip() if said else ""
        if text and language_of(text) == language and not gives_away(text, key):
            return text, model.id, prompt.stamp
    return plain_explanation(key, language), "", prompt.stamp


async def _invoke(agent: Any, given: Any, config: RunnableConfig, _tell: Callable[[Any], None]) -> Any:
    return await agent.ainvoke(given, config=config)


def _passing(error: Exception) -> bool:
    return provider_failure(error).retryable


def plain_explanation(key: AnswerKey, language: Language) -> str:
    """The question in the other language too, and what the candidate has in front of them."""
    other: Language = "en" if language == "ko" else "ko"
    parts = [
        key.question[language],
        f"({key.question[other]})" if key.question[other] != key.question[language] else "",
    ]
    if key.context:
        parts.append(key.context[language])
    return "\n\n".join(part for part in parts if part)


def gives_away(text: str, key: AnswerKey) -> bool:
    """Whether a text makes a claim of the key in so many words."""
    from interviewer.reading import content_words

    said = {word.key for word in content_words(text)}
    question = {word.key for one in (key.question.ko, key.question.en) for word in content_words(one)}
    if key.context:
        question |= {word.key for one in (key.context.ko, key.context.en) for word in content_words(one)}
    for point in key.points:
        for statement in (point.statement.ko, point.statement.en):
            claim = {word.key for word in content_words(statement)} - question
            if len(claim) > 2 and len(claim & said) >= SHARED * len(claim):
                return True
    return False
