"""A finished (or unfinished) interview as a report: Markdown or one self-contained HTML page.

    text = markdown_report(outcome(view, book))
    page = html_report(outcome(view, book))

Both are made from the same data as ``--json``, so nothing stands in a report that is not in the data. What the candidate
and the models wrote is text: escaped in HTML, fenced in Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["BANDS", "KINDS", "VERDICTS", "html_report", "markdown_report", "render_report", "safe_html", "spent_lines"]

TEMPLATES = Path(__file__).with_name("templates")

_QUOTED = re.compile("“[^”\n]*”")
_MARKUP = re.compile(r"[\\`*_{}\[\]<>~|&#!$]")

BANDS = {
    "ko": {"none": "없음", "thin": "부족", "partial": "절반", "good": "좋음", "strong": "우수"},
    "en": {"none": "none", "thin": "thin", "partial": "half", "good": "good", "strong": "strong"},
}
VERDICTS = {
    "ko": {"hit": "맞음", "partial": "일부", "missed": "빠짐", "contradicted": "반대"},
    "en": {"hit": "hit", "partial": "partial", "missed": "missed", "contradicted": "contradicted"},
}
KINDS = {
    "ko": {
        "hint": "힌트",
        "skip": "건너뜀",
        "repeat": "다시 물음",
        "reveal": "정답 보기",
        "clarify": "질문 확인",
        "back": "이전 질문",
        "object": "이의",
        "stop": "종료",
        "probe": "꼬리 질문",
        "answer": "답변",
    },
    "en": {
        "hint": "hint",
        "skip": "skipped",
        "repeat": "repeated",
        "reveal": "answer shown",
        "clarify": "clarified",
        "back": "back",
        "object": "objection",
        "stop": "stopped",
        "probe": "probe",
        "answer": "answer",
    },
}
_WORDS = {
    "ko": {
        "title": "모의 면접 리포트",
        "score": "총점",
        "topic": "주제",
        "graded": "채점",
        "skipped": "건너뜀·정답 보기",
        "not_graded": "채점 못 함",
        "weakest": "먼저 복습할 질문",
        "reply": "답변",
        "model": "채점 모델",
        "spent": "모델 사용량",
        "tokens": "입력 {input:,} (캐시 {cached:,}) · 출력 {output:,} 토큰, 호출 {calls:,}번",
        "unknown_cost": "비용 알 수 없음",
        "document": "문서",
        "date": "날짜",
        "evidence": "항목별 근거",
        "none": "점수 없음",
        "source": "문서 {}행",
    },
    "en": {
        "title": "Mock interview report",
        "score": "Score",
        "topic": "Topic",
        "graded": "graded",
        "skipped": "skipped or shown",
        "not_graded": "not graded",
        "weakest": "Practise these first",
        "reply": "Reply",
        "model": "Graded by",
        "spent": "Model usage",
        "tokens": "{input:,} tokens in ({cached:,} cached), {output:,} out, {calls:,} calls",
        "unknown_cost": "cost not known",
        "document": "Document",
        "date": "Date",
        "evidence": "Evidence, point by point",
        "none": "no score",
        "source": "document line {}",
    },
}


def markdown_report(data: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    language = _language(data)
    words, interview, summary = _WORDS[language], data["interview"], data["summary"]
    lines = [
        f"# {words['title']}",
        "",
        f"- {words['date']}: {interview['created']}",
        f"- {words['document']}: {interview['document']}",
        f"- {words['model']}: {interview['model']}",
        *(f"- {line}" for line in spent_lines(data)),
        f"- {words['score']}: **{_percent(summary['score'], language)}**"
        f" ({words['graded']} {summary['graded']}/{summary['questions']}, {words['skipped']} {summary['skipped']},"
        f" {words['not_graded']} {summary['not_graded']})",
        "",
        f"| {words['topic']} | {words['score']} |",
        "|---|---|",
        *(f"| {t['id']}. {_cell(t['title'])} | {_percent(t['score'], language)} |" for t in summary["topics"]),
        "",
    ]
    if summary["weakest"]:
        lines += [f"**{words['weakest']}**: {', '.join(summary['weakest'])}", ""]
    for turn in data["turns"]:
        kind = KINDS[language][turn["kind"]]
        score = (
            "" if turn["score"] is None else f", {_percent(turn['score'], language)} ({BANDS[language][turn['band']]})"
        )
        by = f", {words['model']}: {turn['model']}" if _by_another(turn, interview) else ""
        lines += [f"## {turn['question_id']} {turn['question']}", "", f"_{kind}{score}{by}_", ""]
        if turn["reply"]:
            lines += [*(f"> {line}" for line in turn["reply"].splitlines()), ""]
        lines += [turn["critique"], ""]
        for point in turn["points"]:
            quote = f" — “{' '.join(point['quote'].split())}”" if point["quote"] else ""
            lines.append(
                f"- {VERDICTS[language][point['verdict']]}: {point['statement']}{_sources(point, words)}{quote}"
            )
        lines.append("")
    return "\n".join(lines)


def html_report(data: Mapping[str, Any]) -> str:
    """The report as one HTML page that opens from disk, in light and dark."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    language = _language(data)
    environment.filters["markdown"] = lambda text: Markup(safe_html(text))
    environment.filters["percent"] = lambda score: _percent(score, language)
    environment.filters["sources"] = lambda point: _sources(point, _WORDS[language])
    return environment.get_template("report.html").render(
        data=data,
        language=language,
        words=_WORDS[language],
        bands=BANDS[language],
        verdicts=VERDICTS[language],
        kinds=KINDS[language],
        spent=spent_lines(data),
        by_another=_by_another,
    )


