"""What a judgement is, the evidence check, and the score.

A judge (a chat model, online or offline) returns a ``RawJudgement``: for each key point a reason, a verdict and a quote.
``verify`` keeps of it only what code can confirm: known ids, and quotes that stand in the reply and say something.
``score_of`` then does the arithmetic. A judge never states a score, and nothing that it returns can raise one without
evidence or crash a turn.

    judgement = verify(raw, key, replies=["sigmoid는 exp 연산 때문에 비싸요"])
    judgement.score, judgement.band        # 0.58, "partial"

Pure: pydantic and the standard library only.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from knowledge.answer_key import AnswerKey
from knowledge.rubric import Text

__all__ = [
    "BANDS",
    "Band",
    "Extra",
    "FoundMisconception",
    "Judgement",
    "PointVerdict",
    "RawJudgement",
    "Verdict",
    "band_of",
    "find_quote",
    "from_data",
    "is_said",
    "no_answer",
    "score_of",
    "to_data",
    "verify",
]

_Model = TypeVar("_Model", bound=BaseModel)
Verdict = Literal["hit", "partial", "missed", "contradicted"]
Band = Literal["none", "thin", "partial", "good", "strong"]

BANDS: tuple[Band, ...] = ("none", "thin", "partial", "good", "strong")
CREDIT: Mapping[str, float] = {"hit": 1.0, "partial": 0.5, "missed": 0.0, "contradicted": 0.0}
CONTRADICTION_COST = 0.5
"""Share of a point's weight that stating its opposite takes away."""

SATURATION = 1.5
"""How fast the score grows with the share of a full answer: 1 - e^(-1.5 share), scaled to 1. To readers, the first claims
of an answer say most: a third of a full answer is half a score, two thirds are four fifths. Chosen on the tune split of
``eval/data/grading``."""

MAX_QUOTE = 600


class RawPoint(BaseModel):
    """A judge's word on one key point. The reason comes first, so that a model reasons before it decides.

    ``share`` is how much of a claim that is partly made is made. It is not in the schema that models are shown: only the
    offline judge of reference answers states it, and code caps it.
    """

    model_config = ConfigDict(extra="ignore")
    id: str = Field(description="the point's id, as given")
    reason: str = Field(default="", description="one short sentence: what in the reply makes or fails this claim")
    verdict: Verdict = Field(description="hit, partial, missed or contradicted")
    share: SkipJsonSchema[float] = Field(default=0.5, ge=0, le=1)
    quote: str = Field(default="", description="the candidate's own words, copied verbatim; empty if missed")


class RawMisconception(BaseModel):
    """A wrong claim of the list that the reply makes."""

    model_config = ConfigDict(extra="ignore")
    id: str = Field(description="the misconception's id, as given")
    quote: str = Field(default="", description="the candidate's own words, copied verbatim")


class RawExtra(BaseModel):
    """Something right and relevant in the reply that no point covers."""

    model_config = ConfigDict(extra="ignore")
    claim: str = Field(description="what is right, in one sentence")
    quote: str = Field(default="", description="the candidate's own words, copied verbatim")


class RawJudgement(BaseModel):
    """A judge's whole answer, before anything in it is believed. This is the structured-output schema."""

    model_config = ConfigDict(extra="ignore")
    intent: Literal["answer", "clarify"] = Field(
        default="answer", description="clarify only if the reply asks what the question means and answers nothing"
    )
    points: list[RawPoint] = Field(default_factory=list, description="one entry for every point, in the given order")
    misconceptions: list[RawMisconception] = Field(default_factory=list, description="those that the reply states")
    extras: list[RawExtra] = Field(default_factory=list, description="correct, relevant, and not covered by a point")


@dataclass(frozen=True)
class PointVerdict:
    """A verified verdict. ``quote`` is a verbatim part of the reply, empty when the point is missed."""

    id: str
    statement: Text
    verdict: Verdict
    quote: str = ""
    reason: str = ""
    weight: float = 1
    core: bool = False
    lines: tuple[tuple[int, int], ...] = ()
    credit: float = 0.0
    reference: int = 0


@dataclass(frozen=True)
class FoundMisconception:
    id: str
    statement: Text
    correction: Text
    quote: str
    penalty: float
    line: int | None = None


@dataclass(frozen=True)
class Extra:
    """Right, relevant, quoted, and not in the key."""

    claim: str
    quote: str


