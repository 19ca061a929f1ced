"""Draft rubrics: what a model writes is written down only if it is a rubric, and nothing is graded by a draft."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from typer.testing import CliRunner

import interviewer.models
from interviewer.grader import Grader, Said
from interviewer.models import Model, open_model
from knowledge.__main__ import app
from knowledge.document import QuestionBank, parse
from knowledge.drafting import Drafter, DraftRefused, Message, plain_draft
from knowledge.library import Library
from knowledge.rubric import load_topic
from prompts.loader import load

NOTES = """\
# 드롭아웃은 왜 쓰나요?
- 학습할 때 뉴런을 무작위로 꺼서 과적합을 줄인다.
- 여러 부분 네트워크를 앙상블하는 효과가 있다.

## 추론할 때는 어떻게 하나요?
- 모든 뉴런을 쓰고 출력의 크기를 맞춘다.
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.md"
    path.write_text(NOTES, encoding="utf-8")
    return path


@pytest.fixture
def bank(notes: Path, home: Path) -> QuestionBank:
    done = CliRunner().invoke(app, ["import", str(notes)])
    assert done.exit_code == 0, done.stderr
    return Library(home).open("notes").bank


def written_by_a_model(bank: QuestionBank) -> dict[str, Any]:
    """A valid draft as the JSON object that a model is asked for."""
    data: dict[str, Any] = plain_draft(bank, "1").model_dump(mode="json", exclude_defaults=True)
    data["topic"] = {"ko": "드롭아웃", "en": "Dropout"}
    return data


