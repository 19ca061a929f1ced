"""Does the interview go as it should, whoever sits it? Nine simulated candidates play whole interviews of all questions.

``in_order``  each question comes when it is its turn by the document's order, and stays until it is answered, skipped or shown
``kept``      what was typed is stored to the letter, and stands in the JSON, the Markdown and the HTML report
``no_leak``   what is shown beside the question before it is answered (hints, explanations, probes) makes none of the key's claims
``helped``    every hint that is asked for says something, and none twice
``finished``  the interview ends, in no more turns than it needs

Metrics: their shares over all candidates and questions, and ``CANDIDATE.score``. ``--limit`` is the number of main questions.
"""

from __future__ import annotations

import html
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from eval.candidates import CANDIDATES, PASS
from eval.statistics import Estimate, share
from eval.suites import Options, Outcome
from eval.variants import Bench
from eval.work import Record

if TYPE_CHECKING:
    from interviewer.service import Interviewer, View
    from knowledge.answer_key import AnswerKey

__all__ = ["play", "run", "tells"]

CHECKS = ("in_order", "kept", "no_leak", "helped", "finished")
STAYS = frozenset({"hint", "repeat", "clarify", "object"})
MOST_TURNS = 12
"""Turns that a question takes at most, even of who tries every command."""
VERBATIM = 20
"""Characters from which a sentence of the key that is repeated is no accident."""


@dataclass
class _Told:
    """What happened on one question of one interview."""

    question_id: str
    shown: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=lambda: {check: [] for check in CHECKS})
    answered: bool = False
    asked: bool = False


def run(options: Options) -> Outcome:
    """Let every candidate play.

    Raises:
        UserMistake: the model can't be opened.
    """
    from knowledge.library import Library

    outcome = Outcome()
    library = Library()
    bench = options.variant.open(library, options.cache)
    outcome.prompt, outcome.variant = bench.grader.prompt.stamp, options.variant.describe(bench.model)
    book = library.open()
    topics = list(book.topics[: options.limit])
    questions = sum(question.topic in topics for question in book.bank)
    cases = [(name, {"candidate": name, "topics": topics}) for name in CANDIDATES]

    def task(case: dict[str, Any]) -> Record:
        return play(case["candidate"], case["topics"], bench)

    records = options.work.run("conduct", options.variant, cases, task, options.progress, calls=questions * MOST_TURNS)
    bench.close()
    outcome.cases = [case for record in records for case in _questions(record)]
    outcome.count(outcome.cases)
    outcome.spend(records)
    _measure(outcome)
    return outcome


def play(name: str, topics: Sequence[str], bench: Bench) -> Record:
    """One candidate's interview; ``questions`` of the record tells of each."""
    from interviewer.service import Interviewer
    from interviewer.service import Options as Choice
    from interviewer.settings import Settings

    candidate = CANDIDATES[name]
    with tempfile.TemporaryDirectory() as folder:
        interviewer = Interviewer(Settings(Path(folder)), grader=bench.grader, help_prompt=bench.help_prompt)
        try:
            view = interviewer.start(Choice(language=candidate.language, topics=tuple(topics)))
            plan = view.row.plan
            told = {question_id: _Told(question_id) for question_id in plan}
            left = {question_id: list(candidate.messages(question_id, n)) for n, question_id in enumerate(plan)}
            closed: set[str] = set()
            typed: list[str] = []
            while view.current is not None and len(typed) < MOST_TURNS * len(plan):
                asked = view.current
                one = told[asked.question_id]
                one.asked = True
                if not one.answered:
                    one.shown += [asked.text, asked.context]
                text = left[asked.question_id].pop(0) if left[asked.question_id] else PASS[candidate.language]
                for _ in interviewer.reply(view.id, text):
                    pass
                typed.append(text)
                one.typed.append(text)
                view = interviewer.view(view.id)
                _watch(view, one, plan, closed)
            _kept(interviewer, view, typed, told)
            questions = [_judged(one, interviewer.library.open().key(one.question_id), view) for one in told.values()]
        finally:
            interviewer.close()
    return {"status": "graded", "error": None, "questions": questions, "turns": len(typed)}


def tells(text: str, key: AnswerKey) -> bool:
    """Whether a text makes a claim of the key, in the key's own sentences or with most of a claim's words."""
    from interviewer.helper import gives_away

    said = " ".join(text.split())
    sentences = [point.statement for point in key.points] + ([key.model_answer] if key.model_answer else [])
    parts = (part.strip() for one in sentences for language in ("ko", "en") for part in one[language].split(". "))
    return gives_away(text, key) or any(len(part) >= VERBATIM and part in said for part in parts)


