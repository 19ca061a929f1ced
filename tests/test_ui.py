"""What the page's handlers show, keep and refuse, without a browser."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from interviewer.errors import StoreError
from interviewer.report import safe_html
from interviewer.service import Interviewer
from interviewer.store import Store, TurnRow
from tests.browser import free_port
from tests.factories import offline_interviewer
from ui.__main__ import main
from ui.chat import text_html
from ui.figures import figure
from ui.handlers import Handlers, Page, owner_of
from ui.texts import texts

OWNER, STRANGER = "a" * 43, "b" * 43
ANSWER = "sigmoid는 입력이 조금만 커져도 포화돼서 기울기가 0에 가까워집니다."
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</div></div><h1>제목</h1>",
    "[눌러](javascript:alert(1)) ![그림](http://example.com/a.png) <http://example.com>",
    "$$x^2$$ \\(y\\) %%%LATEX_BLOCK_0%%%",
    "첫 줄\n\n# 제목\n\n```mermaid\ngraph TD\n```\r\r| a | b |\u2028끝",
    "&lt;b&gt; &amp; `code` **bold** 3*3*32*64",
]


@pytest.fixture(scope="module")
def interviewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interviewer]:
    made = offline_interviewer(tmp_path_factory.mktemp("shared") / "home")
    yield made
    made.close()


@pytest.fixture
def handlers(interviewer: Interviewer) -> Handlers:
    return Handlers(interviewer)


def last(pages: Iterator[Page]) -> Page:
    return list(pages)[-1]


def begin(handlers: Handlers, owner: str = OWNER, **options: Any) -> Page:
    chosen = {"language": "ko", "topics": ["1"], "follow_ups": True, "probes": False, "tone": "plain", **options}
    return last(handlers.start(owner, document=None, **chosen))


def say(handlers: Handlers, page: Page, text: str, owner: str = OWNER) -> Page:
    return last(handlers.reply(owner, page.interview_id, page.n, text))


class Shown(HTMLParser):
    """The tags of some HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(page: Page) -> str:
    return Shown("".join(message["content"] for message in page.messages)).text


def test_an_interview_begins_with_its_first_question(handlers: Handlers) -> None:
    page = begin(handlers)
    assert (page.screen, page.n, len(page.messages)) == ("interview", 1, 1)
    assert "요즘 Sigmoid 보다 ReLU를 많이 쓰는데 그 이유는?" in shown(page)
    assert "질문 1 / 5" in page.progress


def test_english_asks_in_english_and_without_follow_ups_only_main_questions(handlers: Handlers) -> None:
    page = begin(handlers, language="en", topics=["1", "2"], follow_ups=False)
    assert page.language == "en"
    assert "Question 1 of 2" in page.progress


def test_no_topic_is_refused_in_words(handlers: Handlers) -> None:
    page = begin(handlers, topics=[])
    assert (page.screen, page.notice) == ("same", texts("ko").nothing_chosen)


def test_a_reply_shows_at_once_then_verdicts_then_critique_and_the_next_question(handlers: Handlers) -> None:
    first = begin(handlers)
    pages = list(handlers.reply(OWNER, first.interview_id, 1, ANSWER))

    assert pages[0].clear
    assert ANSWER in shown(pages[0])
    assert texts("ko").judging in shown(pages[0])
    assert [page.clear for page in pages[1:]] == [False] * (len(pages) - 1)
    assert any("포화되어 기울기가 0에 가까워지므로" in shown(page) for page in pages[1:-1])
    final = pages[-1]
    assert final.n == 2
    assert "맞게 말한 부분" in shown(final)
    assert "항목별 근거" in shown(final)
    assert "문서 행" in shown(final)
    assert "질문 2" in shown(final)
    assert texts("ko").judging not in shown(final)


def test_buttons_send_commands_and_leave_the_reply_box_alone(handlers: Handlers) -> None:
    page = begin(handlers)
    for name, expected in (
        ("hint", "힌트 1/3"),
        ("repeat", "다시 물음"),
        ("skip", "질문 2"),
        ("back", "이전 질문으로 돌아갈게요."),
        ("reveal", "모범 답안"),
    ):
        pages = list(handlers.command(name, OWNER, page.interview_id, page.n))
        page = pages[-1]
        assert expected in shown(page)
        assert not any(one.clear for one in pages)
    page = last(handlers.command("stop", OWNER, page.interview_id, page.n))
    assert page.screen == "end"


def test_the_end_has_the_score_and_three_files(handlers: Handlers) -> None:
    page = say(handlers, begin(handlers, follow_ups=False), ANSWER)
    assert page.screen == "end"
    result = Shown(page.summary).text
    assert "채점 1 / 1" in result
    assert "1. 활성화 함수" in result
    assert page.files
    markdown, html, data = (Path(file) for file in page.files)
    assert (markdown.suffix, html.suffix, data.suffix) == (".md", ".html", ".json")
    assert ANSWER in markdown.read_text(encoding="utf-8")
    assert ANSWER in html.read_text(encoding="utf-8")
    assert json.loads(data.read_text(encoding="utf-8"))["turns"][0]["reply"] == ANSWER