@dataclass(frozen=True)
class Judgement:
    """What a reply was found to say. ``score`` is 0–1, ``dropped`` counts claims of the judge without evidence."""

    points: tuple[PointVerdict, ...]
    misconceptions: tuple[FoundMisconception, ...] = ()
    extras: tuple[Extra, ...] = ()
    score: float = 0.0
    dropped: int = 0
    intent: Literal["answer", "clarify"] = "answer"

    @property
    def band(self) -> Band:
        return band_of(self.score)

    def with_verdict(self, verdict: Verdict) -> tuple[PointVerdict, ...]:
        return tuple(point for point in self.points if point.verdict == verdict)


def band_of(score: float) -> Band:
    """The score on the readers' five-step scale: 0, then quarters, rounded to the nearest."""
    return BANDS[min(4, max(0, int(score * 4 + 0.5)))]


def to_data(judgement: Judgement) -> dict[str, Any]:
    """A judgement as plain data for JSON; ``from_data`` reads it back."""
    data: dict[str, Any] = {
        "points": [
            {**vars(p), "statement": p.statement.model_dump(), "lines": _pairs(p.lines)} for p in judgement.points
        ],
        "misconceptions": [
            {**vars(m), "statement": m.statement.model_dump(), "correction": m.correction.model_dump()}
            for m in judgement.misconceptions
        ],
        "extras": [vars(extra) for extra in judgement.extras],
    }
    return {**data, "score": judgement.score, "dropped": judgement.dropped, "intent": judgement.intent}


def from_data(data: Mapping[str, Any]) -> Judgement:
    """A judgement as ``to_data`` wrote it."""

    def text(value: Mapping[str, str]) -> Text:
        return Text(**value)

    points = tuple(
        PointVerdict(**{**p, "statement": text(p["statement"]), "lines": tuple((a, b) for a, b in p["lines"])})
        for p in data["points"]
    )
    misconceptions = tuple(
        FoundMisconception(**{**m, "statement": text(m["statement"]), "correction": text(m["correction"])})
        for m in data["misconceptions"]
    )
    extras = tuple(Extra(**extra) for extra in data["extras"])
    return Judgement(points, misconceptions, extras, data["score"], data["dropped"], data["intent"])


def no_answer(key: AnswerKey) -> Judgement:
    """The judgement of a reply that answers nothing ("모르겠습니다"): every point missed, score 0."""
    return verify({}, key, replies=())


def verify(raw: RawJudgement | Mapping[str, Any] | Any, key: AnswerKey, replies: Sequence[str]) -> Judgement:
    """Keep what can be confirmed of a judge's answer and score it.

    Args:
        raw: the judge's answer: a ``RawJudgement``, a mapping, or anything else (which confirms nothing).
        key: what the reply is graded by.
        replies: what the candidate wrote on this question, in order; quotes are looked up here.

    Returns:
        A judgement with one verdict for each of the key's points, in the key's order. Never raises.
    """
    dropped = 0
    offered: dict[str, RawPoint] = {}
    for item in _items(raw, "points"):
        point = _parse(RawPoint, item)
        if point is None or key.point(point.id) is None:
            dropped += 1
        elif point.id not in offered or CREDIT[point.verdict] < CREDIT[offered[point.id].verdict]:
            offered[point.id] = point
    verdicts = []
    for asked in key.points:
        said = offered.get(asked.id)
        verdict, quote = (said.verdict, find_quote(said.quote, replies, key)) if said else ("missed", "")
        if said and verdict != "missed" and not quote:
            verdict, dropped = "missed", dropped + 1
        if verdict == "missed":
            quote = ""
        verdicts.append(
            PointVerdict(
                asked.id,
                asked.statement,
                verdict,
                quote,
                said.reason[:MAX_QUOTE] if said else "",
                asked.weight,
                asked.core,
                asked.lines,
                said.share if said and verdict == "partial" and not key.reviewed else CREDIT[verdict],
                asked.reference,
            )
        )
    misconceptions: dict[str, FoundMisconception] = {}
    for item in _items(raw, "misconceptions"):
        found = _parse(RawMisconception, item)
        known = key.misconception(found.id) if found else None
        quote = find_quote(found.quote, replies, key) if found else ""
        if found is None or known is None or not quote:
            dropped += 1
        else:
            misconceptions[known.id] = FoundMisconception(
                known.id, known.statement, known.correction, quote, known.penalty, known.line
            )
    used = [_fold(v.quote) for v in verdicts if v.quote] + [_fold(m.quote) for m in misconceptions.values()]
    extras: list[Extra] = []
    for item in _items(raw, "extras"):
        extra = _parse(RawExtra, item)
        quote = find_quote(extra.quote, replies, key) if extra else ""
        if extra is None or not quote or any(_fold(quote) in one or one in _fold(quote) for one in used):
            dropped += 1
        else:
            extras.append(Extra(extra.claim[:MAX_QUOTE], quote))
            used.append(_fold(quote))
    score = score_of(verdicts, tuple(misconceptions.values()), extras, key)
    intent: Literal["answer", "clarify"] = "clarify" if _get(raw, "intent") == "clarify" else "answer"
    return Judgement(tuple(verdicts), tuple(misconceptions.values()), tuple(extras), score, dropped, intent)


