"""A scripted interview: a YAML file that says what to ask about and what the candidate replies.

    language: ko
    topics: [1, 2]
    follow_ups: all
    replies:
      "1": sigmoid는 exp 연산 때문에 비쌉니다.
      "1.1": [/hint, 비선형성은 네트워크의 표현력을 높여 줍니다.]
    default: 모르겠습니다.

A reply may be a list: commands, attempts, and the answer to a probe, in order. A probe is asked only where the list has a
reply left for it, so a script without lists asks each question once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from interviewer.errors import UserMistake
from interviewer.service import Interviewer, Options, View
from knowledge.rubric import node_line

__all__ = ["Script", "load_script", "play"]

MAX_BYTES = 10 * 1024 * 1024
ATTEMPTS = 3
"""Turns that a question may take without being closed once its replies are used up; then it is skipped."""


class Script(BaseModel):
    """A script as it is written."""

    model_config = ConfigDict(extra="forbid")
    language: Literal["ko", "en"] = "ko"
    document: str | None = None
    topics: tuple[str, ...] | None = None
    follow_ups: Literal["all", "none"] = "all"
    tone: Literal["plain", "kind", "demanding"] = "plain"
    seed: int | None = None
    replies: dict[str, list[str]] = Field(default_factory=dict)
    default: str = ""

    @field_validator("topics", mode="before")
    @classmethod
    def _topics(cls, value: Any) -> Any:
        return None if value is None else [str(v) for v in value] if isinstance(value, list) else value

    @field_validator("follow_ups", mode="before")
    @classmethod
    def _follow_ups(cls, value: Any) -> Any:
        return {True: "all", False: "none"}.get(value, value) if isinstance(value, bool) else value

    @field_validator("replies", mode="before")
    @classmethod
    def _replies(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return {} if value is None else value
        return {str(key): _texts(reply) for key, reply in value.items()}

    @field_validator("default", mode="before")
    @classmethod
    def _default(cls, value: Any) -> Any:
        return "" if value is None else str(value) if isinstance(value, int | float) else value


def load_script(path: Path) -> Script:
    """Read a script.

    Raises:
        UserMistake: missing, too large, not UTF-8, not YAML, or not a script; names the file and the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserMistake(f"{path}: the script is over {MAX_BYTES // 1024 // 1024} MB; split it")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserMistake(f"{path}: the script is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        what = (
            "there is no such script" if isinstance(error, FileNotFoundError) else f"can't be read ({error.strerror})"
        )
        raise UserMistake(f"{path}: {what}; check the path") from None
    try:
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
            data = loader.construct_document(node) if node else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise UserMistake(
            f"{where}: the script is not YAML ({getattr(error, 'problem', None) or type(error).__name__})"
        ) from None
    if not isinstance(data, dict):
        raise UserMistake(f"{path}: the script is empty or no mapping; see interviewer/examples")
    try:
        return Script.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the script"
        line = node_line(node, first["loc"])
        raise UserMistake(f"{path}:{line}: {place}: {first['msg']}") from None


def play(
    interviewer: Interviewer,
    script: Script,
    model: str | None = None,
    progress: Callable[[View], None] = lambda view: None,
    started: Callable[[View], None] = lambda view: None,
) -> View:
    """Run a script as an interview to its end.

    Args:
        progress: called after every turn with the interview as it stands.
        started: called once with the new interview, before its first turn.

    Raises:
        UserMistake: a topic, document or question id that does not exist.
    """
    book = interviewer.library.open(script.document)
    for question_id in script.replies:
        if question_id not in book.bank:
            raise UserMistake(f"the script has a reply to question {question_id!r}, which {book.name} does not have")
    options = Options(
        script.language, script.topics, script.follow_ups, script.document, script.tone, True, model, script.seed
    )
    view = interviewer.start(options)
    started(view)
    left = {question_id: list(replies) for question_id, replies in script.replies.items()}
    spare: dict[str, int] = {}
    while view.current is not None:
        question_id = view.current.question_id
        replies = left.get(question_id)
        if replies:
            text = replies.pop(0)
        else:
            spare[question_id] = spare.get(question_id, 0) + 1
            text = script.default if spare[question_id] <= ATTEMPTS else "/skip"
        probes = bool(replies)
        view = interviewer.take(view, text, probes)
        progress(view)
    return view


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return ["" if one is None else str(one) if isinstance(one, int | float) else one for one in value]
    return [""] if value is None else [str(value)] if isinstance(value, int | float | str) else value
