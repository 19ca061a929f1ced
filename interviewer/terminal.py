"""The terminal: the interview as a conversation, progress, tables. Rich lays out Korean by its width and knows whether
it writes to a terminal (colour) or to a pipe (none)."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from interviewer import wording
from interviewer.outcome import outcome, question_scores
from interviewer.report import spent_lines

if TYPE_CHECKING:
    from interviewer.doctor import Finding
    from interviewer.service import Interviewer, View

__all__ = ["Bar", "converse", "interruptible", "interview_data", "show_findings", "show_interviews", "show_summary"]

_LABEL = re.compile(r"\*\*(.+?)\*\*")
_STATUS = Console(stderr=True)
_SCREEN = Console()

_HELP = {
    "ko": "답을 쓰고 Enter를 누르세요. 여러 줄은 줄 끝에 \\ 를 붙입니다. 명령: /hint /skip /repeat /answer /back /object /stop",
    "en": "Type your answer and press Enter; end a line with \\ to go on. Commands: /hint /skip /repeat /answer /back /object /stop",
}


RETRY, OFFLINE = "/retry", "/offline"
_OFFER = {
    "ko": f"{RETRY} 다시 채점 · {OFFLINE} 오프라인 채점기로 채점 · 아니면 다음 질문에 답하세요",
    "en": f"{RETRY} to grade again · {OFFLINE} to grade offline · or answer the next question",
}


@contextmanager
def interruptible(cancel: Callable[[], None]) -> Iterator[None]:
    """While this lasts, Ctrl-C first cancels the requests to models that are under way, so that it takes effect at once
    and nothing more is spent. The reply stays pending: ``resume`` has it judged."""

    def stop(number: int, frame: FrameType | None) -> None:
        cancel()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Bar:
    """A progress bar on stderr, seen only on a terminal."""

    def __init__(self, what: str, total: int | None = None) -> None:
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=_STATUS, disable=not _STATUS.is_terminal, transient=True)
        self._task = self._progress.add_task(what, total=total)
        self.done = 0

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self) -> None:
        self.done += 1
        self._progress.update(self._task, completed=self.done)

    def view(self, view: View) -> None:
        """Progress of an interview: questions done of all."""
        self._progress.update(self._task, completed=view.state.position, total=len(view.row.plan))


def converse(interviewer: Interviewer, view: View) -> None:
    """The interview on the terminal, until it is over or the candidate leaves (Ctrl-C, Ctrl-D: all is saved)."""
    _SCREEN.print(Text(_HELP[view.language], style="dim"))
    try:
        with interruptible(interviewer.cancel_all):
            view = _converse(interviewer, view)
    except (KeyboardInterrupt, EOFError):
        _SCREEN.print()
        _STATUS.print(f"python -m interviewer resume {view.id[:8]}", style="dim", highlight=False)
        raise KeyboardInterrupt from None
    show_summary(outcome(view, interviewer.library.open(view.row.document)))


def _converse(interviewer: Interviewer, view: View) -> View:
    warned = False
    while view.current is not None:
        _ask(view)
        text = _read()
        if not text.strip():
            continue
        if text.strip() in (RETRY, OFFLINE):
            view = _again(interviewer, view, "offline" if text.strip() == OFFLINE else None)
            continue
        n = len(view.turns)
        with _STATUS.status("…") as status:
            for event in interviewer.reply(view.id, text):
                if event.kind == "verdict":
                    status.update(f"… {event.data['verdict']}: {event.data['id']}")
        view = interviewer.view(view.id)
        _show_results(view, n)
        purse = interviewer.purse(view)
        if purse.warns and not warned:
            warned = True
            _SCREEN.print(wording.budget(purse.share or 0, view.language), style="yellow", highlight=False)
    while view.ungraded:
        text = _SCREEN.input(f"{RETRY} · {OFFLINE} · Enter> ", markup=False).strip()
        if text not in (RETRY, OFFLINE):
            break
        view = _again(interviewer, view, "offline" if text == OFFLINE else None)
    return view


def _again(interviewer: Interviewer, view: View, model: str | None) -> View:
    """Judge the answers that have no grade again, by a model or by the interview's own."""
    chosen = model or ",".join(view.row.settings["models"])
    for turn, _ in interviewer.regrade(view.id, chosen, ungraded_only=True):
        view = interviewer.view(view.id)
        _show_results(view, turn.n - 1, turn.n)
    return view


