"""The offline judge: a judgement of a reply without any language model.

    judge = OfflineJudge(Library())
    judge(json.loads(judge_message(key, exchange)))
    # {"intent": "answer", "points": [{"id": "cheap", "verdict": "hit", "quote": "…", "reason": "…"}, …], …}

It reads the same message as a chat model and answers in the same schema. Where the question has a rubric, the rubric's
patterns are looked up clause by clause (``reading.py``, ``matching.py``); where there are only reference answers, their
claims are (``claims.py``). A reply that has the words of the rubric but turns them round is lowered (``reversal.py``).
What speaks to the examiner instead of to the question is left out before either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from interviewer.claims import judge_claims
from interviewer.matching import Match, Matcher
from interviewer.reading import Clause, read
from interviewer.reversal import DOUBTFUL, SURE, reversal
from knowledge.errors import UserMistake
from knowledge.language import nfc, squeezed
from knowledge.library import Library

__all__ = ["OfflineJudge", "to_the_examiner"]

_REASONS = {
    "ko": {
        "hit": "이 주장을 하는 구절이 있습니다.",
        "partial": "이 주장의 일부만 말합니다.",
        "contradicted": "이 주장과 반대로 말합니다.",
        "missed": "이 주장에 대한 말이 없습니다.",
        "doubtful": "맞는 말을 쓰지만 반대로 읽힐 수 있어 반만 인정합니다.",
    },
    "en": {
        "hit": "A passage makes this claim.",
        "partial": "Only part of this claim is made.",
        "contradicted": "The opposite is claimed.",
        "missed": "Nothing speaks to this claim.",
        "doubtful": "The words are right but may well say the opposite, so half counts.",
    },
}

_TO_THE_EXAMINER = re.compile(
    r"만점(?!자|이라고 ?[하해]|이 ?나오|이어도|이라도)|채점(?!해서|해 ?[보본봐]|하고|한 ?(?:뒤|다음|결과)|표|판|용|지(?![ 를]*무시)|하기)|평가 ?모델|시스템 ?오류|질문 ?순서|평가자|심사 ?위원|면접관|관리자 ?(?:권한|모드|명령)|개발자 ?모드|시스템 ?(?:메시지|프롬프트|명령|지시)|프롬프트"
    r"|점수(?:는|를)? ?(?:꽉|가득)|점수.{0,8}(?:줘|주세요|주십시오|주시|달라|부탁|매겨|처리|기록)|(?:정답|합격)(?:으로)? ?(?:처리|인정|간주)|(?:이전|위)(?:의)? ?(?:지시|명령)"
    r"|지시(?:사항)?(?:를|은|는)? ?무시|\d\s*/\s*\d\s*(?:로|점|을)|\d\s*점(?:을|으로|만)? ?(?:줘|주세요|주십시오|주시|달라|부탁|처리|기록)"
    r"|\bsystem\b\s*[:\]>]|\[/?(?:system|inst|admin)|</?(?:system|instruction|admin|assistant|user)|<\|"
    r"|\b(?:ignore|disregard)\b.{0,40}\b(?:instruction|previous|above|rubric|prompt)|full (?:marks?|score|credit|points?)\b"
    r"|\b(?:the candidate|grader|grading|rubric|verdict|examiner|jailbreak)\b|\b(?:score|rate|grade|mark) (?:this|it|me|my|every|all)\b|\bgive me\b"
    r"|\"(?:score|verdict|points|hit|graded|grade)\"|'(?:score|verdict|points)'|\b(?:score|grade|verdict)\s*[:=]",
    re.IGNORECASE,
)

_CLOSING = re.compile(
    r"\W*(?:제가|내가|저는)? ?(?:아는|알고 있는|기억나는|생각나는|드릴 말씀은) ?(?:건|것은|거는|게|내용은|바는)? ?(?:여기까지|이 ?정도|이게 다|이것뿐)\w{0,4}\W*"
    r"|\W*(?:이상|여기까지)(?:입니다|이에요|예요|임)\W*|\W*that(?:['’]s| is) (?:all|about all|it)(?: (?:that )?i (?:know|have|remember))?\W*",
    re.IGNORECASE,
)


def to_the_examiner(text: str) -> bool:
    """Whether a sentence speaks to whoever marks it rather than to the question."""
    return bool(_TO_THE_EXAMINER.search(text) or _CLOSING.fullmatch(text))


class OfflineJudge:
    """Judges by rubric or by reference. Compiled rubrics are kept; judging itself holds no state."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._matchers: dict[tuple[str, str], Matcher] = {}

    def __call__(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The judgement of a judge message, in the shape of ``judge.RawJudgement``."""
        exchange = message.get("exchange", ())
        typed = "\n".join(said["text"] for said in exchange if said.get("by") == "candidate")
        text = squeezed(nfc(typed))  # quotes are looked up with white space folded
        asked = [said["text"] for said in exchange if said.get("by") == "interviewer"]
        clauses = _spoken(text, asked)
        question = message["question"]
        matcher = self._matcher(question)
        if matcher is None:
            return judge_claims(message, text, clauses)
        found = matcher(clauses)
        language = "en" if message.get("language") == "en" else "ko"
        reasons = dict(_REASONS[language])
        matches = found.points
        if any(match.verdict == "hit" for match in matches.values()):
            odds = reversal(question["document"], question["id"], found.telling)
            if odds > DOUBTFUL:
                matches = _lowered(matches, "contradicted" if odds > SURE else "partial")
                reasons["partial"] = reasons["doubtful"]
        points = [_point(point["id"], matches.get(point["id"]), text, reasons) for point in message["points"]]
        misconceptions = [
            {"id": name, "quote": _quoted(text, at.start, at.end)} for name, at in found.misconceptions.items()
        ]
        return {"intent": "answer", "points": points, "misconceptions": misconceptions, "extras": []}

    def _matcher(self, question: Mapping[str, Any]) -> Matcher | None:
        document, question_id = question.get("document"), question.get("id")
        if not document or not question_id:
            return None
        if (document, question_id) not in self._matchers:
            try:
                book = self._library.open(document)
            except UserMistake:
                return None
            rubric = book.rubric(question_id)
            if rubric is None:
                return None
            self._matchers[document, question_id] = Matcher(rubric, book.bank[question_id].text)
        return self._matchers[document, question_id]


def _lowered(matches: Mapping[str, Match], verdict: Literal["partial", "contradicted"]) -> dict[str, Match]:
    """The matches of a reply that seems to say the opposite: hits get this verdict, and what is half said is nothing."""
    lowered = {name: replace(match, verdict=verdict) for name, match in matches.items() if match.verdict == "hit"}
    return lowered | {name: match for name, match in matches.items() if match.verdict == "contradicted"}


def _point(point_id: str, match: Match | None, text: str, reasons: Mapping[str, str]) -> dict[str, str]:
    verdict = match.verdict if match else "missed"
    quote = _quoted(text, match.start, match.end) if match else ""
    return {"id": point_id, "reason": reasons[verdict], "verdict": verdict, "quote": quote}


def _quoted(text: str, start: int, end: int) -> str:
    """The text from the beginning of the word at ``start``: clauses part words ("그니까|요, …"), quotes don't."""
    while start > 0 and text[start - 1].isalnum() and text[start - 1].isascii() == text[start].isascii():
        start -= 1
    return text[start:end].strip(" \n,;·")


def _spoken(text: str, asked: Sequence[str]) -> list[Clause]:
    """The clauses that answer: without those to the examiner, and without what the interviewer had said already."""
    clauses = read(text)
    sentences: dict[int, list[Clause]] = {}
    for clause in clauses:
        sentences.setdefault(clause.sentence, []).append(clause)
    given = [_bag(read(one)) for one in asked]
    left_out = set()
    for number, parts in sentences.items():
        whole = text[parts[0].start : parts[-1].end]
        bag = _bag(parts)
        copied = len(bag) > 3 and any(len(bag & one) >= 0.8 * len(bag) for one in given)
        if to_the_examiner(whole) or copied:
            left_out.add(number)
    return [clause for clause in clauses if clause.sentence not in left_out]


def _bag(clauses: Iterable[Clause]) -> set[str]:
    return {word.key for clause in clauses for word in clause.words}
