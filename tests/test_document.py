"""Reading a Q&A document: the one that comes with the project, the same form from any file, and what can't be read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.document import DEFAULT_DOCUMENT, MAX_BYTES, Answer, Question, QuestionBank, load, parse, render
from knowledge.errors import DocumentError

BANK = load(DEFAULT_DOCUMENT)
SMALL = "1. 왜?\nA.\n    1. 그래서.\n    이어서.\n\n+ How?\nA.\n    1. So.\n    2. And `x = 1`.\n\n2. 끝?\nA.\n"

rest = st.text(alphabet=st.sampled_from("가나다 abcXYZ0123?!,.()`=*"), max_size=30)
lines = st.tuples(st.sampled_from("가나xyz"), rest).map(lambda pair: " ".join("".join(pair).split()))


@st.composite
def banks(draw: st.DrawFn) -> QuestionBank:
    """Banks that a document can hold: main questions with rising numbers, follow-ups, answers of one or more lines."""
    questions = []
    number = 0
    for _ in range(draw(st.integers(1, 4))):
        number += draw(st.integers(1, 3))
        ids = [str(number)] + [f"{number}.{k}" for k in range(1, draw(st.integers(1, 4)))]
        for question_id in ids:
            answers = draw(st.lists(st.lists(lines, min_size=1, max_size=3).map("\n".join), max_size=3))
            questions.append(Question(question_id, draw(lines), tuple(Answer(a, (0, 0)) for a in answers)))
    return QuestionBank("document", tuple(questions))


def test_the_document_is_kept_byte_for_byte() -> None:
    digest = hashlib.sha256(DEFAULT_DOCUMENT.read_bytes()).hexdigest()
    assert digest == BANK.sha256
    assert len(DEFAULT_DOCUMENT.read_bytes()) == 12129


def test_the_document_has_its_64_questions() -> None:
    assert [question.id for question in BANK.mains] == [str(n) for n in range(1, 17)]
    assert len(BANK) == 64
    assert sum(len(question.answers) for question in BANK) == 98
    assert BANK.language == "ko"


@pytest.mark.parametrize(
    ("question_id", "text", "spans"),
    [
        ("1", "요즘 Sigmoid 보다 ReLU를 많이 쓰는데 그 이유는?", [(3, 3), (4, 4), (5, 5), (6, 6), (7, 8)]),
        ("1.2", "ReLU로 어떻게 곡선 함수를 근사하나?", [(16, 17)]),
        ("2.2", "그 그래프에서 가로축과 세로축 각각은 무엇인가?", [(39, 39)]),
        ("6.5", "VAE는 무엇인가?", [(155, 155)]),
        ("7", "Training 세트와 Test 세트를 분리하는 이유는?", []),
        ("11", "간단한 MNIST 분류기를 TF나 Keras 등으로 작성하는데 몇시간이 필요한가?", []),
        ("16", "AutoML이 뭐하는 걸까?", [(292, 292), (293, 293)]),
    ],
)
def test_questions_answers_and_lines(question_id: str, text: str, spans: list[tuple[int, int]]) -> None:
    question = BANK[question_id]
    assert question.text == text
    assert [answer.lines for answer in question.answers] == spans


def test_code_and_continuation_lines_stay() -> None:
    assert "```trainable=False```" in BANK["8.2"].answers[0].text
    first, second = BANK["1.2"].answers[0].text.split("\n")
    assert first.startswith("target 이 convex")
    assert second == "그 부분을 ReLU 에 approximate 한다."


@pytest.mark.parametrize(
    "text",
    [
        SMALL,
        "\ufeff" + SMALL,
        SMALL.replace("\n", "\r\n"),
        SMALL.replace("\n", "\r"),
        SMALL.replace("왜?", "왜? <br>").replace("How?", "How?<BR/>  "),
        "# 왜?\n- 그래서.\n  이어서.\n\n## How?\n1. So.\n2. And `x = 1`.\n\n# 끝?\n",
        "# Title\n\n## 1. 왜?\nA.\n- 그래서.\n이어서.\n### How?\n- So.\n- And `x = 1`.\n## 2. 끝?\n",
    ],
)
def test_one_bank_from_every_way_of_writing_it(text: str) -> None:
    assert parse(text) == parse(SMALL)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", None, "no question"),
        ("   \n\n", None, "no question"),
        ("hello\n1. q\n", 1, "before the first question"),
        ("+ a follow-up\n", 1, "before any main question"),
        ("1. q\nA.\n    1. a\n\n3. r\n\n2. s\n", 7, "question 2 follows question 3"),
        ("1. q\n\n2. \nA.\n", 3, "empty"),
        ("## \nx\n", 1, "empty"),
        ("1. q\x00\n", 1, "binary"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int | None, says: str) -> None:
    with pytest.raises(DocumentError, match=says) as caught:
        parse(text, path="notes.txt")
    assert caught.value.line == line
    assert str(caught.value).startswith("notes.txt" if line is None else f"notes.txt:{line}:")
    assert "\n" not in str(caught.value)
    assert caught.value.mend


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin, huge = tmp_path / "latin.txt", tmp_path / "huge.txt"
    latin.write_bytes("1. 왜?\n".encode() + b"\xff\xfe\n")
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for path, says in (
        (tmp_path / "none.txt", "no such file"),
        (tmp_path, "can't be read"),
        (latin, "latin.txt:2: the text is not UTF-8"),
        (huge, "over 20 MB"),
    ):
        with pytest.raises(DocumentError, match=says):
            load(path)


@given(banks())
def test_what_is_rendered_reads_the_same(bank: QuestionBank) -> None:
    assert parse(render(bank)) == bank


@settings(max_examples=300)
@given(st.text() | st.text(alphabet=st.sampled_from("123.+A#-* \n\t`<br>가?"), max_size=200))
def test_no_text_crashes_it(text: str) -> None:
    try:
        bank = parse(text)
    except DocumentError as error:
        said = str(error)
    else:
        said = ""
        assert len(bank)
        again = parse(render(bank))
        assert again.questions == parse(render(again)).questions
    assert "\n" not in said
