"""Structured logs: one JSON object a line for each model call and each turn, without anything that a candidate wrote.

    INTERVIEWER_LOG=calls.jsonl python -m interviewer chat        # "-" is stderr
    {"time": "…", "event": "call", "turn": "3f2a….12", "model": "openai:gpt-5-mini", "prompt": "judge@v1#…", …}

``INTERVIEWER_LOG_TEXT=1`` adds the replies, for whoever wants them there. Keys never get into a line: values of
variables that are named like one, and what looks like one, are blotted out.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interviewer.errors import UserMistake

if TYPE_CHECKING:
    from interviewer.usage import Usage

__all__ = ["JsonLines", "log_call", "log_to", "log_turn", "without_keys"]

_log = logging.getLogger("interviewer.events")
_KEY_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$")
_KEY_LOOK = re.compile(r"\b(?:sk|pk|gsk|xai|AIza|hf)[-_][\w-]{12,}")
BLOT = "[key]"


def without_keys(text: str) -> str:
    """A text without the values of the environment's keys and without what looks like a key."""
    for name, value in os.environ.items():
        if _KEY_NAME.search(name) and len(value) >= 8:
            text = text.replace(value, BLOT)
    return _KEY_LOOK.sub(BLOT, text)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: Mapping[str, Any] = getattr(record, "fields", None) or {"message": record.getMessage()}
        line = {"time": when, "level": record.levelname.lower(), "event": record.name, **fields}
        return without_keys(json.dumps(line, ensure_ascii=False, default=str))


def log_to(target: str | None) -> None:
    """Send this program's events to a file, or to stderr for "-"; nowhere without a target. Called once a process.

    Raises:
        UserMistake: the file can't be written.
    """
    if not target:
        return
    try:
        handler = (
            logging.StreamHandler(sys.stderr) if target == "-" else logging.FileHandler(Path(target), "a", "utf-8")
        )
    except OSError as error:
        raise UserMistake(f"INTERVIEWER_LOG is {target!r}, which can't be written ({error.strerror})") from None
    handler.setFormatter(JsonLines())
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False


def log_call(
    model: str, method: str, code: str | None, usage: Usage, seconds: float, attempt: int, label: Mapping[str, Any]
) -> None:
    """One request to a model: ``attempt`` counts from 1 in its turn, ``outcome`` is "ok" or a reason's code."""
    if not _log.isEnabledFor(logging.INFO):
        return
    fields = {
        "event": "call",
        **label,
        "model": model,
        "method": method,
        "outcome": code or "ok",
        "attempt": attempt,
        "tokens": {"input": usage.input, "cached": usage.cached, "output": usage.output},
        "estimated": usage.estimated,
        "seconds": round(seconds, 3),
    }
    _log.info("call", extra={"fields": fields})


def log_turn(label: Mapping[str, Any], reply: str, **fields: Any) -> None:
    """One finished turn; its reply only if ``INTERVIEWER_LOG_TEXT`` asks for it."""
    if not _log.isEnabledFor(logging.INFO):
        return
    text = {"reply": reply} if os.environ.get("INTERVIEWER_LOG_TEXT") == "1" else {}
    _log.info("turn", extra={"fields": {"event": "turn", **label, "characters": len(reply), **fields, **text}})
