"""The interview agent: one turn as a LangGraph graph.

    receive ─┬─ command ──────────────────────────┐
             ├─ clarify (the helper agent) ───────┤
             ├─ no_answer, objection, too_long ───┼→ record
             └─ retrieve → judge ─┬─ critique ────┘
                                  └─ clarify

``receive`` commits the reply before anything else happens to it and reads what it is, ``record`` commits what came of it. In between, models are
asked for judgements and explanations; what comes next is never theirs to say (``interview.replay``). Nodes speak to the
caller while they work through the stream writer: see ``Event``.

The graph is compiled once a process and holds no state: everything that a turn needs comes in as its state and context.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from interviewer import wording
from interviewer.calls import Allowance, Cancel
from interviewer.critique import TONES, Language, Tone, critique, reference
from interviewer.grader import Grader, Grading, Said
from interviewer.intent import Intent, is_blank, objection_of, read_intent
from interviewer.interview import MAX_HINTS, Kind, State, choose_probe
from interviewer.judge import PointVerdict, no_answer, to_data
from interviewer.logs import log_turn
from interviewer.store import InterviewRow, ResultRow, Store, TurnRow
from interviewer.usage import Budget, Purse, Usage, total_cost
from knowledge.answer_key import AnswerKey
from knowledge.index import Passage
from prompts.loader import Prompt

__all__ = ["Event", "Tools", "TurnState", "log_result", "regraded", "turn_graph"]

NEAREST = 3
"""Passages from elsewhere in the document that a judge sees beside the question's own."""


@dataclass(frozen=True)
class Event:
    """Something to show while a turn is at work: ``received``, ``verdict`` (one point, as soon as it is decided; the
    last one on a point counts), ``critique`` (text)."""

    kind: Literal["received", "verdict", "critique"]
    data: dict[str, Any]


@dataclass(frozen=True)
class Tools:
    """What a turn works with. ``search(query, k)`` returns the nearest passages of the document; ``purse`` is what the
    interview may still spend; ``help_prompt`` is the latest by default."""

    store: Store
    grader: Grader
    search: Callable[[str, int], list[Passage]]
    max_reply: int
    cancel: Cancel = field(default_factory=Cancel)
    purse: Purse = field(default_factory=lambda: Purse(Budget()))
    help_prompt: Prompt | None = None

    def allowance(self, row: InterviewRow, turn: TurnRow) -> Allowance:
        return self.grader.allowance(self.cancel, self.purse, {"turn": f"{row.id}.{turn.n}"})


class TurnState(TypedDict, total=False):
    """A turn as it goes through the graph. All up to ``turn`` are given: ``earlier`` are the interview's turns before
    this one, ``objected`` is the last graded turn (an objection is about it) and ``objected_key`` its key."""

    interview: InterviewRow
    key: AnswerKey
    state: State
    earlier: list[TurnRow]
    may_probe: bool
    objected: TurnRow | None
    objected_key: AnswerKey | None
    turn: TurnRow
    intent: Intent
    passages: list[dict[str, Any]]
    grading: Grading
    result: ResultRow
    started: float