def score_of(
    points: Sequence[PointVerdict],
    misconceptions: Sequence[FoundMisconception],
    extras: Sequence[Extra],
    key: AnswerKey,
) -> float:
    """The score, 0–1: credited weight less penalties, over what a full answer weighs, saturating (``SATURATION``); without a
    rubric, the share of the nearest reference.

    Extras count one weight each up to the key's ``extra_credit``, and only beside at least one credited point.
    """
    if not key.reviewed:
        return _score_by_references(points)
    credit = sum(point.weight * point.credit for point in points)
    if credit:
        credit += min(len(extras), key.extra_credit)
    credit -= sum(point.weight * CONTRADICTION_COST for point in points if point.verdict == "contradicted")
    credit -= sum(found.penalty for found in misconceptions)
    share = min(1.0, max(0.0, credit / key.full_marks_at))
    return round(math.expm1(-SATURATION * share) / math.expm1(-SATURATION), 4)


def _score_by_references(points: Sequence[PointVerdict]) -> float:
    """The credited share of the reference that the reply comes nearest to; references are alternatives."""
    shares: dict[int, list[float]] = {}
    for point in points:
        shares.setdefault(point.reference, []).append(point.credit)
    return round(max((sum(found) / len(found) for found in shares.values()), default=0.0), 4)


_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+(?:[.^*/+=-][^\W_]+)*")
_PARTICLE = re.compile(
    r"(?<=[\uac00-\ud7a3])(?:은|는|이|가|을|를|의|에|에서|에게|로|으로|와|과|도|만|보다|이란|란|라는|이라는|이다|입니다|이에요|예요|요)$"
    r"|(?<=[a-z0-9])(?:은|는|이|가|을|를|의|에|에서|로|으로|와|과|도|만|보다|란|이란|라는|이다|입니다|이에요|예요|요)$"
)
_STOP_WORDS = frozenset(
    "a an the is are was were be been it its this that these those of to in on at by for with and or but so because "
    "as than then there here yes no not i you we they he she my your our do does did can could will would should may "
    "might must have has had from into about very just well think know mean answer question correct point hit full "
    "marks score 네 예 아니요 음 어 그 이 저 것 수 등 및 또 또한 그리고 그래서 하지만 때문 때문에 위해 대해 대해서 있다 없다 하다 된다 되다 합니다 "
    "됩니다 있습니다 없습니다 생각합니다 것입니다 같습니다 정답 답 만점 점수 질문 좋은 더 잘 매우 아주 많이 그냥 제 저는 제가 나는 내가".split()
)


def find_quote(quote: str, replies: Sequence[str], key: AnswerKey) -> str:
    """The part of a reply that a quote stands for, verbatim; empty if it is not there or says nothing.

    Folded for the comparison: Unicode NFC, case, white space. A quote says something when it has at least one word
    that is neither a stop word nor a word of the question, or claims something of its words ("알 수 없다", "A가 더 가깝다").
    It begins at a word, and a short one is whole words.
    """
    wanted = _fold(quote)[:MAX_QUOTE].strip()
    if not wanted:
        return ""
    if not _says_something(wanted, f"{key.question.ko} {key.question.en}"):
        return ""
    for reply in replies:
        folded, offsets = _fold_with_offsets(reply)
        at = folded.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if _stands_alone(folded, at, end):
                return reply[offsets[at] : offsets[end]].strip()
            at = folded.find(wanted, at + 1)
    return ""


