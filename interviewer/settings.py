"""Settings: flags first, then the environment, then defaults.

    settings = Settings.load(model="offline")
    settings.home        # INTERVIEWER_HOME, or the platform's folder for application data

=========================  ====================================================================================
OPENAI_API_KEY             use OpenAI (read by its own client, never stored or shown)
OPENAI_BASE_URL            any OpenAI-compatible server instead
INTERVIEWER_MODEL          auto | offline | a LangChain model id, e.g. openai:gpt-5-mini; several, separated by commas,
                           are tried in turn
INTERVIEWER_HOME           the data folder
INTERVIEWER_DATABASE_URL   a database for several replicas, e.g. postgresql://user@host/name
INTERVIEWER_CHROMA_URL     a Chroma server, e.g. http://127.0.0.1:8000
INTERVIEWER_EMBEDDINGS     offline | a LangChain embeddings id, e.g. openai:text-embedding-3-small
INTERVIEWER_MAX_REPLY      the longest reply in characters (8000)
INTERVIEWER_BUDGET         the most that one interview may take: 0.50 (US dollars) or "200k tokens"
INTERVIEWER_OPENAI_API     chat (Chat Completions, which compatible servers speak) | responses
INTERVIEWER_LOG            a file for structured logs, or - for stderr; INTERVIEWER_LOG_TEXT=1 adds the replies
=========================  ====================================================================================
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from interviewer.usage import Budget
from knowledge.errors import UserMistake

__all__ = ["DEFAULT_MAX_REPLY", "OPENAI_DEFAULT", "Settings"]

DEFAULT_MAX_REPLY = 8000
OPENAI_DEFAULT = "openai:gpt-5-mini"
OPENAI_APIS = ("chat", "responses")


@dataclass(frozen=True)
class Settings:
    """What holds for a whole process. ``models`` are the model ids to use, the first one that works."""

    home: Path
    models: tuple[str, ...] = ("offline",)
    database_url: str | None = None
    chroma_url: str | None = None
    embeddings: str = "offline"
    max_reply: int = DEFAULT_MAX_REPLY
    budget: Budget = field(default_factory=Budget)
    openai_api: str = "chat"
    log: str | None = None

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **flags: Any) -> Settings:
        """Settings from flags (None means not given) over the environment.

        Raises:
            UserMistake: a value that can't be used.
        """
        env = os.environ if environment is None else environment

        def pick(flag: str, name: str, default: str) -> str:
            return str(flags.get(flag) or env.get(name) or default).strip()

        home = pick("home", "INTERVIEWER_HOME", platformdirs.user_data_dir("mock-interviewer"))
        limit = pick("max_reply", "INTERVIEWER_MAX_REPLY", str(DEFAULT_MAX_REPLY))
        if not limit.isdecimal() or not 1 <= int(limit) <= 1_000_000:
            raise UserMistake(f"INTERVIEWER_MAX_REPLY is {limit!r}; give a number of characters from 1 to 1000000")
        openai_api = pick("openai_api", "INTERVIEWER_OPENAI_API", "chat")
        if openai_api not in OPENAI_APIS:
            raise UserMistake(f"INTERVIEWER_OPENAI_API is {openai_api!r}; give {' or '.join(OPENAI_APIS)}")
        return cls(
            home=Path(home).expanduser(),
            models=_models(pick("model", "INTERVIEWER_MODEL", "auto"), env),
            database_url=pick("database_url", "INTERVIEWER_DATABASE_URL", "") or None,
            chroma_url=pick("chroma_url", "INTERVIEWER_CHROMA_URL", "") or None,
            embeddings=pick("embeddings", "INTERVIEWER_EMBEDDINGS", "offline"),
            max_reply=int(limit),
            budget=Budget.parse(pick("budget", "INTERVIEWER_BUDGET", "")),
            openai_api=openai_api,
            log=pick("log", "INTERVIEWER_LOG", "") or None,
        )


def _models(spec: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """ "auto" is OpenAI (or the compatible server) if a key or a server is set, else offline."""
    chosen = []
    for name in (part.strip() for part in spec.split(",")):
        automatic = OPENAI_DEFAULT if env.get("OPENAI_API_KEY") else "offline"
        model = automatic if name == "auto" else name
        if model and model not in chosen:
            chosen.append(model)
    if not chosen:
        raise UserMistake("INTERVIEWER_MODEL names no model; give auto, offline or an id such as openai:gpt-5-mini")
    return tuple(chosen)