def test_a_question_shows_its_context_and_figure(handlers: Handlers) -> None:
    page = begin(handlers, topics=["2"])
    for _ in range(2):
        page = last(handlers.command("skip", OWNER, page.interview_id, page.n))
    assert "그릇 모양의 곡선" in shown(page)
    assert "<svg" in page.messages[-1]["content"]


def test_whoever_comes_back_finds_the_last_unfinished_interview(handlers: Handlers) -> None:
    owner = "c" * 43
    finished = say(handlers, begin(handlers, owner, follow_ups=False), "모르겠습니다", owner)
    open_one = say(handlers, begin(handlers, owner), "모르겠습니다", owner)

    again = last(handlers.opened(owner, "ko"))
    assert (again.screen, again.interview_id, again.n) == ("interview", open_one.interview_id, 2)
    assert again.messages == open_one.messages

    home = last(handlers.home(owner, "ko"))
    assert [interview_id for _, interview_id in home.earlier] == [open_one.interview_id, finished.interview_id]
    assert "완료 · 0%" in home.earlier[1][0]
    assert "2 / 5 진행 중" in home.earlier[0][0]
    read = last(handlers.open(owner, finished.interview_id, "ko"))
    assert read.screen == "end"


def test_a_reply_that_was_never_judged_is_judged_when_its_owner_comes_back(
    handlers: Handlers, interviewer: Interviewer
) -> None:
    owner = "d" * 43
    page = begin(handlers, owner)
    asked = interviewer.view(page.interview_id or "", owner).current
    assert asked
    interviewer.store.add_turn(page.interview_id or "", TurnRow(1, asked.question_id, asked.text, ANSWER))

    pages = list(handlers.opened(owner, "ko"))
    assert texts("ko").judging in shown(pages[0])
    assert "맞게 말한 부분" in shown(pages[-1])
    assert pages[-1].n == 2


@pytest.mark.parametrize("owner", [STRANGER, "", None, "local", 7, {"a": 1}, "x" * 65, "a" * 42 + "%"])
def test_nobody_else_gets_anything(handlers: Handlers, owner: Any) -> None:
    mine = say(handlers, begin(handlers), "제 비밀 답변입니다")
    tries = [
        handlers.open(owner, mine.interview_id, "ko"),
        handlers.open(owner, (mine.interview_id or "")[:8], "ko"),
        handlers.reply(owner, mine.interview_id, mine.n, "남의 답"),
        handlers.reply(owner, None, mine.n, "남의 답"),
        handlers.command("reveal", owner, mine.interview_id, mine.n),
        handlers.opened(owner, "ko"),
        handlers.home(owner, "ko"),
    ]
    for pages in tries:
        for page in pages:
            assert not page.messages
            assert not page.earlier
            assert not page.interview_id
    assert last(handlers.open(OWNER, mine.interview_id, "ko")).messages == mine.messages


@pytest.mark.parametrize("interview_id", [None, "", "no-such-interview", "x" * 36, 7, ["a"], {"a": 1}])
def test_an_interview_that_is_none_is_not_found(handlers: Handlers, interview_id: Any) -> None:
    page = last(handlers.open(OWNER, interview_id, "ko"))
    assert (page.screen, page.notice) == ("same", texts("ko").not_found)


def test_a_browser_keeps_its_token_and_anything_else_gets_a_new_one() -> None:
    assert owner_of(OWNER) == OWNER
    made = {owner_of(bad) for bad in (None, "", "local", 7, "x" * 100)}
    assert len(made) == 5
    assert all(owner_of(token) == token for token in made)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_candidate_types_is_shown_as_typed_and_is_never_markup(text: str) -> None:
    html = text_html(text)
    assert set(Shown(html).tags) <= {"br"}
    assert Shown(html).text == "\n".join(text.splitlines())
    assert len(html.splitlines()) == 1
    assert "%%%" not in html
    critique = safe_html(f"**맞게 말한 부분** — “{' '.join(text.split())}”: 주장")
    assert set(Shown(critique).tags) <= {"p", "strong", "br"}
    assert " ".join(text.split()) in Shown(critique).text


def test_hostile_replies_are_one_line_of_html_in_the_conversation(handlers: Handlers) -> None:
    page = begin(handlers, follow_ups=False, topics=["1", "2"])
    page = say(handlers, page, "\n\n".join(HOSTILE))
    for message in page.messages:
        assert len(message["content"].splitlines()) == 1
        assert not {"script", "img", "a", "h1"} & set(Shown(message["content"]).tags)


