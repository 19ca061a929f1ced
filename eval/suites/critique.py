"""Is the critique grounded, and of the right form?

Replies of the test split are judged, and the critique is written as a candidate would read it: in English for English replies,
else in Korean, in each of the tones in turn. ``grounding.py`` then checks by code, with no model's help, that every quote, line number and sentence
traces to the reply, the answer key or the program's wording, and that length, language and tone are right.

Metrics: ``grounded``, ``form`` (shares of the critiques), and ``lines`` (their mean number of lines).
"""

from __future__ import annotations

from typing import Any

from eval.data_files import load_rows
from eval.grounding import faults_of_form, findings
from eval.schema import GradedReply
from eval.statistics import Estimate, share
from eval.suites import Options, Outcome
from eval.suites.grading import REPLIES
from eval.work import Record, outcome_of

__all__ = ["run"]


def run(options: Options) -> Outcome:
    """Write and check a critique of every reply of the test split.

    Raises:
        UserMistake: there is no data, or the model can't be opened.
    """
    from interviewer import critique as writer
    from interviewer.grader import Said
    from knowledge.library import Library

    outcome = Outcome()
    library = Library()
    bench = options.variant.open(library, options.cache)
    outcome.prompt, outcome.variant = bench.grader.prompt.stamp, options.variant.describe(bench.model)
    book = library.open()
    rows, bad = load_rows(REPLIES, GradedReply)
    chosen = [row for row in rows if row.split == "test"]
    step = max(1, len(chosen) // options.limit) if options.limit else 1
    chosen = chosen[::step][: options.limit]
    cases = [
        (
            row.id,
            {
                "question_id": row.question_id,
                "reply": row.reply,
                "language": "en" if row.language == "en" else "ko",
                "tone": writer.TONES[place % len(writer.TONES)],
            },
        )
        for place, row in enumerate(chosen)
    ]

    def task(case: dict[str, Any]) -> Record:
        key = book.key(case["question_id"])
        grading = bench.grader.grade(key, [Said("candidate", case["reply"])], language=case["language"])
        if grading.judgement is None:
            return outcome_of(grading)
        text = writer.critique(grading.judgement, key, case["language"], case["tone"])
        strange = findings(text, case["reply"], key, grading.judgement, case["language"])
        faults = faults_of_form(text, case["language"])
        return {
            "status": "graded",
            "error": None,
            "score": grading.judgement.score,
            "critique": text,
            "values": {"grounded": float(not strange), "form": float(not faults)},
            **({"failed": True, "why": "; ".join(strange + faults)} if strange or faults else {}),
        }

    records = options.work.run("critique", options.variant, cases, task, options.progress)
    bench.close()
    given = dict(cases)
    outcome.cases = [*bad, *({**given[record["id"]], **record} for record in records)]
    outcome.count(outcome.cases)
    outcome.spend(records)
    done = [case for case in outcome.cases if case["status"] == "graded"]
    for name in ("grounded", "form"):
        outcome.add(name, share(sum(case["values"][name] == 1 for case in done), len(done)))
    lengths = [len(case["critique"].split("\n\n")) for case in done]
    outcome.add("lines", Estimate(sum(lengths) / len(lengths) if lengths else None, n=len(lengths)))
    return outcome
