"""What a rephrasing may do to a score: next to nothing. A good point more never costs, and the only evidence always counts.

The replies are our own labelled ones; each is graded as it stands and rephrased by rule. Nothing here knows what the score
should be, only that it must not depend on how a thing is said.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache

import pytest

from eval.suites.grading import REPLIES, Reply, load_replies
from interviewer.grader import Grader, Said
from interviewer.judge import Judgement
from interviewer.models import open_model
from knowledge.language import kiwi, lexicon, nfc, tokens
from knowledge.library import Library
from prompts.loader import load

TOLERANCE = 0.1 + 1e-9
EVERY = 2
"""Each second reply: the others say no more, and a test should not take minutes."""

ANSWERS = ("strong", "half", "thin", "informal", "negated", "wrong")
LEANS = re.compile(
    r"(?:[-*\d]|그|이|또|즉|결국|반|하지만|따라서|게다가|둘째|첫째|먼저|다음|마지막|예를|왜냐|때문|결과|다 "
    r"|so|thus|therefore|hence|this|that|these|those|it|its|they|which|then|but|however|also|and|such|in turn|both|each)",
    re.IGNORECASE,
)
BRITISH = (("ize", "ise"), ("izing", "ising"), ("ized", "ised"), ("ization", "isation"), ("behavior", "behaviour"))


@cache
def library() -> Library:
    return Library()


@cache
def grader() -> Grader:
    return Grader([open_model("offline", library())], load("judge"))


@cache
def judged(question_id: str, text: str) -> Judgement:
    judgement = grader().grade(library().open().key(question_id), [Said("candidate", text)]).judgement
    assert judgement is not None
    return judgement


def replies() -> list[Reply]:
    rows, faults = load_replies(REPLIES)
    assert not faults
    return [row for row in rows if row.kind in ANSWERS][::EVERY]


def reordered(reply: Reply) -> str | None:
    """The sentences in another order, where none leans on the one before it."""
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n+", reply.reply) if s.strip()]
    if len(sentences) < 2 or any(map(LEANS.match, sentences)):
        return None
    random.Random(1).shuffle(sentences)
    return " ".join(sentences)


def with_filler(reply: Reply) -> str:
    if reply.language == "en":
        return f"Well, let me think. {reply.reply} That's what I know."
    return f"음... 제 생각에는요, {reply.reply} 제가 아는 건 여기까지입니다."


def spaced(reply: Reply) -> str:
    return re.sub(" ", "  ", re.sub(r"(?<=[가-힣]) (수|것|때문|때|만큼) ", r"\1 ", reply.reply))


def british(reply: Reply) -> str | None:
    text = reply.reply
    for american, spelled in BRITISH:
        text = re.sub(rf"(?<=[a-z]){american}\b", spelled, text)
    return text if text != reply.reply else None


def other_level(reply: Reply) -> str | None:
    """Plain endings made polite and polite ones plain ("줄어든다", "줄어들어요")."""
    text = nfc(reply.reply)
    found = kiwi().tokenize(text)
    edits = []
    for index, ending in enumerate(found):
        if ending.tag != "EF" or not index or not found[index - 1].tag.startswith(("V", "XSV", "XSA")):
            continue
        stem = found[index - 1]
        if ending.form in ("ᆫ다", "는다", "다"):
            new = "어요"
        elif ending.form in ("어요", "ᆸ니다", "습니다"):
            new = "는다" if stem.tag in ("VV", "XSV") and stem.form not in ("있", "없") else "다"
        else:
            continue
        edits.append((stem.start, ending.end, kiwi().join([(stem.form, stem.tag), (new, "EF")])))
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    return text if edits else None


def in_other_words(reply: Reply) -> str | None:
    """Korean terms by other forms that the lexicon has, with the same final consonant so that their particles stay right."""
    text, draw = nfc(reply.reply), random.Random(2)
    edits = []
    for token in tokens(text):
        forms = [
            f
            for f in lexicon().get(token.term, ())
            if f != token.form and _hangul(f) and _closes(f) == _closes(token.form)
        ]
        whole = text[token.start : token.end] == token.form and not re.match(
            "[가-힣]", text[token.start - 1 : token.start]
        )
        if (
            forms
            and whole
            and _hangul(token.form)
            and re.match("[은는이가을를의에와과]", text[token.end : token.end + 1])
        ):
            edits.append((token.start, token.end, draw.choice(forms)))
    for start, end, form in reversed(edits):
        text = text[:start] + form + text[end:]
    return text if edits else None


def _hangul(form: str) -> bool:
    return bool(re.fullmatch("[가-힣 ]{2,}", form))


def _closes(form: str) -> bool:
    return (ord(form[-1]) - 0xAC00) % 28 > 0


@pytest.mark.parametrize("rephrase", [with_filler, spaced, british, other_level, reordered, in_other_words])
def test_a_rephrasing_moves_no_score(rephrase: Callable[[Reply], str | None]) -> None:
    moved, tried = [], 0
    for reply in replies():
        text = rephrase(reply)
        if text is None:
            continue
        tried += 1
        before, after = judged(reply.question_id, reply.reply).score, judged(reply.question_id, text).score
        if abs(before - after) > TOLERANCE:
            moved.append(f"{reply.id}: {before} → {after}\n  {reply.reply}\n  {text}")
    assert tried >= 4
    assert not moved, "\n".join([f"{len(moved)} of {tried}", *moved])


def test_a_good_point_more_never_costs() -> None:
    lowered = []
    for reply in replies():
        if reply.kind in ("negated", "wrong"):
            continue  # a contradiction taken back is another matter
        rubric = library().open().rubric(reply.question_id)
        assert rubric is not None
        answer = rubric.model_answer["en" if reply.language == "en" else "ko"]
        before = judged(reply.question_id, reply.reply).score
        after = judged(reply.question_id, f"{reply.reply}\n{answer}").score
        if after < before:
            lowered.append(f"{reply.id}: {before} → {after}")
    assert not lowered


def test_the_only_evidence_counts() -> None:
    kept, tried = [], 0
    for reply in replies():
        before = judged(reply.question_id, reply.reply)
        credited = [point for point in before.points if point.credit]
        if len(credited) != 1 or not before.score:
            continue
        after = judged(reply.question_id, reply.reply.replace(credited[0].quote, " "))
        if any(point.id == credited[0].id and point.credit for point in after.points):
            continue  # it was said twice
        tried += 1
        if after.score >= before.score:
            kept.append(f"{reply.id}: {before.score} → {after.score} without {credited[0].quote!r}")
    assert tried >= 10
    assert not kept, "\n".join(kept)


def test_what_the_offline_judge_quotes_stands_in_the_reply_from_the_beginning_of_a_word() -> None:
    """What is dropped is what says nothing beside the question's own words, which is rare."""
    dropped = [reply.id for reply in replies() if judged(reply.question_id, reply.reply).dropped]
    assert len(dropped) <= 0.02 * len(replies()), dropped
