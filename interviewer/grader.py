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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from interviewer.calls import Allowance, Cancel, Patience
from interviewer.errors import ModelFailed, ProviderFailed
from interviewer.failures import reason
from interviewer.judge import CREDIT, Judgement, PointVerdict, RawJudgement, is_said, verify
from interviewer.models import Model
from interviewer.structured import ask
from interviewer.usage import Budget, Purse, Usage
from knowledge.answer_key import AnswerKey, KeyPoint
from knowledge.check import verify as verify_check
from knowledge.language import squeezed
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
    """A judgement, or why there is none: then nothing was graded.

    ``failures`` are the models that gave none, each with a code of ``failures.REASONS``, in the order in which they were
    asked; ``cost`` is US dollars, None where a model's price is not known.
    """

    judgement: Judgement | None
    failures: tuple[tuple[str, str], ...] = ()
    model: str = ""
    prompt: str = ""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = 0.0
    seconds: float = 0.0

    @property
    def error(self) -> str | None:
        """Why there is no judgement, one English line; None where there is one."""
        if self.judgement is not None:
            return None
        return "; ".join(
            f"{model}: {reason(code, 'en')}" if model else reason(code, "en") for model, code in self.failures
        )

    def reasons(self, language: str) -> str:
        """Why the models that were asked gave no judgement, in the user's language; each reason once."""
        return "; ".join(dict.fromkeys(reason(code, language) for _, code in self.failures))


class Grader:
    """Grades with the first of its models that gives a judgement. Holds no state between gradings.

    Args:
        failures: models that could not be opened, with the code of the reason; told with every grading that fails.
    """

    def __init__(
        self,
        models: Sequence[Model],
        prompt: Prompt,
        *,
        patience: Patience | None = None,
        failures: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.models = tuple(models)
        self.prompt = prompt
        self.patience = patience or Patience()
        self.failures = tuple(failures)
        self._head = prompt.render()

    def allowance(
        self, cancel: Cancel | None = None, purse: Purse | None = None, label: Mapping[str, Any] | None = None
    ) -> Allowance:
        """What one turn may take: of time, calls and money."""
        return Allowance(
            self.patience, cancel or Cancel(), purse or Purse(Budget()), {**(label or {}), "prompt": self.prompt.stamp}
        )

    def grade(
        self,
        key: AnswerKey,
        exchange: Sequence[Said],
        *,
        passages: Sequence[PassageLike] = (),
        language: str = "ko",
        objection: str | None = None,
        allowance: Allowance | None = None,
        on_point: Callable[[PointVerdict], None] = lambda point: None,
    ) -> Grading:
        """Grade an exchange. Never raises for what a model or its provider does.

        Args:
            allowance: what may be spent on it; by default one turn's, with no budget.
            on_point: gets each verdict as soon as the model has decided it, checked as the final ones are. Another
                attempt may decide a point again.
        """
        started = time.perf_counter()
        allowance = allowance or self.allowance()
        replies = [said.text for said in exchange if said.by == "candidate"]
        checked = check_findings(key, replies)
        watch = _Watch(key, replies, {finding["point"] for finding in checked}, on_point)
        failures = list(self.failures)
        judgement, used = None, ""
        for model in self.models:
            allowance.renew()
            ask_one = partial(self._ask, model, key, exchange, language, objection, checked, allowance, watch)
            try:
                try:
                    data = ask_one(passages)
                except ProviderFailed as error:
                    if error.code != "context_overflow" or not passages:
                        raise
                    data = ask_one(())
            except ModelFailed as error:
                failures.append((model.id, error.code))
                if error.code == "cancelled":
                    break
                continue
            judgement, used = verify(_with_findings(data, checked), key, replies), model.id
            break
        asked = used or ",".join(model.id for model in self.models)
        seconds = time.perf_counter() - started
        spent, dollars = allowance.usage, allowance.dollars
        return Grading(judgement, tuple(failures), asked, self.prompt.stamp, spent, dollars, seconds)

    def _ask(
        self,
        model: Model,
        key: AnswerKey,
        exchange: Sequence[Said],
        language: str,
        objection: str | None,
        checked: Sequence[Mapping[str, str]],
        allowance: Allowance,
        watch: _Watch,
        passages: Sequence[PassageLike],
    ) -> dict[str, Any]:
        """One model's judgement as data."""
        from langchain_core.messages import HumanMessage, SystemMessage

        content = judge_message(key, exchange, passages, language, objection, checked)
        messages = [SystemMessage(self._head), HumanMessage(content)]
        wanted = {point.id for point in key.points} - watch.settled
        check = partial(_wrong, wanted=wanted, replies=watch.replies)
        return ask(model, messages, RawJudgement, check, allowance, watch.text).data


class _Watch:
    """Reads the points out of an answer while it streams in, each as soon as the next one has begun."""

    def __init__(
        self, key: AnswerKey, replies: Sequence[str], settled: set[str], on_point: Callable[[PointVerdict], None]
    ) -> None:
        self.key, self.replies, self.settled, self.on_point = key, replies, settled, on_point
        self._text, self._told = "", 0

    def text(self, piece: str) -> None:
        """Another piece; "" begins anew."""
        if not piece:
            self._text, self._told = "", 0
            return
        self._text += piece
        if "}" not in piece and "]" not in piece and "{" not in piece:
            return
        from langchain_core.utils.json import parse_partial_json

        try:
            data = parse_partial_json(self._text[max(0, self._text.find("{")) :])
        except ValueError:
            return
        points = data.get("points") if isinstance(data, dict) else None
        if not isinstance(points, list):
            return
        done = len(points) if list(data)[-1] != "points" else len(points) - 1
        for point in points[self._told : done]:
            self._tell(point)
        self._told = max(self._told, done)

    def _tell(self, point: Any) -> None:
        name = point.get("id") if isinstance(point, Mapping) else None
        if not isinstance(name, str) or name in self.settled or self.key.point(name) is None:
            return
        found = verify({"points": [point]}, self.key, self.replies)
        self.on_point(next(one for one in found.points if one.id == name))


def _wrong(data: Mapping[str, Any], wanted: set[str], replies: Sequence[str]) -> str | None:
    """What keeps a judgement from being used; None if nothing does.

    Every point must be judged. Quotes that are not the candidate's earn nothing (``judge.verify``); a judgement none of
    whose quotes is theirs is not about this reply.
    """
    if data.get("intent") == "clarify":
        return None
    points = (
        [p for p in data.get("points") or () if isinstance(p, Mapping)] if isinstance(data.get("points"), list) else []
    )
    judged = {p.get("id") for p in points if p.get("verdict") in CREDIT}
    if not wanted <= judged:
        return "incomplete"
    quotes = [str(p.get("quote") or "") for p in points if p.get("id") in wanted and p.get("verdict") != "missed"]
    if quotes and not any(quote.strip() and is_said(quote, replies) for quote in quotes):
        return "invented"
    return None


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
    """What code itself can verify in the replies: one entry for each number or formula found, by point.

    Where the question gives no numbers, a candidate picks an example, and a number that does not fit ours is no error.
    """
    findings = []
    for check in key.checks:
        for reply in reversed(replies):
            asked = check.parameters if key.numbers_asked and isinstance(check, NumberCheck) else None
            finding = verify_check(check, squeezed(reply), asked)
            free = isinstance(check, NumberCheck) and not key.numbers_asked
            if finding is not None and not (free and finding.verdict != "hit"):
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