class Scripted:
    """A chat model's side of the talk: gives its answers in turn, and keeps what it was sent."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.sent = list(answers), list[Sequence[Message]]()

    def __call__(self, messages: Sequence[Message]) -> str:
        self.sent.append(messages)
        return self.answers.pop(0)


def test_the_plain_draft_is_marked_valid_and_finds_the_documents_own_words(notes: Path, home: Path) -> None:
    done = CliRunner().invoke(app, ["import", str(notes), "--draft", "--model", "offline"])
    assert done.exit_code == 0, done.stderr
    folder = home / "documents" / "notes"
    path = folder / "drafts" / "01.yaml"
    assert path.read_text(encoding="utf-8").startswith("# A draft, graded by nobody.")
    topic = load_topic(path)
    assert [one.id for one in topic.questions] == ["1", "1.1"]
    assert topic.questions[0].points[0].source == (3,)
    assert Library(home).open("notes").rubric("1") is None
    (folder / "rubrics").mkdir()
    path.rename(folder / "rubrics" / "01.yaml")
    library = Library(home)
    key = library.open("notes").key("1")
    assert key.reviewed
    grader = Grader([open_model("offline", library)], load("judge"))
    replies = {
        "학습할 때 뉴런을 무작위로 꺼서 과적합을 막습니다. 부분 네트워크를 앙상블하는 효과도 있어요.": 1.0,
        "학습할 때 뉴런을 많이 씁니다.": 0.5,
        "잘 모르겠습니다.": 0.0,
    }
    scores = {}
    for reply in replies:
        judgement = grader.grade(key, [Said("candidate", reply)]).judgement
        assert judgement is not None
        scores[reply] = judgement.score
    assert scores == pytest.approx(replies, abs=0.01)


def test_what_is_left_to_review_is_named_by_check(notes: Path, home: Path) -> None:
    CliRunner().invoke(app, ["import", str(notes), "--draft", "--model", "offline"])
    drafts = home / "documents" / "notes" / "drafts"
    done = CliRunner().invoke(app, ["check", "--document", "notes", "--folder", str(drafts)])
    assert done.exit_code == 1
    assert {line.rsplit(": ", 1)[1].split(" is ")[1] for line in done.stderr.splitlines()} == {"Korean"}


def test_a_valid_draft_is_taken_alone_fenced_or_among_words(bank: QuestionBank) -> None:
    text = json.dumps(written_by_a_model(bank), ensure_ascii=False)
    for answer in (text, f"```json\n{text}\n```", f"여기 있습니다.\n{text}\n감사합니다."):
        model = Scripted(answer)
        topic = Drafter(model, "instructions")(bank, "1")
        assert topic.topic.en == "Dropout"
        assert len(model.sent) == 1
        system, human = model.sent[0]
        assert system == ("system", "instructions")
        assert json.loads(human[1])["questions"][1]["answers"] == [
            {"line": 8, "text": "모든 뉴런을 쓰고 출력의 크기를 맞춘다."}
        ]


def cite(line: int) -> Callable[[dict[str, Any]], object]:
    return lambda data: data["questions"][0]["points"][0].update(source=[line])


INVALID: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("unknown-key", lambda data: data["questions"][0].update(score=1), "questions.0.score"),
    ("no-hints", lambda data: data["questions"][0].pop("hints"), "questions.0.hints"),
    ("weight", lambda data: data["questions"][0]["points"][0].update(weight=40), "questions.0.points.0.weight"),
    ("line-nowhere", cite(999), "1: line 999 is not of this question"),
    ("line-elsewhere", cite(8), "1: line 8 is not of this question"),
    ("unknown-concept", lambda data: data["questions"][0].update(concepts={}), "questions.0"),
    ("a-question-missing", lambda data: data["questions"].pop(), "the rubrics are of 1, but must be of 1, 1.1"),
    ("another-question", lambda data: data["questions"][1].update(id="7"), "the rubrics are of 1, 7"),
]


@pytest.mark.parametrize(("spoil", "says"), [case[1:] for case in INVALID], ids=[case[0] for case in INVALID])
def test_a_draft_that_is_no_rubric_is_mended_once_then_refused(
    bank: QuestionBank, spoil: Callable[[dict[str, Any]], object], says: str
) -> None:
    data = written_by_a_model(bank)
    good = json.dumps(data)
    spoil(data)
    bad = json.dumps(data)
    mended = Scripted(bad, good)
    assert Drafter(mended, "")(bank, "1").topic.en == "Dropout"
    assert says in mended.sent[1][-1][1]
    with pytest.raises(DraftRefused, match=says.replace(".", r"\.")) as caught:
        Drafter(Scripted(bad, bad), "")(bank, "1")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", ["", "모르겠습니다.", "[]", "{", "{" * 5000, "null", '{"topic": 1}', "x" * 400_001])
def test_an_answer_that_is_no_object_is_refused(bank: QuestionBank, answer: str) -> None:
    with pytest.raises(DraftRefused):
        Drafter(Scripted(answer, answer), "")(bank, "1")


def test_a_question_without_an_answer_has_no_plain_draft() -> None:
    with pytest.raises(DraftRefused, match="no answer to draft from"):
        plain_draft(parse("1. 왜?\nA.\n"), "1")


def import_with(monkeypatch: pytest.MonkeyPatch, notes: Path, *answers: str) -> Any:
    """``import --draft`` with a chat model that gives these answers."""

    def opened(model_id: str, library: Library) -> Model:
        return Model(model_id, FakeListChatModel(responses=list(answers)))

    monkeypatch.setattr(interviewer.models, "open_model", opened)
    return CliRunner().invoke(app, ["import", str(notes), "--draft", "--model", "openai:some"])


def test_a_models_draft_is_written_for_review(
    monkeypatch: pytest.MonkeyPatch, notes: Path, bank: QuestionBank, home: Path
) -> None:
    done = import_with(monkeypatch, notes, json.dumps(written_by_a_model(bank)))
    assert done.exit_code == 0, done.stderr
    path = home / "documents" / "notes" / "drafts" / "01.yaml"
    assert path.read_text(encoding="utf-8").startswith("# A draft, graded by nobody.")
    assert load_topic(path).topic.en == "Dropout"
    assert not (path.parent.parent / "rubrics").exists()
    assert "(0 refused)" in done.stdout


def test_of_an_invalid_draft_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, notes: Path, bank: QuestionBank, home: Path
) -> None:
    data = written_by_a_model(bank)
    cite(999)(data)
    done = import_with(monkeypatch, notes, json.dumps(data))
    refused = [line for line in done.stderr.splitlines() if "no draft" in line]
    assert refused == ["question 1: no draft, 1: line 999 is not of this question (1–4)"]
    assert not (home / "documents" / "notes" / "drafts").exists()
    assert "(1 refused)" in done.stdout


class Unreachable(FakeListChatModel):
    """A model whose provider can't be reached."""

    def _call(self, *args: Any, **kwargs: Any) -> str:
        raise ConnectionError("secret details\nof the provider")


def test_a_provider_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch, notes: Path, home: Path) -> None:
    monkeypatch.setattr(interviewer.models, "open_model", lambda name, _: Model(name, Unreachable(responses=["x"])))
    done = CliRunner().invoke(app, ["import", str(notes), "--draft", "--model", "openai:some"])
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "the server can't be reached" in line
    assert "secret" not in done.stderr
    assert Library(home).names[1:] == ["notes"]
