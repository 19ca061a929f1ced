"""The terminal: the interview as a conversation, progress, tables. Rich lays out Korean by its width and knows whether
it writes to a terminal (colour) or to a pipe (none)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from interviewer.outcome import outcome, question_scores

if TYPE_CHECKING:
    from interviewer.doctor import Finding
    from interviewer.service import Interviewer, View

__all__ = ["Bar", "converse", "interview_data", "show_findings", "show_interviews", "show_summary"]

_LABEL = re.compile(r"\*\*(.+?)\*\*")
_STATUS = Console(stderr=True)
_SCREEN = Console()

_HELP = {
    "ko": "답을 쓰고 Enter를 누르세요. 여러 줄은 줄 끝에 \\ 를 붙입니다. 명령: /hint /skip /repeat /answer /back /object /stop",
    "en": "Type your answer and press Enter; end a line with \\ to go on. Commands: /hint /skip /repeat /answer /back /object /stop",
}


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
        while view.current is not None:
            _ask(view)
            text = _read()
            if not text.strip():
                continue
            with _STATUS.status("…"):
                for _ in interviewer.reply(view.id, text):
                    pass
            view = interviewer.view(view.id)
            result = view.turns[-1].result
            if result is not None:
                _SCREEN.print(_critique(result.critique, result.score))
    except (KeyboardInterrupt, EOFError):
        _SCREEN.print()
        _STATUS.print(f"python -m interviewer resume {view.id[:8]}", style="dim", highlight=False)
        raise KeyboardInterrupt from None
    show_summary(outcome(view, interviewer.library.open(view.row.document)))


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
    _SCREEN.print(counts, highlight=False, markup=False)
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
