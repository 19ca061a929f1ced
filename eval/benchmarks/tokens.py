"""The tokens of a whole interview, beside the same replies sent as one growing transcript.

    python -m eval.benchmarks.tokens

Every question of the document is answered once (with the first strong reply of ``eval/data/grading``) and judged by the
offline model, which is sent the very messages that a hosted one is. The transcript is what an interviewer sends that
keeps the conversation in its prompt: at each turn all questions, replies and feedback so far, below no instructions at
all. Counted by tiktoken, or by its estimate where its vocabulary can't be had; both sides alike.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from interviewer.grader import Grader
from interviewer.models import OFFLINE, Model
from interviewer.offline import OfflineChatModel
from interviewer.script import Script, play
from interviewer.service import Interviewer, View
from interviewer.settings import Settings
from knowledge.library import Library
from knowledge.tokens import count_tokens
from prompts.loader import load

__all__ = ["Tokens", "measure", "strong_replies"]

REPLIES = Path(__file__).parents[1] / "data" / "grading" / "replies.jsonl"


@dataclass(frozen=True)
class Tokens:
    """Input tokens, one entry a judged reply."""

    ours: tuple[int, ...]
    transcript: tuple[int, ...]
    head: int

    @property
    def share(self) -> float:
        """Ours over the transcript's."""
        return sum(self.ours) / sum(self.transcript)


class _Noting(OfflineChatModel):
    """The offline model, which notes what it is sent."""

    sent: list[list[str]] = []  # noqa: RUF012 (a pydantic field: each instance has its own)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        self.sent.append([str(message.content) for message in messages])
        return super()._generate(messages, *args, **kwargs)


def strong_replies() -> dict[str, str]:
    """The first strong Korean or mixed reply to each question."""
    found: dict[str, str] = {}
    with REPLIES.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["kind"] == "strong" and row["language"] != "en":
                found.setdefault(row["question_id"], row["reply"])
    return found


def measure(replies: dict[str, str], topics: Sequence[str] | None = None) -> tuple[Tokens, list[list[str]]]:
    """Play the interview and count. Returns the counts and the messages of each call."""
    library = Library()
    chat = _Noting(library=library)
    grader = Grader([Model(OFFLINE, chat)], load("judge"))
    script = Script(topics=tuple(topics) if topics else None, replies={q: [reply] for q, reply in replies.items()})
    with tempfile.TemporaryDirectory() as folder:
        interviewer = Interviewer(Settings(Path(folder)), library=library, grader=grader)
        try:
            view = play(interviewer, script)
        finally:
            interviewer.close()
    ours = tuple(sum(map(count_tokens, messages)) for messages in chat.sent)
    return Tokens(ours, _transcript(view), count_tokens(chat.sent[0][0])), chat.sent


def _transcript(view: View) -> tuple[int, ...]:
    """Tokens at each turn of a prompt that carries all questions, replies and feedback up to it."""
    carried, sent = 0, []
    for turn in view.turns:
        carried += count_tokens(turn.question) + count_tokens(turn.reply)
        sent.append(carried)
        carried += count_tokens(turn.result.critique if turn.result else "")
    return tuple(sent)


def main() -> int:
    """Measure and print."""
    tokens, _ = measure(strong_replies())
    count, quarter = len(tokens.ours), len(tokens.ours) // 4
    for name, found in (("ours", tokens.ours), ("growing transcript", tokens.transcript)):
        first, last = sum(found[:quarter]) / quarter, sum(found[-quarter:]) / quarter
        print(
            f"{name}: {sum(found):,} tokens in {count} turns; a turn of the first quarter {first:,.0f}, of the last {last:,.0f}"
        )
    print(f"fixed head: {tokens.head:,} tokens a turn, the same bytes each time")
    print(f"share: {tokens.share:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
