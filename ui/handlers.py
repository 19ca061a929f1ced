"""What the page does, without Gradio: each handler asks the interviewer and yields ``Page``s to be shown.

    handlers = Handlers(interviewer)
    for page in handlers.reply(owner, interview_id, n, "sigmoid는 …"):
        ...

Handlers keep nothing: the owner is a token of the browser, the interview's id is the session's, ``n`` (the place of the
turn that this tab is about to write) stands in the page, and everything else is read from the store. Every handler
authorises by the owner, since an endpoint that the page hides can still be called.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from interviewer import wording
from interviewer.critique import Language, Tone
from interviewer.errors import AlreadyAnswered, InterviewerError, UserMistake
from interviewer.intent import is_blank
from interviewer.models import OFFLINE
from interviewer.outcome import mean, question_scores
from interviewer.service import Interviewer, Options, View
from interviewer.settings import OPENAI_DEFAULT
from interviewer.store import InterviewRow
from ui.chat import Message, judging, messages, transcript
from ui.summary import progress_html, report_files, summary_html
from ui.texts import Texts, texts

__all__ = ["BUTTONS", "Handlers", "Page", "owner_of"]

BUTTONS = {
    "hint": "/hint",
    "skip": "/skip",
    "repeat": "/repeat",
    "reveal": "/answer",
    "back": "/back",
    "stop": "/stop",
}
"""What each button sends: the same commands that a candidate can type."""

EARLIER = 20

_OWNER = re.compile(r"[A-Za-z0-9_-]{32,64}")
_log = logging.getLogger("ui")


@dataclass(frozen=True)
class Page:
    """What is to be shown. ``clear`` empties the reply box: its text has been saved. ``n`` is the next turn's place.
    "same" leaves everything as it is and shows the notice. ``judging``: a reply is being judged, which can be stopped;
    ``ungraded``: there are replies without a grade, which can be judged again."""

    screen: Literal["start", "interview", "end", "same"]
    language: Language = "ko"
    interview_id: str | None = None
    n: int = 0
    messages: Sequence[Message] = ()
    progress: str = ""
    summary: str = ""
    files: tuple[str, str, str] | None = None
    earlier: Sequence[tuple[str, str]] = ()
    notice: str = ""
    clear: bool = False
    judging: bool = False
    ungraded: bool = False


def owner_of(token: Any) -> str:
    """The owner that a browser's token stands for; a new one for whoever has none."""
    return token if _is_owner(token) else secrets.token_urlsafe(32)


def _is_owner(token: Any) -> bool:
    """Tokens are as long as those made here: so "local" (the command line's interviews) or no owner is never one."""
    return isinstance(token, str) and bool(_OWNER.fullmatch(token))


