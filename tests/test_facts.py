"""The numbers in the answer key are right: each is computed here and looked up where the key states it."""

from __future__ import annotations

import math

import pytest

from knowledge.check import expected
from knowledge.library import Library
from knowledge.rubric import NumberCheck, load_rubrics

RUBRICS = load_rubrics()


def sigmoid_slope(x: float) -> float:
    s = 1 / (1 + math.exp(-x))
    return s * (1 - s)


def erratum(question_id: str, line: int) -> str:
    found = next(e for e in RUBRICS[question_id].errata if e.line == line)
    return " ".join((found.correct.ko, found.correct.en, found.why.ko, found.why.en))


@pytest.mark.parametrize(
    ("text", "stated", "value"),
    [
        (RUBRICS["1"].model_answer.en, "0.25", f"{sigmoid_slope(0):.2f}"),
        (erratum("1", 4), "0.0066", f"{sigmoid_slope(5):.4f}"),
        (erratum("1", 4), "0.018", f"{sigmoid_slope(4):.3f}"),
        (RUBRICS["4.2"].model_answer.en, "18,432", f"{3 * 3 * 32 * 64:,}"),
        (RUBRICS["4.2"].model_answer.en, "18,496", f"{3 * 3 * 32 * 64 + 64:,}"),
        (RUBRICS["4.2"].model_answer.ko, "18,496", f"{(3 * 3 * 32 + 1) * 64:,}"),
        (erratum("4.1", 81), "1,792", f"{3 * 3 * 3 * 64 + 64:,}"),
        (erratum("4.1", 81), "200 million", f"{round(32 * 32 * 3 * 32 * 32 * 64 / 1e6, -2):.0f} million"),
        (erratum("4.1", 82), "4,608", f"{3 * 3 * 512:,}"),
        (RUBRICS["11.4"].model_answer.en, "11,172", f"{19 * 21 * 28:,}"),
        (RUBRICS["12.1"].model_answer.en, "1/2", "1/2" if math.isclose(1 / (1 + 1), 0.5) else ""),
        (RUBRICS["13.3"].model_answer.en, "16 bytes", f"{4 * (1 + 1 + 2)} bytes"),
    ],
)
def test_a_number_in_the_key_is_the_computed_one(text: str, stated: str, value: str) -> None:
    assert stated in text
    assert value == stated


@pytest.mark.parametrize(
    "question_id", [q for q, r in RUBRICS.items() if any(isinstance(c, NumberCheck) for c in r.checks)]
)
def test_every_task_has_one_value_for_each_answer(question_id: str) -> None:
    for check in RUBRICS[question_id].checks:
        if isinstance(check, NumberCheck):
            values = expected(check, check.parameters)
            assert all(value >= 0 for value, _ in values)
            hits = {value for value, answer in values if answer.verdict == "hit"}
            wrong = {value for value, answer in values if answer.verdict == "contradicted"}
            assert not hits & wrong


def test_every_erratum_names_a_source_and_says_both_languages() -> None:
    errata = [erratum for rubric in RUBRICS.values() for erratum in rubric.errata]
    assert len(errata) >= 25
    for one in errata:
        assert any(char.isdigit() for char in one.source) or "documentation" in one.source.lower()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_model_answers_earn_what_they_promise(language: str) -> None:
    """A model answer is graded like any reply: nearly all must be full marks offline."""
    from interviewer.grader import Grader, Said
    from interviewer.models import open_model
    from prompts.loader import load

    library = Library()
    book = library.open()
    grader = Grader([open_model("offline", library)], load("judge"))
    scores = {}
    for question in book.bank:
        key = book.key(question.id)
        assert key.model_answer is not None
        judgement = grader.grade(key, [Said("candidate", key.model_answer[language])]).judgement
        assert judgement is not None
        scores[question.id] = judgement.score
    low = {question_id: score for question_id, score in scores.items() if score < 0.75}
    assert len(low) <= 3, low
