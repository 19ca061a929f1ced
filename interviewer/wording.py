"""What the interviewer says itself, in Korean and English: questions, hints, acknowledgements, and honest refusals.

Pure. Critiques are in ``critique.py``.
"""

from __future__ import annotations

from interviewer.critique import Language
from knowledge.answer_key import AnswerKey

__all__ = [
    "acknowledge",
    "asked",
    "budget",
    "dont_know",
    "graded_by",
    "hint",
    "judged_again",
    "not_graded",
    "nothing_to_object",
    "too_long",
]

_ACKNOWLEDGE = {
    "ko": {"skip": "건너뛸게요.", "back": "이전 질문으로 돌아갈게요.", "stop": "여기까지 하겠습니다. 수고하셨어요."},
    "en": {"skip": "Skipped.", "back": "Back to the previous question.", "stop": "We stop here. Well done."},
}


def asked(key: AnswerKey, language: Language, probe: str | None = None) -> str:
    """The question (or the probe on one of its points) as the candidate sees it."""
    point = key.point(probe) if probe else None
    if point and point.probe:
        return point.probe[language]
    return key.question[language]


def hint(key: AnswerKey, given: int, most: int, language: Language) -> str:
    """The next hint. A question without written hints gets what can be said without giving it away."""
    if given >= most:
        return (
            "힌트는 모두 드렸어요. 아는 만큼 답해 보세요."
            if language == "ko"
            else "That was the last hint. Answer as far as you can."
        )
    label = f"힌트 {given + 1}/{most}" if language == "ko" else f"Hint {given + 1}/{most}"
    if given < len(key.hints):
        return f"**{label}** — {key.hints[given][language]}"
    count = len(key.points)
    if language == "ko":
        said = (
            f"참고 답안에는 요점이 {count}가지 있습니다."
            if count
            else "참고 답안이 없는 질문입니다. 생각을 이유와 함께 말해 보세요."
        )
    else:
        said = (
            f"The reference answer makes {count} point(s)."
            if count
            else "There is no reference answer; say what you think and why."
        )
    return f"**{label}** — {said}"


def acknowledge(kind: str, language: Language) -> str:
    return _ACKNOWLEDGE[language].get(kind, "")


def dont_know(language: Language) -> str:
    return (
        "괜찮아요. 참고 답안을 보고 다음으로 넘어가요."
        if language == "ko"
        else "That is fine. Here is the reference; we go on."
    )


def too_long(length: int, limit: int, language: Language) -> str:
    if language == "ko":
        return f"답변이 너무 깁니다({length:,}자, 한도 {limit:,}자). 쓰신 글은 저장해 두었으니 핵심만 줄여서 다시 답해 주세요."
    return f"That is too long ({length:,} characters, the limit is {limit:,}). It is kept; please answer again with the essentials."


def not_graded(reasons: str, language: Language) -> str:
    """That a reply has no grade, why (``failures.reason``), and what can be done about it."""
    if language == "ko":
        return (
            f"이번 답변은 채점하지 못했습니다 ({reasons}). 답변은 저장되어 있고 점수에는 넣지 않습니다. "
            "다시 채점하거나 오프라인 채점기로 채점할 수 있습니다."
        )
    return (
        f"This answer was not graded ({reasons}). It is kept and does not enter the score. "
        "It can be graded again, or by the offline grader."
    )


def budget(share: float, language: Language) -> str:
    """That most of a budget is spent."""
    if language == "ko":
        return f"예산의 {share:.0%}를 썼습니다. 다 쓰면 답변은 저장하되 모델에 채점을 맡기지 않습니다."
    return f"{share:.0%} of the budget is spent. After that replies are kept, but no model is asked to grade them."


def graded_by(model: str, language: Language) -> str:
    """That a grade is not from the model that the interview is graded by."""
    if model == "offline":
        return "오프라인 채점기로 채점했습니다." if language == "ko" else "Graded by the offline grader."
    return f"{model} 모델이 대신 채점했습니다." if language == "ko" else f"Graded by {model} instead."


def nothing_to_object(language: Language) -> str:
    return "아직 이의를 제기할 채점이 없습니다." if language == "ko" else "There is no graded answer to object to yet."


def judged_again(before: float | None, after: float, critique: str, language: Language) -> str:
    """What an objection came to: both scores, and the critique of the second judgement."""
    old = "–" if before is None else f"{before:.2f}"
    said = (
        f"이의를 반영해 다시 채점했습니다: {old} → {after:.2f}"
        if language == "ko"
        else f"Judged again with your objection: {old} → {after:.2f}"
    )
    return f"{said}\n\n{critique}"