SHORT_QUOTE = 4
"""A quote of fewer letters (a Korean syllable counts as two) must be whole words: any two letters stand somewhere in a
long reply."""


def _stands_alone(text: str, at: int, end: int) -> bool:
    """Whether a part of a text begins where a word does and, if it is short, ends where one does."""
    letters = sum(1 if letter.isascii() else 2 for letter in text[at:end] if letter.isalnum())
    return _parts_words(text, at) and (letters >= SHORT_QUOTE or _parts_words(text, end))


def _parts_words(text: str, at: int) -> bool:
    """Whether no word goes on over this place; Korean endings and Latin words are parted ("ReLU|는")."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    return not (before.isalnum() and after.isalnum()) or before.isascii() != after.isascii()


def is_said(quote: str, replies: Sequence[str]) -> bool:
    """Whether a quote stands in a reply, whatever it says; folded as for ``find_quote``."""
    wanted = _fold(quote)[:MAX_QUOTE].strip()
    return any(wanted in _fold(reply) for reply in replies)


def _says_something(text: str, question: str) -> bool:
    """Whether a text has a word that is neither a stop word nor the question's, whatever endings they have, or makes a claim
    of the question's words with a denial or a comparison that the question does not have."""
    own = _own_forms(question)

    def is_own(form: str) -> bool:
        return any(form == o or _inflects(form, o) or _inflects(o, form) for o in own)

    words = [forms for forms in map(_forms, _WORD.findall(_fold(text))) if not forms & _STOP_WORDS]
    claims = not set(_CLAIMS.findall(_fold(text))) <= set(_CLAIMS.findall(_fold(question)))
    return any(claims or not any(map(is_own, forms)) for forms in words)


_CLAIMS = re.compile(
    r"없|않|못|아니|아닌|불가능|보다|\b(?:더|덜|not|no|never|cannot|impossible|more|less|than)\b|n['’]t\b"
)
_SUFFIX = re.compile(r"(?:e?s|e?d|ing|er|'s)$")
LONGEST_ENDING = 3
"""Syllables of a Korean ending at most ("쓰는가" of "쓰")."""


def _inflects(form: str, word: str) -> bool:
    """Whether a form is the word with an ending: "layers" of "layer", "쓰는가" of "쓰"; "tfdbg" is none of "tf"."""
    if len(word) < 2 or not form.startswith(word):
        return False
    rest = form[len(word) :]
    return bool(_SUFFIX.fullmatch(rest)) if word.isascii() and rest.isascii() else len(rest) <= LONGEST_ENDING


@lru_cache(maxsize=1024)
def _own_forms(question: str) -> frozenset[str]:
    return frozenset(form for word in _WORD.findall(_fold(question)) for form in _forms(word))


def _forms(word: str) -> set[str]:
    """A word as it stands and without its particle ("ReLU를" and "relu", "쓰는" beside "쓰는가")."""
    bare = _PARTICLE.sub("", word)
    return {word, bare} if bare else {word}


def _fold(text: str) -> str:
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text).casefold())


@lru_cache(maxsize=8)
def _fold_with_offsets(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters (and its end) the offset in the text as it was typed.

    Kept for the replies at hand, since each is searched once a quote."""
    out: list[str] = []
    offsets: list[int] = []
    index = 0
    while index < len(text):
        end = index + 1
        while end < len(text) and (unicodedata.combining(text[end]) or "\u1160" <= text[end] <= "\u11ff"):
            end += 1
        piece = text[index:end]
        folded = " " if piece.isspace() else unicodedata.normalize("NFC", piece).casefold()
        if not (folded == " " and out and out[-1] == " "):
            out.extend(folded)
            offsets.extend([index] * len(folded))
        index = end
    offsets.append(len(text))
    return "".join(out), offsets


def _pairs(lines: Sequence[tuple[int, int]]) -> list[list[int]]:
    return [[first, last] for first, last in lines]


def _get(raw: Any, name: str) -> Any:
    return raw.get(name) if isinstance(raw, Mapping) else getattr(raw, name, None)


def _items(raw: Any, name: str) -> list[Any]:
    value = _get(raw, name)
    return list(value)[:100] if isinstance(value, list | tuple) else []


def _parse(model: type[_Model], item: Any) -> _Model | None:
    if isinstance(item, model):
        return item
    try:
        return model.model_validate(item)
    except (ValueError, TypeError, RecursionError):
        return None
