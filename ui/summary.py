"""Where an interview stands and how it ended: the progress bar, the result page, and the report's files.

summary_html(view, book)       # score, topics, weakest questions
report_files(view, book)       # three files in a folder of their own, for the download buttons
"""

from __future__ import annotations

import json
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from interviewer.outcome import outcome
from interviewer.report import html_report, markdown_report
from interviewer.service import View
from knowledge.library import Book
from ui.chat import text_html
from ui.texts import texts

__all__ = ["progress_html", "report_files", "summary_html"]


def progress_html(view: View, book: Book) -> str:
    """The topic, "question k of n" and a bar."""
    if view.current is None:
        return ""
    words, total = texts(view.language), len(view.row.plan)
    number = view.current.number
    topic = book.title(view.current.question_id.partition(".")[0], view.language)
    label = words.progress.format(n=number, total=total)
    done = 100 * (number - 1) / total
    return (
        f'<div class="progress" lang="{view.language}"><div class="where"><b>{text_html(topic)}</b><span>{label}</span></div>'
        f'<div class="bar" role="progressbar" aria-label="{label}" aria-valuemin="0" aria-valuemax="{total}" '
        f'aria-valuenow="{number - 1}"><i style="width: {max(done, 1):.1f}%"></i></div></div>'
    )


def summary_html(view: View, book: Book) -> str:
    """The result: score, what it counts, topic by topic, and what to practise first."""
    words, language = texts(view.language), view.language
    data = outcome(view, book)
    summary = data["summary"]
    asked_as = {turn.question_id: turn.question for turn in view.turns if not turn.asked_probe}
    topics = "".join(
        f'<li><span class="name">{escape(topic["id"])}. {text_html(topic["title"])}</span>'
        f'<span class="bar" aria-hidden="true"><i style="width: {100 * (topic["score"] or 0):.0f}%"></i></span>'
        f'<span class="n">{_percent(topic["score"], words.no_score)}</span></li>'
        for topic in summary["topics"]
    )
    weakest = "".join(
        f'<li><span class="id">{escape(q)}</span> {text_html(asked_as[q])}</li>' for q in summary["weakest"]
    )
    asked = f"<h3>{words.weakest}</h3><ul class='weakest'>{weakest}</ul>" if weakest else ""
    return (
        f'<section class="summary" lang="{language}"><h2>{words.finished if view.finished else words.unfinished}</h2>'
        f'<div class="total"><span>{words.score}</span> <b>{_percent(summary["score"], words.no_score)}</b></div>'
        f'<p class="counts">{words.counts.format(**summary)} · {words.graded_by.format(model=escape(data["interview"]["model"]))}</p>'
        f'<h3>{words.by_topic}</h3><ul class="topics">{topics}</ul>{asked}</section>'
    )


def report_files(view: View, book: Book) -> tuple[str, str, str]:
    """The report as Markdown, HTML and JSON: files in a new temporary folder, whose name nobody can guess."""
    data: dict[str, Any] = outcome(view, book)
    folder = Path(tempfile.mkdtemp(prefix="interview-report-"))
    name = f"interview-{view.row.created.astimezone():%Y%m%d-%H%M}-{view.id[:8]}"
    texts_by_ending = {
        ".md": markdown_report(data),
        ".html": html_report(data),
        ".json": json.dumps(data, ensure_ascii=False, indent=2) + "\n",
    }
    for ending, text in texts_by_ending.items():
        (folder / f"{name}{ending}").write_text(text, encoding="utf-8")
    made = [str(folder / f"{name}{ending}") for ending in texts_by_ending]
    return made[0], made[1], made[2]


def _percent(score: float | None, none: str) -> str:
    return none if score is None else f"{score * 100:.0f}%"