def safe_html(text: str) -> str:
    """What the interviewer says (Markdown) as HTML that holds no link, no image and no markup of the candidate's: what
    stands between “ and ” is quoted, and a quoted ``3*3*64`` keeps its stars."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("js-default", {"html": False, "linkify": False, "breaks": True})
    markdown.disable(["image", "link", "autolink", "reference"])
    return str(markdown.render(_QUOTED.sub(lambda quote: _MARKUP.sub(r"\\\g<0>", quote[0]), text)))


def render_report(ending: str, data: Mapping[str, Any]) -> str:
    """The report in the form that a file's ending names: HTML for .html and .htm, else Markdown."""
    return html_report(data) if ending.lower() in (".html", ".htm") else markdown_report(data)


def spent_lines(data: Mapping[str, Any]) -> list[str]:
    """One line with the tokens and the cost of an interview in which a hosted model was asked; none for another."""
    if data["interview"]["model"] == "offline":
        return []
    words, summary = _WORDS[_language(data)], data["summary"]
    cost = words["unknown_cost"] if summary["cost"] is None else f"US$ {summary['cost']:.4f}"
    return [f"{words['spent']}: {words['tokens'].format(**summary['tokens'], calls=summary['calls'])} · {cost}"]


def _by_another(turn: Mapping[str, Any], interview: Mapping[str, Any]) -> bool:
    """Whether a turn was graded by a model that is not the interview's first."""
    return bool(turn["graded"] and turn["model"] and turn["model"] != interview["model"].split(",")[0])


def _language(data: Mapping[str, Any]) -> str:
    return "en" if data["interview"]["language"] == "en" else "ko"


def _percent(score: float | None, language: str) -> str:
    return _WORDS[language]["none"] if score is None else f"{score * 100:.0f}%"


def _sources(point: Mapping[str, Any], words: Mapping[str, str]) -> str:
    spans = [f"{a}" if a == b else f"{a}–{b}" for a, b in (source["lines"] for source in point["sources"])]
    return f" ({words['source'].format(', '.join(spans))})" if spans else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
