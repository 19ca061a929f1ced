"""The critique that a candidate reads, rendered from a verified judgement.

It opens with what was right in the candidate's own words, goes on to the gap that is worth most, corrects what was
wrong, names the document's lines, and where the document itself is wrong says so with the source. Nothing in it comes
from anywhere but the reply, the answer key and the judgement, so nothing in it can be invented.

    print(critique(judgement, key, language="ko", tone="plain"))

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from interviewer.judge import Judgement, PointVerdict
from knowledge.answer_key import AnswerKey
from knowledge.rubric import Erratum

__all__ = ["TONES", "Language", "Tone", "cite", "critique", "erratum_line", "reference"]

Language = Literal["ko", "en"]
Tone = Literal["plain", "kind", "demanding"]
TONES: tuple[Tone, ...] = ("plain", "kind", "demanding")

_QUOTE_LIMIT = 160

_OPENING: dict[tuple[str, str], str] = {
    ("ko", "plain"): "맞게 말한 부분",
    ("ko", "kind"): "잘 짚으셨어요",
    ("ko", "demanding"): "인정되는 주장",
    ("en", "plain"): "What you got right",
    ("en", "kind"): "Nicely put",
    ("en", "demanding"): "What counts",
}
_NOTHING: dict[tuple[str, str], str] = {
    ("ko", "plain"): "이 답변에서는 핵심 주장을 찾지 못했습니다.",
    ("ko", "kind"): "아직 핵심 주장까지는 나오지 않았어요. 아래 내용을 함께 살펴봐요.",
    ("ko", "demanding"): "점수를 줄 수 있는 주장이 없습니다.",
    ("en", "plain"): "I found none of the key claims in this answer.",
    ("en", "kind"): "The key claims are not there yet; here is what to look at.",
    ("en", "demanding"): "There is no claim here that earns a mark.",
}
_GAP: dict[tuple[str, str], str] = {
    ("ko", "plain"): "빠진 부분",
    ("ko", "kind"): "여기까지 말하면 더 좋아요",
    ("ko", "demanding"): "반드시 나왔어야 할 내용",
    ("en", "plain"): "What is missing",
    ("en", "kind"): "What would make it stronger",
    ("en", "demanding"): "What had to be said",
}
_LABELS: dict[str, dict[str, str]] = {
    "ko": {
        "partial": "반쯤 맞은 부분",
        "wrong": "바로잡을 부분",
        "extra": "답안에는 없지만 맞는 말",
        "full": "핵심을 모두 말했습니다.",
        "erratum": "문서의 오류",
        "reference": "모범 답안",
        "no_reference": "문서에 답이 없어, 검토한 답안을 기준으로 합니다.",
    },
    "en": {
        "partial": "Half right",
        "wrong": "To correct",
        "extra": "Right, though not in the key",
        "full": "All of the key points are there.",
        "erratum": "An error in the document",
        "reference": "A model answer",
        "no_reference": "The document has no answer here; a reviewed one is used.",
    },
}


def critique(judgement: Judgement, key: AnswerKey, language: Language, tone: Tone = "plain") -> str:
    """A judgement as 2–8 lines of Markdown."""
    labels = _LABELS[language]
    lines: list[str] = []
    hits, partials = judgement.with_verdict("hit"), judgement.with_verdict("partial")
    for point in _heaviest(hits, 2):
        lines.append(_evidence(_OPENING[language, tone], point, language))
    for point in _heaviest(partials, 2 if not hits else 1):
        lines.append(_evidence(labels["partial"], point, language))
    if not hits and not partials:
        lines.append(_NOTHING[language, tone])
    for extra in judgement.extras[:1]:
        lines.append(f"**{labels['extra']}** — “{_short(extra.quote)}”")
    for found in judgement.misconceptions[:2]:
        lines.append(f"**{labels['wrong']}** — “{_short(found.quote)}” → {found.correction[language]}")
    corrected = {_short(found.quote) for found in judgement.misconceptions}
    for point in judgement.with_verdict("contradicted")[: max(0, 2 - len(corrected))]:
        if _short(point.quote) not in corrected:
            says = f"**{labels['wrong']}** — “{_short(point.quote)}” → {point.statement[language]}"
            lines.append(says + cite(point.lines, language))
    missing = _heaviest(judgement.with_verdict("missed"), 2 if judgement.score < 0.6 else 1)
    if judgement.score < 1:
        for point in missing:
            says = f"**{_GAP[language, tone]}** — {point.statement[language]}"
            lines.append(says + cite(point.lines, language))
    elif not judgement.misconceptions and tone != "demanding":
        lines.append(labels["full"])
    if erratum := _applicable(key, judgement):
        lines.append(erratum_line(erratum, language))
    return "\n\n".join(lines[:8])


def reference(key: AnswerKey, language: Language) -> str:
    """The reference answer, with the lines that it rests on and the document's errors on this question."""
    labels = _LABELS[language]
    lines = []
    if any(erratum.kind == "missing" for erratum in key.errata):
        lines.append(labels["no_reference"])
    if key.model_answer:
        lines.append(f"**{labels['reference']}** — {key.model_answer[language]}")
    else:
        lines.append(f"**{labels['reference']}**")
    for point in key.points:
        lines.append(f"- {point.statement[language]}{cite(point.lines, language)}")
    lines.extend(erratum_line(erratum, language) for erratum in key.errata if erratum.kind != "missing")
    return "\n\n".join(lines[:1]) + "\n\n" + "\n".join(lines[1:]) if len(lines) > 1 else "".join(lines)


def erratum_line(erratum: Erratum, language: Language) -> str:
    """ "문서 39행은 …라고 하지만 …가 맞습니다 (source)"."""
    label = _LABELS[language]["erratum"]
    says, correct = erratum.says[language].rstrip("."), erratum.correct[language].rstrip(".")
    if language == "ko":
        return f"**{label}** — 문서 {erratum.line}행에는 “{says}”라고 되어 있지만, 바른 내용은 이렇습니다: {correct}. ({erratum.source})"
    return f"**{label}** — line {erratum.line} of the document says “{says}”, but: {correct}. ({erratum.source})"


def cite(lines: Iterable[tuple[int, int]], language: Language) -> str:
    """The document's lines as a citation with a leading blank, "" if there are none."""
    spans = [str(a) if a == b else f"{a}–{b}" for a, b in lines]
    if not spans:
        return ""
    return f" (문서 {', '.join(spans)}행)" if language == "ko" else f" (document, line {', '.join(spans)})"


def _evidence(label: str, point: PointVerdict, language: Language) -> str:
    return f"**{label}** — “{_short(point.quote)}”: {point.statement[language]}{cite(point.lines, language)}"


def _heaviest(points: Iterable[PointVerdict], most: int) -> list[PointVerdict]:
    return sorted(points, key=lambda point: (not point.core, -point.weight))[:most]


def _applicable(key: AnswerKey, judgement: Judgement) -> Erratum | None:
    """The erratum that this reply ran into, else the question's first that is no mere gap."""
    repeated = {found.line for found in judgement.misconceptions if found.line}
    errata = [erratum for erratum in key.errata if erratum.kind != "missing"]
    return next((e for e in errata if e.line in repeated), errata[0] if errata else None)


def _short(quote: str) -> str:
    flat = " ".join(quote.split())
    return flat if len(flat) <= _QUOTE_LIMIT else flat[: _QUOTE_LIMIT - 1].rstrip() + "…"
