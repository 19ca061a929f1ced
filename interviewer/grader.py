"""Grade one exchange: build the judge's message, ask a model, verify and score what it says.

    grader = Grader([open_model("offline", library)], load("judge"))
    grading = grader.grade(key, [Said("candidate", "sigmoid는 exp 연산 때문에 비싸요")])
    grading.judgement.score          # or grading.error, when there is no judgement: then there is no score either

The message is one JSON object with this question's own exchange and nothing of the rest of the interview, so that a
turn costs the same at the end of an interview as at its beginning.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from interviewer.errors import ModelMisbehaved, ProviderFailed
from interviewer.judge import CREDIT, Judgement, RawJudgement, verify
from interviewer.models import Model
from interviewer.structured import ask
from knowledge.answer_key import AnswerKey, KeyPoint
from knowledge.check import verify as verify_check
from knowledge.rubric import NumberCheck

if TYPE_CHECKING:
    from prompts.loader import Prompt

__all__ = ["Grader", "Grading", "PassageLike", "Said", "judge_message"]

PassageLike = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """One utterance of an exchange."""

    by: Literal["candidate", "interviewer"]
    text: str


@dataclass(frozen=True)
class Grading:
    """A judgement, or why there is none. ``error`` is one line in plain words; with it, nothing was graded."""

    judgement: Judgement | None
    error: str | None = None
    model: str = ""
    prompt: str = ""
    tokens_input: int = 0
    tokens_output: int = 0
    seconds: float = 0.0


class Grader:
    """Grades with the first of its models that gives a judgement. Holds no state between gradings."""

    def __init__(self, models: Sequence[Model], prompt: Prompt) -> None:
        self.models = tuple(models)
        self.prompt = prompt
        self._head = prompt.render()

    def grade(
        self,
        key: AnswerKey,
        exchange: Sequence[Said],
        *,
        passages: Sequence[PassageLike] = (),
        language: str = "ko",
        objection: str | None = None,
    ) -> Grading:
        """Grade an exchange. Never raises for what a model or its provider does."""
        from langchain_core.messages import HumanMessage, SystemMessage

        started = time.perf_counter()
        replies = [said.text for said in exchange if said.by == "candidate"]
        checked = check_findings(key, replies)
        content = judge_message(key, exchange, passages, language, objection, checked)
        messages = [SystemMessage(self._head), HumanMessage(content)]
        known = {point.id for point in key.points}
        errors = []
        for model in self.models:
            try:
                answer = ask(model, messages, RawJudgement, usable=lambda data: _usable(data, known))
            except (ModelMisbehaved, ProviderFailed) as error:
                errors.append(f"{model.id}: {error}")
                continue
            judgement = verify(_with_findings(answer.data, checked), key, replies)
            seconds = time.perf_counter() - started
            stamp = self.prompt.stamp
            return Grading(judgement, None, model.id, stamp, answer.tokens_input, answer.tokens_output, seconds)
        model_ids = ",".join(model.id for model in self.models)
        seconds = time.perf_counter() - started
        return Grading(None, "; ".join(errors), model_ids, self.prompt.stamp, seconds=seconds)


def judge_message(
    key: AnswerKey,
    exchange: Sequence[Said],
    passages: Sequence[PassageLike] = (),
    language: str = "ko",
    objection: str | None = None,
    checked: Sequence[Mapping[str, str]] = (),
) -> str:
    """The human message of the judge prompt: one JSON object (see ``prompts/judge``)."""
    question: dict[str, Any] = {"id": key.question_id, "document": key.document, **key.question.model_dump()}
    if key.context:
        question["context"] = key.context.model_dump()
    if key.sensible:
        question["sensible"] = key.sensible.model_dump()
    body: dict[str, Any] = {
        "question": question,
        "points": [_claim(p.id, p.statement.ko, p.statement.en) | _reference(p) for p in key.points],
        "misconceptions": [_claim(m.id, m.statement.ko, m.statement.en) for m in key.misconceptions],
        "checked": list(checked),
        "passages": list(passages),
        "exchange": [{"by": said.by, "text": said.text} for said in exchange],
        "language": language,
    }
    if objection:
        body["objection"] = objection
    return json.dumps(body, ensure_ascii=False)


def check_findings(key: AnswerKey, replies: Sequence[str]) -> list[dict[str, str]]:
    """What code itself can verify in the replies: one entry for each number or formula found, by point."""
    findings = []
    for check in key.checks:
        for reply in reversed(replies):
            asked = check.parameters if key.numbers_asked and isinstance(check, NumberCheck) else None
            finding = verify_check(check, reply, asked)
            if finding is not None:
                meaning = finding.meaning.en if finding.meaning else ""
                entry = {"point": check.point, "verdict": finding.verdict, "quote": finding.quote, "meaning": meaning}
                findings.append(entry)
                break
    return findings


def _with_findings(data: dict[str, Any], checked: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A judge's data with the verdicts that code has settled in place of its own; the best finding a point counts."""
    settled: dict[str, Mapping[str, str]] = {}
    for finding in checked:
        point = finding["point"]
        if point not in settled or CREDIT[finding["verdict"]] > CREDIT[settled[point]["verdict"]]:
            settled[point] = finding
    if not settled:
        return data
    kept = [p for p in data.get("points", ()) if not (isinstance(p, Mapping) and p.get("id") in settled)]
    for point, finding in settled.items():
        entry = {"id": point, "verdict": finding["verdict"], "quote": finding["quote"], "reason": finding["meaning"]}
        kept.append(entry)
    return {**data, "points": kept}


def _reference(point: KeyPoint) -> dict[str, int]:
    """Which of several alternative references a point belongs to; said only where there are several."""
    return {"reference": point.reference} if point.reference else {}


def _claim(claim_id: str, ko: str, en: str) -> dict[str, Any]:
    return {"id": claim_id, "claim": ko if ko == en else {"ko": ko, "en": en}}


def _usable(data: Mapping[str, Any], known: set[str]) -> bool:
    """A judgement that speaks of at least one point, or a request to clarify the question."""
    points = data.get("points")
    if data.get("intent") == "clarify":
        return True
    return isinstance(points, list) and any(isinstance(p, Mapping) and p.get("id") in known for p in points)
