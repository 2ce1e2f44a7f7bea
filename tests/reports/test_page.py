"""Pages in a browser: width, network, console, print."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHROMIUM = "/usr/bin/chromium"
A4 = {"width": 680, "height": 1009}
"""The printable part of A4 at 96 pixels an inch, with the margins of the style sheet."""
CONTRAST = """() => {
  const number = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = number(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const e of document.body.querySelectorAll("*")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(number(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${e.className}: ${ratio}`);
  }
  return low;
}"""
BORDER = "getComputedStyle(document.querySelector('.result')).borderLeftWidth"
BOTTOM = "document.querySelector('.first-page').getBoundingClientRect().bottom"
WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5 && !e.matches(".skip, thead *"))
  .map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without network use of its own."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing; run `make setup`"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield found
        found.close()


@contextmanager
def opened(browser: Browser, path: Path) -> Iterator[Page]:
    """The page, which at the end must have asked for nothing and complained of nothing."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    yield page
    page.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]


def test_page_in_a_browser(browser: Browser, every_folder: Path) -> None:
    for path in sorted(every_folder.glob("*.html")):
        with opened(browser, path) as page:
            check_readable(page)
            for width in (320, 390, 1280):
                check_width(page, width)
            check_first_printed_page(page)


def check_readable(page: Page) -> None:
    """Style is in force (the content security policy lets it) and every text has contrast."""
    assert page.evaluate(BORDER) == "5px", "the content security policy refused the style"
    assert page.evaluate(CONTRAST) == []


def check_width(page: Page, width: int) -> None:
    """Nothing makes the page scroll sideways."""
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate(WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def check_first_printed_page(page: Page) -> None:
    """Result, meaning, next steps and gaps are on one sheet of A4."""
    page.set_viewport_size({"width": A4["width"], "height": A4["height"]})
    page.emulate_media(media="print")
    assert page.evaluate(BOTTOM) <= A4["height"]


def test_checks_can_fail(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content('<p style="width: 500px; color: #aaa; background: #fff">pale and wide</p>')
    assert len(page.evaluate(WIDE)) == 1
    assert len(page.evaluate(CONTRAST)) == 1
    page.close()