class Handlers:
    """See the module."""

    def __init__(self, interviewer: Interviewer) -> None:
        self.interviewer = interviewer

    def opened(self, owner: str, language: Language) -> Iterator[Page]:
        """The page was loaded: the owner's last unfinished interview, or the start."""
        try:
            view = self._latest(owner)
            if view is None:
                yield self._start_page(owner, language)
            else:
                yield from self._settled(owner, view)
        except (UserMistake, InterviewerError) as error:
            yield replace(self._failed(language, error), screen="start")

    def home(self, owner: str, language: Language) -> Iterator[Page]:
        """Back to the start; the interview stays as it is."""
        try:
            yield self._start_page(owner, language)
        except (UserMistake, InterviewerError) as error:
            yield self._failed(language, error)

    def start(
        self,
        owner: str,
        language: Language,
        document: str | None,
        topics: Sequence[str],
        follow_ups: bool,
        probes: bool,
        tone: Tone,
        key: str = "",
    ) -> Iterator[Page]:
        """A new interview with these options. ``key`` is the session's own for OpenAI; it is used here and kept nowhere."""
        words = texts(language)
        if not topics:
            yield Page("same", language, notice=words.nothing_chosen)
            return
        model = OPENAI_DEFAULT if key and self.interviewer.settings.models == (OFFLINE,) else None
        options = Options(language, tuple(topics), "all" if follow_ups else "none", document, tone, probes, model)
        try:
            self._authorise(owner)
            yield self._page(self.interviewer.start(options, owner, key or None))
        except (UserMistake, InterviewerError) as error:
            yield self._failed(language, error)

    def open(self, owner: str, interview_id: str | None, language: Language) -> Iterator[Page]:
        """An earlier interview of this owner, to continue or to read."""
        try:
            yield from self._settled(owner, self._view(owner, interview_id))
        except UserMistake:
            yield Page("same", language, notice=texts(language).not_found)
        except InterviewerError as error:
            yield self._failed(language, error)

    def reply(
        self, owner: str, interview_id: str | None, n: int, text: str, language: Language = "ko", key: str = ""
    ) -> Iterator[Page]:
        """One turn. The reply shows once it is committed, verdicts as they come, then the critique and the next question.

        ``n`` must be the place that the page showed: a reply from a tab that is behind is refused and the tab refreshed.
        """
        try:
            view = self._view(owner, interview_id) if interview_id else self._latest(owner)
        except UserMistake:
            view = None
        except InterviewerError as error:
            yield self._failed(language, error)
            return
        if view is None:
            yield Page("same", language, notice=texts(language).not_found)
            return
        refused = self._refusal(view, interview_id, n, text)
        if refused:
            yield from self._settled(owner, view, refused)
            return
        words = texts(view.language)
        try:
            yield from self._turn(owner, view, n, text, key)
        except AlreadyAnswered:
            yield from self._settled(owner, self._view(owner, view.id), words.stale)
        except (UserMistake, InterviewerError) as error:
            yield self._after_failure(owner, view, words, str(error))
        except Exception as error:
            _log.exception("a turn of interview %s failed", view.id)
            yield self._after_failure(owner, view, words, type(error).__name__)

    def halt(self, owner: str, interview_id: str | None) -> None:
        """Stop the judging that goes on in an interview of this owner."""
        try:
            self.interviewer.cancel(self._view(owner, interview_id).id, owner)
        except (UserMistake, InterviewerError) as error:
            _log.info("nothing to stop: %s", type(error).__name__)

    def again(
        self, owner: str, interview_id: str | None, offline: bool, language: Language = "ko", key: str = ""
    ) -> Iterator[Page]:
        """Judge the replies without a grade once more, by the interview's models or by the offline one."""
        try:
            view = self._view(owner, interview_id)
            models = OFFLINE if offline else ",".join(view.row.settings["models"])
            yield replace(self._page(view), judging=True, ungraded=False)
            for _ in self.interviewer.regrade(view.id, models, owner, ungraded_only=True, key=key or None):
                yield replace(self._page(self._view(owner, view.id)), judging=True, ungraded=False)
            yield self._page(self._view(owner, view.id))
        except (UserMistake, InterviewerError) as error:
            yield self._failed(language, error)

    def command(
        self, name: str, owner: str, interview_id: str | None, n: int, language: Language = "ko"
    ) -> Iterator[Page]:
        """A button: the command that it stands for, as a turn. What is in the reply box stays there."""
        for page in self.reply(owner, interview_id, n, BUTTONS[name], language):
            yield replace(page, clear=False)

    def _turn(self, owner: str, view: View, n: int, text: str, key: str) -> Iterator[Page]:
        book = self.interviewer.library.open(view.row.document)
        shown: list[Message] = []
        verdicts: dict[str, tuple[str, str]] = {}
        page = replace(self._page(view), judging=True, ungraded=False)
        for event in self.interviewer.reply(view.id, text, owner, n, key=key or None):
            if event.kind == "received":
                now = self._view(owner, view.id)
                shown = transcript(now, now.turns, book)
                page = replace(page, n=n + 1)
                yield replace(page, messages=[*shown, judging(view.language, ())], clear=True)
            elif event.kind == "verdict" and view.current:
                point = book.key(view.current.question_id).point(event.data["id"])
                verdicts[event.data["id"]] = (event.data["verdict"], point.statement[view.language] if point else "")
                yield replace(page, messages=[*shown, judging(view.language, list(verdicts.values()))])
        after = self._view(owner, view.id)
        purse = self.interviewer.purse(after)
        notice = wording.budget(purse.share or 0, view.language) if purse.warns else ""
        yield replace(self._page(after), notice=notice)

    def _refusal(self, view: View, interview_id: str | None, n: int, text: str) -> str:
        """Why a message is not sent; "" if it can be."""
        words, limit = texts(view.language), self.interviewer.settings.max_reply
        if not interview_id:
            return words.reconnected
        if view.finished or n != len(view.turns) + 1:
            return words.stale
        if view.pending:
            return words.waiting
        if is_blank(text):
            return words.blank
        if len(text) > limit:
            return words.too_long.format(length=len(text), limit=limit)
        return ""

    def _settled(self, owner: str, view: View, notice: str = "") -> Iterator[Page]:
        """An interview as it stands; a reply that was not judged yet is judged now (or its judging waited for)."""
        yield replace(self._page(view), notice=notice)
        if view.pending:
            yield replace(self._page(self.interviewer.resume(view.id, owner)), notice=notice)

    def _page(self, view: View) -> Page:
        """An interview as a page. Reads the document only for what the turns don't hold."""
        book = self.interviewer.library.open(view.row.document)
        page = Page(
            "end" if view.finished else "interview",
            view.language,
            view.id,
            len(view.turns) + 1,
            messages(view, book),
            progress_html(view, book),
            ungraded=bool(view.ungraded),
        )
        if view.finished:
            return replace(page, summary=summary_html(view, book), files=report_files(view, book))
        return page

    def _start_page(self, owner: str, language: Language) -> Page:
        rows = self.interviewer.store.list_interviews(owner, EARLIER) if _is_owner(owner) else []
        return Page("start", language, earlier=[(self._label(row, owner, language), row.id) for row in rows])

    def _label(self, row: InterviewRow, owner: str, language: Language) -> str:
        words, when = texts(language), row.created.astimezone().strftime("%Y-%m-%d %H:%M")
        try:
            view = self.interviewer.view(row.id, owner)
        except (UserMistake, InterviewerError):
            return f"{when} · {words.unreadable}"
        score = mean(list(question_scores(view.turns).values()))
        at = words.under_way.format(n=view.state.position + 1, total=len(row.plan))
        shown = "" if score is None else f" · {score * 100:.0f}%"
        return f"{when} · {words.done if view.finished else at}{shown}"

    def _latest(self, owner: str) -> View | None:
        """The owner's newest interview that is not over."""
        self._authorise(owner)
        for row in self.interviewer.store.list_interviews(owner, EARLIER):
            try:
                view = self.interviewer.view(row.id, owner)
            except (UserMistake, InterviewerError):
                continue
            if not view.finished:
                return view
        return None

    def _view(self, owner: str, interview_id: Any) -> View:
        self._authorise(owner)
        return self.interviewer.view(interview_id if isinstance(interview_id, str) else "", owner)

    @staticmethod
    def _authorise(owner: Any) -> None:
        """The service shows all interviews to no owner (the command line), so nobody gets there without one."""
        if not _is_owner(owner):
            raise UserMistake("no interview without an owner")

    def _failed(self, language: Language, error: Exception) -> Page:
        return Page("same", language, notice=texts(language).failed.format(error=error))

    def _after_failure(self, owner: str, view: View, words: Texts, error: str) -> Page:
        """The interview as the store has it now; where that can't be shown either, what stands there stays."""
        notice = words.failed_kept.format(error=error.rstrip("."))
        try:
            return replace(self._page(self._view(owner, view.id)), notice=notice)
        except Exception:
            _log.exception("interview %s can't be shown", view.id)
            return Page("same", view.language, notice=notice)
