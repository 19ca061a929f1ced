"""What is used and whether it works: ``python -m interviewer doctor``. Nothing secret is shown."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass

from interviewer.errors import InterviewerError, UserMistake
from interviewer.keys import KEY_NAMES, key_source
from interviewer.settings import Settings
from interviewer.usage import Usage, cost, prices

__all__ = ["Finding", "examine"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    says: str
    fine: bool = True


def examine(settings: Settings) -> list[Finding]:
    """Look at everything a turn needs, in the order in which it needs it."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("python", lambda: f"{platform.python_version()} on {platform.system()}"),
        ("data folder", lambda: str(settings.home)),
        ("key", lambda: key_source(_provider(settings))),
        ("database", lambda: _database(settings)),
        ("documents", lambda: _documents(settings)),
        ("search", lambda: _search(settings)),
        ("tokens", _tokens),
        ("budget", lambda: _budget(settings)),
        *((f"model {model}", lambda model=model: _model(settings, model)) for model in settings.models),
    ]
    return [_finding(what, look) for what, look in checks]


def _finding(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, look())
    except (UserMistake, InterviewerError) as error:
        return Finding(what, str(error), fine=False)


def _database(settings: Settings) -> str:
    from sqlalchemy.engine import make_url

    from interviewer.store import Store

    store = Store.at(settings.home, settings.database_url)
    shown = make_url(store.url).render_as_string(hide_password=True)
    return f"{shown}, {len(store.list_interviews(limit=1000))} interviews"


def _documents(settings: Settings) -> str:
    from knowledge.library import Library

    library = Library(settings.home)
    return ", ".join(f"{name} ({len(library.open(name).bank)} questions)" for name in library.names)


def _search(settings: Settings) -> str:
    from interviewer.service import Interviewer

    interviewer = Interviewer(settings)
    book = interviewer.library.open()
    found = interviewer.index(book).search("기울기 소실", 1)
    where = settings.chroma_url or "embedded Chroma"
    return f"{where}, embeddings {settings.embeddings}, nearest to '기울기 소실' is question {found[0].question_id}"


def _tokens() -> str:
    from knowledge.tokens import count_tokens, estimate_tokens

    sample = "기울기가 소실된다"
    exact = count_tokens(sample) != estimate_tokens(sample)
    return "counted by tiktoken" if exact else "estimated: tiktoken's vocabulary can't be downloaded here"


def _model(settings: Settings, model_id: str) -> str:
    from interviewer.grader import Said
    from interviewer.service import Interviewer

    interviewer = Interviewer(settings)
    grader = interviewer.grader((model_id,))
    grading = grader.grade(
        interviewer.library.open().key("1"), [Said("candidate", "sigmoid는 exp 연산 때문에 계산이 비쌉니다.")]
    )
    if grading.judgement is None:
        raise InterviewerError(grading.error or "no judgement")
    model = grader.models[0]
    seconds, tokens = f"{grading.seconds:.1f} s", f"{grading.usage.input} + {grading.usage.output} tokens"
    if model.offline:
        return f"gives judgements in {seconds}"
    price = "price not known" if grading.cost is None else f"{grading.cost:.5f} US dollars"
    return f"{model.endpoint} gives judgements by {model.method} in {seconds}, {tokens}, {price}"


def _provider(settings: Settings) -> str:
    """The first model's provider; OpenAI for the offline model, whose key would be used next."""
    provider = settings.models[0].partition(":")[0]
    return provider if provider in KEY_NAMES else "openai"


def _budget(settings: Settings) -> str:
    budget, table = settings.budget, prices()
    limit = "no limit"
    if budget.tokens is not None:
        limit = f"{budget.tokens} tokens an interview"
    elif budget.dollars is not None:
        limit = f"{budget.dollars} US dollars an interview"
        unknown = [model for model in settings.models if cost(model, Usage(1, 1)) is None]
        if unknown:
            raise InterviewerError(f"{limit}, but no price is known for {', '.join(unknown)}; give a budget in tokens")
    return f"{limit}; prices as of {table.checked}"
