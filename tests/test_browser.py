"""The page in a real Chromium: three questions, a reload, a second tab, the end and its downloads."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import CHROMIUM_FLAGS, Server, chromium, serving

REPLIES = [
    "sigmoid는 입력이 조금만 커져도 포화돼서 기울기가 0에 가까워집니다.",
    "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'> ![그림](http://example.com/a.png)\n\n# $$x^2$$",
    "모르겠습니다",
]
SECRET = "제 비밀 답변입니다"
WAIT = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, which Ctrl-C has to end at the end even with a page open."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running
        page = browser.new_page()
        page.goto(running.url)
        assert running.interrupt() == (130, "")
        page.close()


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A candidate's browser. What it asks of other machines and what fails in its scripts is an error."""
    made = browser.new_context(locale="ko-KR", base_url=server.url)
    made.set_default_timeout(WAIT)
    wrong: list[str] = []
    made.on("request", lambda request: _away(request.url, server.url) and wrong.append(request.url))
    made.on("weberror", lambda error: wrong.append(str(error.error)))
    yield made
    made.close()
    assert not wrong


def _away(url: str, home: str) -> bool:
    return not url.startswith((home, "data:", "blob:"))


def start(page: Page, topic: str = "1. ") -> None:
    """An interview about one topic, without probes."""
    page.goto("/")
    page.get_by_role("button", name="모두 해제").click()
    expect(page.locator("#topics input:checked")).to_have_count(0)
    page.locator("#topics label").filter(has_text=topic).first.click()
    page.get_by_label("빠진 핵심을 한 번 더 묻기").uncheck()
    page.get_by_role("button", name="면접 시작").click()
    expect(page.locator("#chat .question")).to_have_count(1, timeout=WAIT)


def say(page: Page, text: str, results: int) -> None:
    """Send a reply with Enter and wait for its critique."""
    box = page.get_by_role("textbox", name="답변")
    box.fill(text)
    box.press("Enter")
    expect(page.locator("#chat .result")).to_have_count(results, timeout=WAIT)


