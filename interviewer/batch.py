"""Grade a file of replies, one JSON object a line, in order: ``python -m interviewer grade``.

A line in is ``{"id", "question_id", "reply"}``, or ``{"id", "question", "references": […], "reply"}`` for a question of
one's own. A line out is ``{"id", "graded", "score", "points", "misconceptions", "error"}``. A line that can't be read gives a
line with ``error``, and the rest goes on. Lines are written as they are graded, so an interrupted run can be resumed.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from interviewer.calls import Allowance, Cancel
from interviewer.errors import Stopped, UserMistake
from interviewer.grader import Grader, Said
from interviewer.intent import is_blank, read_intent
from interviewer.judge import Judgement, no_answer
from interviewer.outcome import verdict_data
from interviewer.usage import Budget, Purse
from knowledge.answer_key import AnswerKey, from_references
from knowledge.library import Book

__all__ = ["grade_file", "grade_line"]

AHEAD = 64
"""Lines that are in work at the same time at most, so that a long file is never read whole."""


def grade_file(
    source: Path,
    target: Path,
    grader: Grader,
    book: Book,
    *,
    resume: bool,
    force: bool,
    max_reply: int,
    workers: int = 1,
    purse: Purse | None = None,
    cancel: Cancel | None = None,
) -> Iterator[dict[str, Any]]:
    """Grade ``source`` into ``target``; yields each line as it is written.

    Args:
        purse: what the whole file may spend.
        cancel: stops what is in work; it is not written, and ``resume`` takes it up again.

    Raises:
        UserMistake: the input can't be read, or the output exists and neither ``resume`` nor ``force`` is set.
        Stopped: the budget is used up; all lines before are written.
    """
    purse = purse or Purse(Budget())
    if source.resolve() == target.resolve():
        raise UserMistake(f"{target} is the input; give another name for the output")
    if target.exists() and not (resume or force):
        raise UserMistake(f"{target} exists; add --resume to go on with it or --force to overwrite it")
    done = _lines_done(target) if resume and target.exists() else 0
    try:
        lines = source.open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise UserMistake(f"{source}: can't be read ({error.strerror}); check the path") from None
    try:
        out = target.open("a" if done else "w", encoding="utf-8")
    except OSError as error:
        lines.close()
        raise UserMistake(f"{target}: can't be written ({error.strerror}); check the folder") from None

    def work(item: tuple[int, str]) -> dict[str, Any]:
        return grade_line(item[1], item[0], grader, book, max_reply, grader.allowance(cancel, purse))

    with lines, out, ThreadPoolExecutor(workers) as pool:
        numbered = ((n, line) for n, line in enumerate(lines, 1) if line.strip())
        wanted = (item for position, item in enumerate(numbered) if position >= done)
        for result in _in_order(pool, work, wanted):
            if purse.refused and not result["graded"]:
                raise Stopped("over_budget")
            out.write(json.dumps(result, ensure_ascii=False) + "\n")
            out.flush()
            yield result


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[tuple[int, str]], dict[str, Any]], items: Iterable[tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    """Results in the items' order, with at most ``AHEAD`` items in work."""
    waiting: deque[Future[dict[str, Any]]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def grade_line(
    line: str, number: int, grader: Grader, book: Book, max_reply: int, allowance: Allowance | None = None
) -> dict[str, Any]:
    """One line's result; whatever is wrong with the line is told in ``error``."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return _out(None, None, f"line {number}: not JSON")
    if not isinstance(data, dict):
        return _out(None, None, f"line {number}: not a JSON object")
    reply = data.get("reply")
    if not isinstance(reply, str):
        return _out(data.get("id"), None, f"line {number}: 'reply' is missing or no text")
    if len(reply) > max_reply:
        return _out(
            data.get("id"), None, f"line {number}: the reply has {len(reply)} characters, the limit is {max_reply}"
        )
    try:
        key = _key(data, book)
    except UserMistake as error:
        return _out(data.get("id"), None, f"line {number}: {error}")
    if is_blank(reply) or read_intent(reply) == "dont_know":
        return _out(data.get("id"), no_answer(key), None, key)
    grading = grader.grade(key, [Said("candidate", reply)], language=book.bank.language, allowance=allowance)
    return _out(data.get("id"), grading.judgement, grading.error, key)


def _key(data: Mapping[str, Any], book: Book) -> AnswerKey:
    question_id, references = data.get("question_id"), data.get("references")
    if references is not None:
        if (
            not isinstance(references, list)
            or not all(isinstance(r, str) and r.strip() for r in references)
            or not references
        ):
            raise UserMistake("'references' must be a list of texts")
        return from_references(str(data.get("id", "")), str(data.get("question") or ""), references)
    if question_id is None:
        raise UserMistake("'question_id' or 'references' is missing")
    if str(question_id) not in book.bank:
        raise UserMistake(f"there is no question {question_id!r} in {book.name}")
    return book.key(str(question_id))


def _out(line_id: Any, judgement: Judgement | None, error: str | None, key: AnswerKey | None = None) -> dict[str, Any]:
    found = (
        verdict_data(judgement, key.document if key else "", "ko")
        if judgement
        else {"points": [], "misconceptions": []}
    )
    score = judgement.score if judgement else None
    return {"id": line_id, "graded": judgement is not None, "score": score, **found, "error": error}


def _lines_done(target: Path) -> int:
    """How many whole lines an interrupted run wrote; a line that was cut off is removed, to be graded again."""
    raw = target.read_bytes()
    whole = raw.rfind(b"\n") + 1
    if whole < len(raw):
        with target.open("r+b") as file:
            file.truncate(whole)
    return raw[:whole].count(b"\n")
