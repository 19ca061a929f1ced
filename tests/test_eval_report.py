"""The report in a real Chromium, opened from disk: on a desk and on a phone, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from eval.report import junit, write
from eval.runner import evaluate
from eval.schema import Result
from eval.suites import Options
from eval.variants import matrix
from tests.browser import CHROMIUM_FLAGS, chromium
from tests.planted import Planted, environment

pytestmark = pytest.mark.wire


@pytest.fixture(scope="module")
def result() -> Iterator[dict[str, Any]]:
    """A fair judge beside a generous one: something of everything that a report shows."""
    with Planted() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(server).items():
            patch.setenv(name, value)
        yield evaluate(["grading", "prompts"], matrix("openai:fair,openai:generous"), Options(limit=60))


@pytest.fixture(scope="module")
def report(result: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write(result, folder)
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield started
        started.close()


def _open(browser: Browser, report: Path, width: int, scheme: Any, wrong: list[str]) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    page.on("request", lambda request: request.url.startswith("http") and wrong.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_selector("#cost .main-svg")
    return page


def test_the_result_is_of_its_form(result: dict[str, Any]) -> None:
    checked = Result.model_validate(result)
    assert [variant.id for variant in checked.variants] == ["openai:fair judge@v1", "openai:generous judge@v1"]
    assert {row.verdict for row in checked.comparisons} & {"worse", "same"}
    tree = ElementTree.fromstring(junit(result))
    names = [suite.get("name") for suite in tree.findall("testsuite")]
    assert "grading (openai:generous judge@v1)" in names
    for suite in tree.findall("testsuite"):
        assert int(suite.get("failures", "-1")) == len(suite.findall(".//failure"))
        assert int(suite.get("tests", "-1")) == len(suite.findall("testcase"))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_it_opens_from_disk_alone_and_fits(browser: Browser, report: Path, width: int, scheme: str) -> None:
    wrong: list[str] = []
    page = _open(browser, report, width, scheme, wrong)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [plot.get_attribute("id") for plot in page.query_selector_all(".plot")] == [
        "agreement",
        "confusion",
        "inflation",
        "cost",
    ]
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert _light(ground) == (scheme == "light")
    assert _light(ink) == (scheme == "dark")
    title = page.evaluate("getComputedStyle(document.querySelector('#cost .xtitle')).fill")
    assert _light(title) == (scheme == "dark")
    page.close()
    assert wrong == []


def test_it_is_in_korean_and_turns_to_english(browser: Browser, report: Path) -> None:
    wrong: list[str] = []
    page = _open(browser, report, 390, "light", wrong)
    assert "나란히 비교" in page.inner_text("main")
    assert "Side by side" not in page.inner_text("main")
    page.click("#language")
    assert "Side by side" in page.inner_text("main")
    assert "나란히 비교" not in page.inner_text("main")
    page.close()
    assert wrong == []


def test_cases_are_filtered_and_searched(browser: Browser, report: Path, result: dict[str, Any]) -> None:
    wrong: list[str] = []
    page = _open(browser, report, 1280, "light", wrong)
    generous = result["others"]["openai:generous judge@v1"]["grading"]["cases"]
    failed = [case for case in generous if case.get("failed")]
    page.select_option("[data-filter=variant]", "openai:generous judge@v1")
    assert page.locator(".case:visible").count() == len(failed) > 5
    kind = failed[0]["kind"]
    page.select_option("[data-filter=kind]", kind)
    assert page.locator(".case:visible").count() == sum(case["kind"] == kind for case in failed)
    page.fill("#search", failed[0]["reply"][:20].upper())
    assert page.locator(".case:visible").count() >= 1
    first = page.locator(".case:visible").first.text_content()
    assert first is not None
    assert failed[0]["reply"][:20] in first
    assert "읽은 이들" in first
    page.fill("#search", "그런 말은 어디에도 없습니다 zzz")
    assert page.locator(".case:visible").count() == 0
    page.close()
    assert wrong == []


def _light(colour: str) -> bool:
    red, green, blue = (int(float(part)) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue > 128