def test_three_questions_a_reload_and_the_report(context: BrowserContext) -> None:
    page = context.new_page()
    start(page)
    for n, text in enumerate(REPLIES, 1):
        say(page, text, n)
        expect(page.locator("#chat .question")).to_have_count(n + 1)
        expect(page.get_by_role("textbox", name="답변")).to_have_value("")
    before = page.locator("#chat").inner_text()

    page.reload()
    expect(page.locator("#chat .question")).to_have_count(4, timeout=WAIT)
    assert page.locator("#chat").inner_text() == before
    expect(page.locator("#progress")).to_contain_text("질문 4 / 5")
    assert page.locator("#chat .said").all_inner_texts() == REPLIES
    assert page.locator("#chat :is(script, img, a, h1, .katex)").count() == 0
    assert page.evaluate("window.ran") is None

    page.locator("#chat details.evidence").first.get_by_text("항목별 근거").click()
    expect(page.locator("#chat details.evidence table").first).to_contain_text("sigmoid는 입력이 조금만")

    page.get_by_role("button", name="끝내기", exact=True).click()
    page.get_by_role("button", name="면접 끝내기").click()
    expect(page.locator(".summary")).to_contain_text("채점 3 / 5", timeout=WAIT)
    for name, ending in (("Markdown", ".md"), ("HTML", ".html"), ("JSON", ".json")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.click()
        assert download.value.suggested_filename.endswith(ending)
        text = Path(download.value.path()).read_text(encoding="utf-8")
        assert REPLIES[0] in text
        if ending == ".json":
            assert [turn["reply"] for turn in json.loads(text)["turns"][:3]] == REPLIES


def test_a_tab_that_is_behind_is_refused_and_refreshed(context: BrowserContext) -> None:
    first = context.new_page()
    start(first)
    second = context.new_page()
    second.goto("/")
    expect(second.locator("#chat .question")).to_have_count(1, timeout=WAIT)

    say(first, "모르겠습니다", 1)
    box = second.get_by_role("textbox", name="답변")
    box.fill("두 번째 탭의 답변")
    second.get_by_role("button", name="보내기").click()

    expect(second.locator("#notice")).to_contain_text("다른 창에서 이미 답했습니다")
    expect(box).to_have_value("두 번째 탭의 답변")
    expect(second.locator("#chat .question")).to_have_count(2)
    expect(second.locator("#chat .said")).to_have_count(1)
    box.press("Enter")
    expect(second.locator("#chat .said")).to_have_count(2)


def test_enter_that_ends_a_korean_syllable_does_not_send(context: BrowserContext) -> None:
    page = context.new_page()
    start(page)
    box = page.get_by_role("textbox", name="답변")
    box.fill("활성화 ")
    devtools = context.new_cdp_session(page)
    devtools.send("Input.imeSetComposition", {"text": "함", "selectionStart": 1, "selectionEnd": 1})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    devtools.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": "\r", **enter})
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    page.get_by_role("button", name="힌트").click()

    expect(page.locator("#chat .result.hint")).to_have_count(1)
    expect(page.locator("#chat .said:not(.command)")).to_have_count(0)
    expect(box).to_have_value(re.compile("^활성화 함"))


def test_english_and_an_earlier_interview(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/")
    page.get_by_label("English").check()
    expect(page.get_by_role("heading", name="Deep learning mock interview")).to_be_visible()
    page.get_by_role("button", name="Start the interview").click()
    expect(page.locator("#chat .question")).to_contain_text("Question 1")
    page.get_by_role("button", name="Start page").click()
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#progress")).to_contain_text("Question 1 of 64")


def test_nobody_else_gets_an_interview(context: BrowserContext, browser: Browser, server: Server) -> None:
    page = context.new_page()
    start(page)
    say(page, SECRET, 1)
    with closing(sqlite3.connect(server.home / "interviews.sqlite3")) as database:
        query = "SELECT interviews.id, owner FROM interviews JOIN turns ON interview_id = interviews.id WHERE reply = ?"
        interview_id, owner = database.execute(query, (SECRET,)).fetchone()

    stranger = browser.new_page(locale="ko-KR")
    stranger.goto(server.url)
    expect(stranger.get_by_role("button", name="면접 시작")).to_be_visible(timeout=WAIT)
    expect(stranger.locator("#earlier")).to_have_count(0)
    stranger.close()

    told = {token: _endpoints(server, token, interview_id) for token in (None, "local", owner)}
    assert {token for token, answers in told.items() if SECRET in answers} == {owner}


def test_the_page_is_set_up_to_show_text_and_to_keep_nothing(server: Server) -> None:
    config = httpx.get(f"{server.url}config", timeout=WAIT / 1000).json()
    by_type: dict[str, list[Any]] = {}
    for component in config["components"]:
        by_type.setdefault(component["type"], []).append(component["props"])
    assert [state.get("value") for state in by_type["state"]] == [None]
    assert [(chat["sanitize_html"], chat["latex_delimiters"]) for chat in by_type["chatbot"]] == [(True, [])]
    assert {one["api_visibility"] for one in config["dependencies"]} == {"private"}
    assert config["analytics_enabled"] is False


def _endpoints(server: Server, token: str | None, interview_id: str) -> str:
    """What all endpoints that read for an owner say to a script that calls them as this one, about that interview."""
    told = []
    with httpx.Client(base_url=server.url, timeout=WAIT / 1000) as client:
        config = client.get("config").json()
        given = {"browserstate": token, "number": 2, "textbox": "남의 답변"}
        kinds = {one["id"]: one["type"] for one in config["components"]}
        values = {one["id"]: one["props"].get("value") for one in config["components"]}
        for number, dependency in enumerate(config["dependencies"]):
            inputs = dependency["inputs"]
            if dependency["backend_fn"] and "browserstate" in map(kinds.get, inputs):
                data = [given.get(kinds[one], values[one] or interview_id) for one in inputs]
                told.append(_call(client, number, data))
    assert len(told) > 5
    return "\n".join(told)


def _call(client: httpx.Client, number: int, data: list[Any]) -> str:
    session = {"session_hash": secrets.token_hex(8), "fn_index": number}
    joined = client.post("gradio_api/queue/join", json={**session, "data": data, "event_data": None})
    if joined.status_code != 200:
        return joined.text
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session["session_hash"]}) as stream:
        lines = []
        for line in stream.iter_lines():
            lines.append(line)
            if "process_completed" in line or "close_stream" in line:
                break
    return "\n".join(lines)
