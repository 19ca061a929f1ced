"""An interview as chat messages: what is shown is made anew from the stored turns each time, so a reload shows the same.

    messages(view, book)        # [{"role": "assistant", "content": "<div …>"}, …]

Every message is one line of HTML made here; Gradio's chatbot still sanitises it. What the candidate typed goes through
``text_html``: it stands there as text, whatever it looks like (tags, Markdown, LaTeX). The line must hold no line break,
since a blank line would end the HTML for Gradio's Markdown parser and what follows would be read as Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from interviewer.critique import Language
from interviewer.intent import COMMANDS
from interviewer.judge import Judgement, band_of, from_data
from interviewer.report import BANDS, KINDS, VERDICTS, safe_html
from interviewer.service import View
from interviewer.store import ResultRow, TurnRow
from interviewer.wording import graded_by
from knowledge.answer_key import AnswerKey
from knowledge.library import Book
from ui.figures import figure
from ui.texts import texts

__all__ = ["Message", "judging", "messages", "text_html", "transcript"]

Message = dict[str, Any]

LONG_REPLY = 1500
"""A reply longer than this is shown in a box of its own that scrolls."""

_CODE = re.compile(r"`([^`<>]+)`")


def text_html(text: str) -> str:
    """Text as HTML that shows exactly that text, on one line."""
    return "<br>".join(escape(line) for line in text.splitlines()).replace("%%%", "&#37;&#37;&#37;")


def messages(view: View, book: Book) -> list[Message]:
    """The whole conversation: what was said, a reply still being judged, and the question that waits."""
    shown = transcript(view, view.turns, book)
    if view.pending:
        shown.append(judging(view.language, ()))
    elif view.current and _asks(view):
        shown.append(
            _interviewer(_question(view, view.current.question_id, view.current.text, view.current.probe, book))
        )
    return shown


def transcript(view: View, turns: Sequence[TurnRow], book: Book) -> list[Message]:
    """The turns so far, each question once."""
    shown: list[Message] = []
    before: TurnRow | None = None
    for turn in turns:
        if before is None or _moved(before, turn.question_id, turn.asked_probe):
            shown.append(_interviewer(_question(view, turn.question_id, turn.question, turn.asked_probe, book)))
        shown.append({"role": "user", "content": _reply(turn, view.language)})
        if turn.result:
            shown.append(_interviewer(_result(turn.result, view.language, view.row.settings["models"][0])))
        before = turn
    return shown


def judging(language: Language, verdicts: Sequence[tuple[str, str]]) -> Message:
    """What shows while a reply is judged: the verdicts (verdict, claim) as they come."""
    rows = "".join(
        f'<li><span class="verdict {escape(verdict)}">{escape(VERDICTS[language].get(verdict, verdict))}</span> {text_html(claim)}</li>'
        for verdict, claim in verdicts
    )
    return _interviewer(f'<div class="judging" lang="{language}"><p>{texts(language).judging}</p><ul>{rows}</ul></div>')


def _interviewer(html: str) -> Message:
    return {"role": "assistant", "content": html}


def _asks(view: View) -> bool:
    assert view.current is not None
    return not view.turns or _moved(view.turns[-1], view.current.question_id, view.current.probe)


def _moved(before: TurnRow, question_id: str, probe: str | None) -> bool:
    """Whether this question has to be put now: it is another one than before, or was gone back to."""
    went_back = bool(before.result and before.result.kind == "back")
    return went_back or (before.question_id, before.asked_probe) != (question_id, probe)


def _question(view: View, question_id: str, text: str, probe: str | None, book: Book) -> str:
    words, language = texts(view.language), view.language
    number = f"{words.probe}" if probe else f"{words.question} {view.row.plan.index(question_id) + 1}"
    shown = _CODE.sub(r"<code>\1</code>", text_html(text))
    head = (
        f'<div class="meta">{number} <span class="id">{escape(question_id)}</span></div><div class="text">{shown}</div>'
    )
    key = _key(view, question_id, book)
    if key and not probe:
        if key.context:
            head += f'<div class="context">{text_html(key.context[language])}</div>'
        if key.figure:
            head += figure(key.figure, language)
    return f'<div class="question" lang="{language}">{head}</div>'


def _key(view: View, question_id: str, book: Book) -> AnswerKey | None:
    """What belongs to a question besides its text, unless the document has changed since."""
    return book.key(question_id) if book.bank.sha256 == view.row.document_sha256 else None


def _reply(turn: TurnRow, language: Language) -> str:
    command = COMMANDS.get(turn.reply.strip().casefold())
    if command:
        return f'<div class="said command">{escape(KINDS[language].get(command, turn.reply))}</div>'
    long = " long" if len(turn.reply) > LONG_REPLY else ""
    return f'<div class="said{long}">{text_html(turn.reply)}</div>'


def _result(result: ResultRow, language: Language, model: str) -> str:
    words = texts(language)
    parts = []
    if result.graded and result.score is not None:
        band = band_of(result.score)
        percent = f"{result.score * 100:.0f}%"
        parts.append(
            f'<div class="score {band}"><b>{percent}</b> <span>{BANDS[language][band]}</span>'
            f'<i class="meter"><i style="width: {percent}"></i></i></div>'
        )
        if result.model and result.model != model:
            parts.append(f'<div class="by">{text_html(graded_by(result.model, language))}</div>')
    elif result.error:
        parts.append(f'<div class="score ungraded"><span>{words.not_graded}</span></div>')
    parts.append(f'<div class="critique">{_one_line(safe_html(result.critique))}</div>')
    if result.graded and result.judgement:
        parts.append(_evidence(from_data(result.judgement), language))
    return f'<div class="result {escape(result.kind)}" lang="{language}">{"".join(parts)}</div>'


def _evidence(judgement: Judgement, language: Language) -> str:
    """The verdicts as a table that opens: verdict, claim, the candidate's words, the document's lines."""
    words, names = texts(language), VERDICTS[language]
    rows = [
        _row(p.verdict, names[p.verdict], p.statement[language], p.quote, p.lines, language) for p in judgement.points
    ]
    rows += [
        _row(
            "contradicted",
            words.wrong_claim,
            m.correction[language],
            m.quote,
            ((m.line, m.line),) if m.line else (),
            language,
        )
        for m in judgement.misconceptions
    ]
    if not rows:
        return ""
    counts = " · ".join(
        f"{name} {len(judgement.with_verdict(verdict))}"  # type: ignore[arg-type]
        for verdict, name in names.items()
        if judgement.with_verdict(verdict)  # type: ignore[arg-type]
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in (words.verdict, words.claim, words.quote, words.lines))
    return (
        f'<details class="evidence"><summary>{words.evidence} <span>{counts}</span></summary>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></details>"
    )


def _row(verdict: str, name: str, claim: str, quote: str, lines: Sequence[tuple[int, int]], language: Language) -> str:
    spans = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in lines)
    quoted = f"“{text_html(quote)}”" if quote else "–"
    return (
        f'<tr><td><span class="verdict {verdict}">{name}</span></td><td>{text_html(claim)}</td>'
        f'<td class="quote">{quoted}</td><td class="lines"><span class="unit">{texts(language).lines} </span>{spans or "–"}</td></tr>'
    )


def _one_line(html: str) -> str:
    return html.strip().replace("\n", "&#10;")