def test_an_empty_or_over_long_reply_is_not_sent_and_stays(handlers: Handlers, interviewer: Interviewer) -> None:
    page = begin(handlers)
    limit = interviewer.settings.max_reply
    for text, word in ((" \n", texts("ko").blank), ("가" * (limit + 1), "한도 8,000자")):
        refused = say(handlers, page, text)
        assert not refused.clear
        assert word in refused.notice
        assert refused.n == 1
    assert not interviewer.view(page.interview_id or "", OWNER).turns


def test_a_tab_that_is_behind_is_refused_and_gets_the_true_state(handlers: Handlers) -> None:
    page = begin(handlers)
    now = say(handlers, page, "모르겠습니다")
    for n in (page.n, 0, -1, 99, None):
        late = say(handlers, replace(page, n=n), "늦은 답변")
        assert late.notice == texts("ko").stale
        assert not late.clear
        assert late.messages == now.messages


def test_a_session_that_the_server_has_forgotten_finds_its_interview_and_keeps_the_text(handlers: Handlers) -> None:
    owner = "e" * 43
    page = begin(handlers, owner)
    found = last(handlers.reply(owner, None, page.n, "쓰던 글"))
    assert (found.interview_id, found.notice) == (page.interview_id, texts("ko").reconnected)
    assert not found.clear


def test_a_database_that_fails_is_told_and_the_text_stays(
    handlers: Handlers, interviewer: Interviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = begin(handlers)

    def broken(*_: Any) -> None:
        raise StoreError("the database is full")

    monkeypatch.setattr(Store, "add_turn", broken)
    told = list(handlers.reply(OWNER, page.interview_id, 1, "저장되지 않을 답변"))
    assert not any(one.clear for one in told)
    assert "the database is full" in told[-1].notice
    monkeypatch.setattr(Store, "interview", broken)
    told = list(handlers.reply(OWNER, page.interview_id, 1, "저장되지 않을 답변"))
    assert [(one.screen, one.clear) for one in told] == [("same", False)]


def test_a_fault_after_the_reply_was_saved_is_told_and_the_reply_is_shown(
    handlers: Handlers, interviewer: Interviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = "f" * 43
    page = begin(handlers, owner)

    def broken(*_: Any) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "add_result", broken)
        told = last(handlers.reply(owner, page.interview_id, 1, ANSWER))
    assert "RuntimeError" in told.notice
    assert ANSWER in shown(told)
    assert "맞게 말한 부분" in shown(last(handlers.opened(owner, "ko")))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_figures_are_drawn_and_do_not_answer_their_question(language: Any) -> None:
    assert figure("unknown", language) == ""
    network = Shown(figure("word2vec-matrices", language)).text
    assert "V × N" in network
    curve = Shown(figure("loss-curve", language))
    assert "text" not in curve.tags
    for answer in ("loss", "손실", "weight", "가중치", "parameter", "파라미터", "cost"):
        assert answer not in curve.text.lower()


def test_both_languages_have_every_text_and_the_same_blanks() -> None:
    blanks = "{n} {total} {model} {error} {length:,} {limit:,} {graded} {questions} {skipped} {not_graded}".split()
    korean, english = vars(texts("ko")), vars(texts("en"))
    for name, text in korean.items():
        assert text
        assert english[name]
        if isinstance(text, str):
            assert [b for b in blanks if b in text] == [b for b in blanks if b in english[name]], name


def test_a_port_in_use_is_one_line_and_exit_1() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = _run("--port", str(port))
    assert ended.returncode == 1
    assert (
        ended.stderr
        == f"error: port {port} can't be used (Address already in use); choose another with --port or PORT\n"
    )


@pytest.mark.parametrize(("arguments", "said"), [(["--port", "0"], "no port"), (["--port", "http"], "no port")])
def test_a_wrong_port_is_a_usage_error(arguments: list[str], said: str) -> None:
    ended = _run(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr


def test_help_loads_no_gradio() -> None:
    code = "import sys, ui.__main__ as m\ntry:\n    m.main(['--help'])\nfinally:\n    print('gradio' in sys.modules)"
    helped = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "--port" in helped.stdout
    assert helped.stdout.rstrip().endswith("False")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("INTERVIEWER_MODEL", "nonsense", "the model 'nonsense' can't be used"),
        ("INTERVIEWER_MAX_REPLY", "many", "INTERVIEWER_MAX_REPLY is 'many'"),
        ("INTERVIEWER_HOME", "/dev/null/x", "the data folder /dev/null/x can't be used"),
    ],
)
def test_what_can_not_work_is_said_before_anyone_comes(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["--port", str(free_port())]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: {said}")
    assert told.count("\n") == 1


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ui", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