def _show_results(view: View, first: int, last: int | None = None) -> None:
    """The results of these turns; what a model did not grade comes with what can be done about it."""
    for turn in view.turns[first:last]:
        result = turn.result
        if result is None:
            continue
        text = result.critique
        if result.graded and result.model and result.model != view.row.settings["models"][0]:
            text = f"{wording.graded_by(result.model, view.language)}\n\n{text}"
        _SCREEN.print(_critique(text, result.score))
        if turn in view.ungraded:
            _SCREEN.print(_OFFER[view.language], style="dim", highlight=False, markup=False)


def show_summary(data: Mapping[str, Any]) -> None:
    """The score, by topic, and what to practise."""
    korean = data["interview"]["language"] == "ko"
    summary = data["summary"]
    table = Table(title=f"{'총점' if korean else 'Score'} {_percent(summary['score'])}", title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("주제" if korean else "Topic")
    table.add_column("점수" if korean else "Score", justify="right")
    for topic in summary["topics"]:
        table.add_row(topic["id"], topic["title"], _percent(topic["score"]))
    _SCREEN.print(table)
    counts = f"{'채점' if korean else 'graded'} {summary['graded']}/{summary['questions']}"
    if summary["weakest"]:
        counts += f" · {'먼저 복습할 질문' if korean else 'practise first'}: {', '.join(summary['weakest'])}"
    for line in (counts, *spent_lines(data)):
        _SCREEN.print(line, highlight=False, markup=False)
    _SCREEN.print(f"python -m interviewer report {data['interview']['id'][:8]}", style="dim", highlight=False)


def interview_data(interviewer: Interviewer, view: View) -> dict[str, Any]:
    """A line of ``list``."""
    scores = list(question_scores(view.turns).values())
    return {
        "id": view.id,
        "created": view.row.created.isoformat(timespec="seconds"),
        "document": view.row.document,
        "language": view.language,
        "position": view.state.position,
        "questions": len(view.row.plan),
        "finished": view.finished,
        "score": round(sum(scores) / len(scores), 4) if scores else None,
    }


def show_interviews(rows: Sequence[Mapping[str, Any]]) -> None:
    """The list of interviews."""
    if not rows:
        _SCREEN.print("no interviews yet; start one with: python -m interviewer chat", highlight=False)
        return
    table = Table()
    for column in ("id", "created", "document", "at", "score"):
        table.add_column(column)
    for row in rows:
        at = "done" if row["finished"] else f"{row['position']}/{row['questions']}"
        table.add_row(row["id"][:8], row["created"][:16].replace("T", " "), row["document"], at, _percent(row["score"]))
    _SCREEN.print(table)


def show_findings(findings: Sequence[Finding]) -> None:
    """What ``doctor`` found."""
    table = Table(show_header=False)
    for finding in findings:
        table.add_row(
            Text("ok" if finding.fine else "!!", style="green" if finding.fine else "red"),
            finding.what,
            Text(finding.says),
        )
    _SCREEN.print(table)


def _ask(view: View) -> None:
    asked = view.current
    assert asked is not None
    body = Text(asked.text)
    if asked.context and not asked.probe:
        body.append(f"\n{asked.context}", style="dim")
    title = f"{asked.number}/{len(view.row.plan)} · {asked.question_id}"
    _SCREEN.print(Panel(body, title=title, title_align="left"))


def _read() -> str:
    """One reply; a line that ends in a backslash goes on in the next."""
    lines = [_SCREEN.input("> ", markup=False)]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1][:-1]
        lines.append(_SCREEN.input("… ", markup=False))
    return "\n".join(lines)


def _critique(text: str, score: float | None) -> Panel:
    """A critique with its labels in bold; nothing else in it is markup (a candidate may write ``3*3*32``)."""
    body = Text()
    for line in text.split("\n"):
        label = _LABEL.match(line)
        if label:
            body.append(label.group(1), style="bold")
        body.append(f"{line[label.end() :] if label else line}\n")
    body.rstrip()
    return Panel(body, title=None if score is None else _percent(score), title_align="right", border_style="dim")


def _percent(score: float | None) -> str:
    return "–" if score is None else f"{score * 100:.0f}%"
