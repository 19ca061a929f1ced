"""Does a critique say anything that is not in the answer key, the reply or the program's own wording? By code alone.

    findings(text, reply, key, judgement, "ko")       # [] or what traces to nothing, a line each

Every stretch between “ and ” has to stand in the reply or be what the key says of the document; every line number has to be
one that the key cites for this question. What is left is taken apart at the sentences of the key (claims, corrections, the model
answer); the rest has to be wording that ships with the program: the texts in ``interviewer/critique.py`` and
``wording.py``. Nothing is left over where a critique is grounded, and an invented claim is left over whole.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interviewer.judge import Judgement
    from knowledge.answer_key import AnswerKey

__all__ = ["faults_of_form", "findings"]

WORDING = Path(__file__).parents[1] / "interviewer"
SHORTEST, LONGEST = 2, 8
"""Lines of a critique: the evidence and one thing more, up to what is still read."""
_QUOTE = re.compile(r"“([^”]*)”")
_LINES = re.compile(r"문서 ([\d–, ]+)행|line ([\d–, ]+)")
_SPAN = re.compile(r"(\d+)(?:–(\d+))?")
_WORDS = re.compile(r"[^\W\d_]+")
_HANGUL = re.compile(r"[가-힣]")
_CUT = "\0"
_HARSH = re.compile(
    r"멍청|한심|바보|형편없|엉터리|쓸모없|최악|창피|\b(?:stupid|idiot|terrible|awful|pathetic|useless|embarrassing|lazy|dumb)\b",
    re.IGNORECASE,
)


def findings(text: str, reply: str, key: AnswerKey, judgement: Judgement, language: str) -> list[str]:
    """What in a critique traces to nothing."""
    return [
        *_strange_quotes(text, reply, key, language),
        *_strange_lines(text, key),
        *_strange_claims(text, key, judgement, language),
    ]


def faults_of_form(text: str, language: str) -> list[str]:
    """What is wrong with a critique's length, language or tone."""
    faults = []
    lines = [line for line in text.splitlines() if line.strip()]
    if not SHORTEST <= len(lines) <= LONGEST:
        faults.append(f"{len(lines)} lines, not {SHORTEST} to {LONGEST}")
    bare = _QUOTE.sub("", text)
    if language == "en" and _HANGUL.search(bare):
        faults.append("Korean in an English critique")
    if language == "ko" and any(not _HANGUL.search(line) for line in _QUOTE.sub("", text).splitlines() if line.strip()):
        faults.append("a line without Korean in a Korean critique")
    if found := _HARSH.search(bare):
        faults.append(f"harsh: {found[0]}")
    return faults


def _strange_quotes(text: str, reply: str, key: AnswerKey, language: str) -> Iterator[str]:
    known = [_flat(reply), *(_flat(erratum.says[language]) for erratum in key.errata)]
    for quote in _QUOTE.findall(text):
        wanted = _flat(quote.removesuffix("…"))
        if not any(wanted in one for one in known):
            yield f"quoted, but said by nobody: “{quote}”"


def _strange_lines(text: str, key: AnswerKey) -> Iterator[str]:
    known = {line for point in key.points for a, b in point.lines for line in range(a, b + 1)}
    known |= {erratum.line for erratum in key.errata}
    for cited in _LINES.finditer(_QUOTE.sub("", text)):
        for first, last in _SPAN.findall(cited[1] or cited[2]):
            if not set(range(int(first), int(last or first) + 1)) <= known:
                yield f"cites line {first}, which is no source of this question"


def _strange_claims(text: str, key: AnswerKey, judgement: Judgement, language: str) -> Iterator[str]:
    left = _flat(text)
    for known in sorted(_known(key, judgement, language), key=len, reverse=True):
        left = left.replace(known, _CUT)
    left = _QUOTE.sub(_CUT, left)
    for part in re.split(rf"{_CUT}|[—:→().,]|\d[\d–, ]*", left):
        words = " ".join(_WORDS.findall(part)).casefold()
        if words and not any(words in one for one in _wording()):
            yield f"in neither the key nor the reply: {part.strip()}"


def _known(key: AnswerKey, judgement: Judgement, language: str) -> set[str]:
    """Every sentence that the key states."""
    texts = [point.statement[language] for point in key.points]
    texts += [one.correction[language] for one in key.misconceptions]
    for erratum in key.errata:
        texts += [erratum.says[language], erratum.correct[language], erratum.why[language], erratum.source]
    if key.model_answer:
        texts.append(key.model_answer[language])
    texts += [found.correction[language] for found in judgement.misconceptions]
    return {_flat(text).rstrip(".") for text in texts if text.strip()}


@cache
def _wording() -> frozenset[str]:
    """The program's own texts, word by word."""
    found = set()
    for name in ("critique.py", "wording.py"):
        for node in ast.walk(ast.parse((WORDING / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(" ".join(_WORDS.findall(node.value)).casefold())
    return frozenset(found - {""})


def _flat(text: str) -> str:
    return " ".join(text.split())