def _watch(view: View, one: _Told, plan: Sequence[str], closed: set[str]) -> None:
    """Follow one turn by rules of its own: what it showed, and whether the right question comes next."""
    turn = view.turns[-1]
    result = turn.result
    if result is None:
        one.faults["kept"].append("a reply has no result")
        return
    if result.kind in STAYS and not one.answered:
        one.shown.append(result.critique)
    if result.kind == "hint":
        one.hints.append(result.critique)
    place = plan.index(one.question_id)
    if result.kind in STAYS or result.probe:
        expected: str | None = one.question_id
    elif result.kind == "back":
        expected = plan[max(0, place - 1)]
        closed.discard(expected)
    else:
        one.answered = True
        closed.add(one.question_id)
        order = [*plan[place + 1 :], *plan[:place]]
        expected = next((question_id for question_id in order if question_id not in closed), None)
    found = view.current.question_id if view.current else None
    if found != expected:
        one.faults["in_order"].append(f"after {result.kind} came {found}, not {expected}")


def _kept(interviewer: Interviewer, view: View, typed: Sequence[str], told: dict[str, _Told]) -> None:
    """Whether the store and all reports hold what was typed, and the interview came to its end."""
    from interviewer.outcome import outcome as outcome_data
    from interviewer.report import html_report, markdown_report

    data = outcome_data(view, interviewer.library.open())
    page, markdown = html.unescape(html_report(data)), markdown_report(data)
    if [turn.reply for turn in view.turns] != list(typed) or [turn["reply"] for turn in data["turns"]] != list(typed):
        for one in told.values():
            one.faults["kept"].append("the replies that are stored are not those that were typed")
    for one in told.values():
        if not view.finished:
            one.faults["finished"].append("the interview does not end")
        if not one.asked:
            one.faults["in_order"].append("never asked")
        for text in filter(str.strip, one.typed):
            last = text.splitlines()[-1].strip()
            if last not in page or last not in markdown:
                one.faults["kept"].append("a report lacks a reply")


def _judged(one: _Told, key: AnswerKey, view: View) -> dict[str, Any]:
    own = {key.question["ko"], key.question["en"], "", *((key.context.ko, key.context.en) if key.context else ())}
    shown = [text for text in dict.fromkeys(one.shown) if text not in own]
    leaked = [text for text in shown if tells(text, key)]
    one.faults["no_leak"] += [f"shown before the answer: {text}" for text in leaked]
    hints = one.hints[: len(key.hints)]
    if len(set(hints)) < len(hints) or not all(hint.strip() for hint in hints):
        one.faults["helped"].append("a hint is empty or said twice")
    turns = [turn for turn in view.turns if turn.question_id == one.question_id and turn.result]
    results = [turn.result for turn in turns if turn.result and turn.result.kind in ("answer", "probe")]
    errors = [result.error for result in results if result.error]
    absent = {"helped": not hints, "no_leak": not shown}
    checks = [check for check in CHECKS if not absent.get(check)]
    return {
        "question_id": one.question_id,
        "question": key.question["ko"],
        "replies": one.typed,
        "values": {check: float(not one.faults[check]) for check in checks},
        "score": results[-1].score if results else None,
        "error": errors[-1] if errors else None,
        "why": "; ".join(fault for check in checks for fault in one.faults[check]),
    }


def _questions(record: Record) -> list[dict[str, Any]]:
    """The record of an interview as cases, one a question; or as one case where the interview did not take place."""
    name, repeat = record["id"], record["repeat"]
    if record["status"] != "graded":
        return [{"id": name, "repeat": repeat, "status": record["status"], "error": record["error"], "candidate": name}]
    out = []
    for found in record["questions"]:
        case = {
            **found,
            "id": f"{name}/{found['question_id']}",
            "repeat": repeat,
            "candidate": name,
            "status": "unscored" if found["error"] else "graded",
            "reply": "\n".join(found["replies"]),
        }
        del case["replies"]
        if not case["why"]:
            del case["why"]
        else:
            case["failed"] = True
        out.append(case)
    return out


def _measure(outcome: Outcome) -> None:
    done = [case for case in outcome.cases if case["status"] == "graded"]
    for check in CHECKS:
        found = [case["values"][check] for case in done if check in case["values"]]
        outcome.add(check, share(int(sum(found)), len(found)))
    for name in CANDIDATES:
        scores = [case["score"] for case in done if case["candidate"] == name and case["score"] is not None]
        outcome.add(f"{name}.score", Estimate(fmean(scores) if scores else None, n=len(scores)))
    strong, weak = outcome.metrics["strong.score"].value, outcome.metrics["weak.score"].value
    gap = None if strong is None or weak is None else strong - weak
    outcome.add("strong_over_weak", Estimate(gap, n=outcome.metrics["strong.score"].n))