def receive(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """Commit the reply, then read what it is: an answer, a command, or no answer.

    A pending turn (``turn.id`` is set) was committed by a process that has ended since.
    """
    turn = state["turn"]
    if not turn.id:
        turn = runtime.context.store.add_turn(state["interview"].id, turn)
    runtime.stream_writer(Event("received", {"n": turn.n}))
    intent: Intent = "dont_know" if is_blank(turn.reply) else read_intent(turn.reply)
    return {"turn": turn, "intent": intent, "started": time.perf_counter()}


def route(state: TurnState, runtime: Runtime[Tools]) -> str:
    intent = state["intent"]
    if len(state["turn"].reply) > runtime.context.max_reply:
        return "too_long"
    if intent == "clarify":
        return "clarify"
    if intent == "dont_know" and not state["turn"].asked_probe:
        return "no_answer"
    if intent == "object":
        return "objection"
    return "retrieve" if intent in ("answer", "dont_know") else "command"


def too_long(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """A reply over the limit is kept, and the question asked again."""
    said = wording.too_long(len(state["turn"].reply), runtime.context.max_reply, _language(state))
    return {"result": ResultRow("repeat", critique=said)}


def command(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """Hint, skip, repeat, reveal, back and stop: no model is asked."""
    key, language = state["key"], _language(state)
    kind: Kind = state["intent"]  # type: ignore[assignment]
    if kind == "hint":
        given = state["state"].hints.get(key.question_id, 0)
        said = wording.hint(key, given, MAX_HINTS, language)
    elif kind == "reveal":
        said = reference(key, language)
    elif kind == "repeat":
        said = state["turn"].question
    else:
        said = wording.acknowledge(kind, language)
    return {"result": ResultRow(kind, critique=said)}


def no_answer_given(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """ "모르겠습니다": every point is missed, the reference is shown, and the interview moves on."""
    key, language = state["key"], _language(state)
    said = f"{wording.dont_know(language)}\n\n{reference(key, language)}"
    return {"result": ResultRow("answer", True, 0.0, to_data(no_answer(key)), said)}


def retrieve(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """The question's own answers by id, and the nearest passages from elsewhere."""
    key = state["key"]
    query = f"{key.question.ko} {state['turn'].reply[:500]}"
    own: list[Passage] = []
    others: list[Passage] = []
    for passage in runtime.context.search(query, NEAREST + len(key.points) + 1):
        (own if passage.question_id == key.question_id else others).append(passage)
    return {"passages": [{"lines": list(p.lines), "text": p.text} for p in (*own, *others[:NEAREST])]}


def judge(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """One structured model call, verified and scored."""
    exchange, passages = _exchange(state["earlier"], state["turn"]), state["passages"]
    told: dict[str, PointVerdict] = {}

    def tell(point: PointVerdict) -> None:
        if told.get(point.id) != point:
            told[point.id] = point
            runtime.stream_writer(Event("verdict", {"id": point.id, "verdict": point.verdict, "quote": point.quote}))

    tools = runtime.context
    allowance = tools.allowance(state["interview"], state["turn"])
    grading = tools.grader.grade(
        state["key"], exchange, passages=passages, language=_language(state), allowance=allowance, on_point=tell
    )
    for point in grading.judgement.points if grading.judgement else ():
        tell(point)
    return {"grading": grading}


def judged(state: TurnState, runtime: Runtime[Tools]) -> str:
    judgement = state["grading"].judgement
    return "clarify" if judgement and judgement.intent == "clarify" and not judgement.score else "critique"


def write_critique(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """The critique from the verified judgement, and whether to probe."""
    key, language, grading, turn = state["key"], _language(state), state["grading"], state["turn"]
    kind: Kind = "probe" if turn.asked_probe else "answer"
    spent = _spent(grading)
    if grading.judgement is None:
        said = wording.not_graded(grading.reasons(language), language)
        return {"result": ResultRow(kind, critique=said, error=grading.error, **spent)}
    judgement = grading.judgement
    said = critique(judgement, key, language, _tone(state))
    may_probe = kind == "answer" and state["may_probe"]
    probe = choose_probe(judgement, key) if may_probe and key.question_id not in state["state"].probed else None
    return {"result": ResultRow(kind, True, judgement.score, to_data(judgement), said, probe, **spent)}


def clarify(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """The helper explains the question without answering it."""
    from interviewer.helper import explain

    tools = runtime.context
    allowance = tools.allowance(state["interview"], state["turn"])
    language, key, asked = _language(state), state["key"], state["turn"].reply
    said, model, stamp = explain(tools.grader.models, tools.search, key, asked, language, allowance, tools.help_prompt)
    judged = state["grading"].usage if "grading" in state else Usage()
    paid = state["grading"].cost if "grading" in state else 0.0
    spent = _costs(judged + allowance.usage, total_cost([paid, allowance.dollars]))
    return {"result": ResultRow("clarify", critique=said, model=model, prompt=stamp, **spent)}


def objection(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """The last graded answer is judged once more with the candidate's argument; both judgements are kept."""
    language, tools = _language(state), runtime.context
    target, key = state.get("objected"), state.get("objected_key")
    if target is None or key is None or target.result is None:
        return {"result": ResultRow("object", critique=wording.nothing_to_object(language))}
    argument = objection_of(state["turn"].reply)
    before = target.result
    exchange, allowance = _exchange(state["earlier"], target), tools.allowance(state["interview"], state["turn"])
    grading = tools.grader.grade(key, exchange, language=language, objection=argument, allowance=allowance)
    if grading.judgement is None:
        said = wording.not_graded(grading.reasons(language), language)
        return {"result": ResultRow("object", critique=said, error=grading.error, **_spent(grading))}
    judgement = grading.judgement
    said = critique(judgement, key, language, _tone(state))
    again = ResultRow(
        before.kind,
        True,
        judgement.score,
        to_data(judgement),
        said,
        before.probe,
        **_spent(grading),
        objection=argument,
    )
    tools.store.add_result(target, again)
    return {"result": ResultRow("object", critique=wording.judged_again(before.score, judgement.score, said, language))}


def record(state: TurnState, runtime: Runtime[Tools]) -> TurnState:
    """Commit what came of the turn."""
    result = state["result"]
    seconds = time.perf_counter() - state["started"]
    kept = runtime.context.store.add_result(state["turn"], ResultRow(**{**vars(result), "seconds": round(seconds, 4)}))
    log_result(state["interview"], state["turn"], kept)
    runtime.stream_writer(Event("critique", {"text": kept.critique, "score": kept.score, "graded": kept.graded}))
    return {"result": kept}


def _language(state: TurnState) -> Language:
    return "en" if state["interview"].settings.get("language") == "en" else "ko"


def _tone(state: TurnState) -> Tone:
    tone = state["interview"].settings.get("tone", "plain")
    return tone if tone in TONES else "plain"


def _exchange(earlier: Sequence[TurnRow], turn: TurnRow) -> list[Said]:
    """What was said on this question that belongs together: hints given, the answer, and a probe with its reply.

    An earlier answer counts only if it led to the probe that this turn replies to: whoever comes back to a question
    answers it anew.
    """
    said: list[Said] = []
    for one in earlier:
        if one.question_id != turn.question_id or one.result is None or one.n >= turn.n:
            continue
        if one.result.kind == "hint":
            said.append(Said("interviewer", one.result.critique))
        elif one.result.probe and turn.asked_probe == one.result.probe:
            said += [Said("candidate", one.reply), Said("interviewer", turn.question)]
    return [*said, Said("candidate", turn.reply)]


def _spent(grading: Grading) -> dict[str, Any]:
    return {"model": grading.model, "prompt": grading.prompt, **_costs(grading.usage, grading.cost)}


def _costs(usage: Usage, dollars: float | None) -> dict[str, Any]:
    return {
        "tokens_input": usage.input,
        "tokens_output": usage.output,
        "tokens_cached": usage.cached,
        "calls": usage.calls,
        "cost": dollars,
    }


def log_result(row: InterviewRow, turn: TurnRow, result: ResultRow) -> None:
    """A finished turn in the log."""
    log_turn(
        {"turn": f"{row.id}.{turn.n}", "prompt": result.prompt},
        turn.reply,
        question=turn.question_id,
        kind=result.kind,
        graded=result.graded,
        error=result.error,
        model=result.model,
        tokens={"input": result.tokens_input, "cached": result.tokens_cached, "output": result.tokens_output},
        calls=result.calls,
        cost=result.cost,
        seconds=result.seconds,
    )


def regraded(tools: Tools, row: InterviewRow, key: AnswerKey, turns: Sequence[TurnRow], turn: TurnRow) -> Grading:
    """Judge a turn that has a result once more, by ``tools.grader``, and add the new result; where there is no judgement
    again and the old result is none either, the new reason and what the attempt took are added."""
    language: Language = "en" if row.settings.get("language") == "en" else "ko"
    before = turn.result
    grading = tools.grader.grade(key, _exchange(turns, turn), language=language, allowance=tools.allowance(row, turn))
    if before is None:
        return grading
    if grading.judgement is None:
        if not before.graded:
            said = wording.not_graded(grading.reasons(language), language)
            tools.store.add_result(turn, ResultRow(before.kind, critique=said, error=grading.error, **_spent(grading)))
    else:
        tone = row.settings.get("tone", "plain")
        said = critique(grading.judgement, key, language, tone if tone in TONES else "plain")
        score, data = grading.judgement.score, to_data(grading.judgement)
        spent = {**_spent(grading), "seconds": round(grading.seconds, 4)}
        tools.store.add_result(turn, ResultRow(before.kind, True, score, data, said, before.probe, **spent))
    return grading


@cache
def turn_graph() -> CompiledStateGraph[TurnState, Tools, TurnState, TurnState]:
    """The compiled graph of one turn."""
    graph = StateGraph(TurnState, Tools)
    graph.add_node("receive", receive)
    graph.add_node("too_long", too_long)
    graph.add_node("command", command)
    graph.add_node("clarify", clarify)
    graph.add_node("no_answer", no_answer_given)
    graph.add_node("objection", objection)
    graph.add_node("retrieve", retrieve)
    graph.add_node("judge", judge)
    graph.add_node("critique", write_critique)
    graph.add_node("record", record)
    graph.add_edge(START, "receive")
    ways = ["too_long", "command", "clarify", "no_answer", "objection", "retrieve"]
    graph.add_conditional_edges("receive", route, ways)
    graph.add_edge("retrieve", "judge")
    graph.add_conditional_edges("judge", judged, ["critique", "clarify"])
    for last in ("too_long", "command", "clarify", "no_answer", "objection", "critique"):
        graph.add_edge(last, "record")
    graph.add_edge("record", END)
    return graph.compile()
