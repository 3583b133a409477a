"""The documentation in Chromium: wide and narrow, light and dark, its pictures and search."""

from __future__ import annotations

import base64
import html
import os
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from tests.browser.chromium import Browser, chromium
from tests.support import ROOT
from tests.support.docpages import PAGES
from wheelhouse_hashes import testing

#: Width and height of a window on a desk, and of one on a phone, in pixels.
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}

#: Least contrast of text (WCAG 2.2, 1.4.3).
CONTRAST = 4.5

#: The start page, a how-to guide, a reference and an explanation.
SAMPLES = ("index", "verify", "causes", "trust")

#: Folder for pictures of these, to look at; none are taken without it.
SHOTS = os.environ.get("DOCS_SCREENSHOTS", "")

#: Returns texts that reach over the edge of the window.  Those in an element of the article that
#: scrolls by itself, as tables and code do, and in the closed menus are left out.
OUTSIDE = """
(() => {
  const article = document.querySelector("article");
  const scrolls = element => {
    for (; element && element !== article; element = element.parentElement) {
      const {overflowX, position} = getComputedStyle(element);
      if (position === "fixed") return true;
      if (article.contains(element) && ["auto", "scroll"].includes(overflowX)) return true;
    }
    return false;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim() || !node.parentElement.checkVisibility()) continue;
    range.selectNodeContents(node);
    const edge = range.getBoundingClientRect().right;
    // Texts for screen readers have the size of one pixel.
    if (node.parentElement.getBoundingClientRect().width <= 1) continue;
    if (edge > innerWidth + 1 && !scrolls(node.parentElement)) found.push(node.data.trim());
  }
  return found;
})()
"""

#: Returns the width of the widest of the elements that hold all of the page.
WIDEST = """
Math.max(...["html", "body", ".page", ".main", ".content", "article"].map(
  name => document.querySelector(name).scrollWidth))
"""

#: Returns the text with the lowest contrast to its background: the contrast and the text.
FAINTEST = """
(() => {
  const parts = text => {
    const numbers = text.match(/[\\d.]+/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    const [r, g, b, a = 1] = numbers.slice(0, 4);
    return [r * scale, g * scale, b * scale, a];
  };
  const over = ([r, g, b, a], [x, y, z]) =>
    [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) =>
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const background = element => {
    if (!element) return [255, 255, 255, 1];
    const color = parts(getComputedStyle(element).backgroundColor);
    return color[3] === 1 ? color : over(color, background(element.parentElement));
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let faintest = [21, ""];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const options = {visibilityProperty: true, opacityProperty: true};
    if (!walker.currentNode.data.trim() || !element.checkVisibility(options)) continue;
    if (["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName)) continue;
    const box = element.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1) continue;
    const back = background(element);
    const text = over(parts(getComputedStyle(element).color), back);
    const [a, b] = [text, back].map(luminance).sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < faintest[0]) faintest = [ratio, walker.currentNode.data.trim()];
  }
  return faintest;
})()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The documentation, built from the sources."""
    target = tmp_path_factory.mktemp("html")
    command = [sys.executable, "-m", "sphinx", "-n", "-W", "-q", "-E", "-b", "html"]
    subprocess.run([*command, ROOT / "docs", target], check=True)
    return target


@pytest.fixture(scope="module")
def site(built: pathlib.Path) -> Iterator[str]:
    """The address of the documentation, on loopback."""
    with testing.serving_folder(built) as server:
        yield server.url


NAMES = [pathlib.Path(path).stem for path in PAGES if path.startswith("docs/")]


@pytest.fixture(scope="module")
def measured(browser: Browser, site: str) -> dict[str, dict[str, Any]]:
    """What each page looks like, in each size and each scheme."""
    browser.visit(site)
    found: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        browser.visit(f"{site}{name}.html")
        found[name] = {}
        for size, (width, height) in SIZES.items():
            browser.size(width, height)
            found[name][size] = browser.evaluate(WIDEST), browser.evaluate(OUTSIDE)
        for scheme in ("light", "dark"):
            browser.prefer(prefers_color_scheme=scheme)
            found[name][scheme] = browser.evaluate(FAINTEST)
        browser.prefer()
    return found


@pytest.mark.parametrize("size", SIZES)
def test_text_does_not_scroll_sideways(measured: dict[str, dict[str, Any]], size: str) -> None:
    """On no page: wide tables and code scroll within themselves."""
    for name, of_page in measured.items():
        widest, texts = of_page[size]
        assert widest <= SIZES[size][0], name
        assert texts == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(measured: dict[str, dict[str, Any]], scheme: str) -> None:
    for name, of_page in measured.items():
        ratio, text = of_page[scheme]
        assert ratio >= CONTRAST, (name, text)


def test_wide_and_faint_texts_are_noticed(browser: Browser, site: str) -> None:
    browser.visit(site)
    browser.size(*SIZES["narrow"])
    style = "document.querySelector('article p').style"
    browser.evaluate(f"{style}.width = '900px'")
    assert browser.evaluate(OUTSIDE) != []
    assert browser.evaluate(WIDEST) >= 900
    browser.evaluate(f"{style}.color = '#999'")
    assert browser.evaluate(FAINTEST)[0] < CONTRAST


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_follow_the_scheme(browser: Browser, site: str, scheme: str) -> None:
    """One picture of two is shown, and it is loaded."""
    browser.visit(site)
    browser.prefer(prefers_color_scheme=scheme)
    for page, stem in (("trust", f"trust-{scheme}"), ("reports", "report")):
        browser.visit(f"{site}{page}.html")
        shown = browser.evaluate(
            "Array.from(document.images).filter(each => each.checkVisibility())"
            ".map(each => [each.src, each.naturalWidth])"
        )
        assert [stem in source for source, _ in shown].count(True) == 1, shown
        assert all(width > 0 for _, width in shown)
    browser.prefer()


def test_nothing_is_requested_from_other_servers(browser: Browser, site: str) -> None:
    for name in SAMPLES:
        browser.visit(f"{site}{name}.html")
        sources = [each["request"]["url"] for each in browser.of_kind("Network.requestWillBeSent")]
        assert sources
        assert [url for url in sources if not url.startswith((site, "data:"))] == []
        assert browser.of_kind("Log.entryAdded", "Runtime.exceptionThrown") == []


def results(browser: Browser, url: str) -> list[str]:
    """Return the titles that a search finds, as soon as it has ended."""
    browser.visit(url)
    ended = "document.querySelector('.search-summary')?.innerText || ''"
    for _ in range(2400):
        if re.match("Search finished|Your search did not match", browser.evaluate(ended)):
            break
        time.sleep(0.05)
    else:
        pytest.fail("the search did not end")
    found: list[str] = browser.evaluate(
        "Array.from(document.querySelectorAll('#search-results ul.search li > a'))"
        ".map(each => each.innerText)"
    )
    return found


def test_search_finds_words(browser: Browser, site: str) -> None:
    assert "Pin a release with one short hash" in results(browser, f"{site}search.html?q=pin")
    assert "Causes and exit codes" in results(browser, f"{site}search.html?q=not-attested")
    assert results(browser, f"{site}search.html?q=xyzzy") == []


def test_search_field_is_on_each_page(browser: Browser, site: str) -> None:
    browser.visit(f"{site}verify.html")
    action = "document.querySelector('form.sidebar-search-container').action"
    assert browser.evaluate(action) == f"{site}search.html"


def test_links_between_pages_lead_somewhere(built: pathlib.Path) -> None:
    """Each anchor exists on its page, also those of links that Sphinx did not make."""
    texts = {path.name: path.read_text("utf-8") for path in built.glob("*.html")}
    anchors = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in texts.items()}
    lost = []
    for name, text in texts.items():
        for link in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text):
            if re.match(r"[a-z]+:", link):
                continue
            page, _, anchor = unquote(html.unescape(link)).partition("#")
            target = page or name
            if not (built / target).exists() or (
                anchor and target in anchors and anchor not in anchors[target]
            ):
                lost.append((name, link))
    assert lost == []


@pytest.mark.skipif(not SHOTS, reason="DOCS_SCREENSHOTS is not set")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_to_look_at(browser: Browser, site: str, size: str, scheme: str) -> None:
    browser.visit(site)
    browser.size(*SIZES[size])
    browser.prefer(prefers_color_scheme=scheme)
    folder = pathlib.Path(SHOTS)
    folder.mkdir(exist_ok=True)
    for name in SAMPLES:
        browser.visit(f"{site}{name}.html")
        picture = browser.call("Page.captureScreenshot", format="png")
        folder.joinpath(f"{name}-{size}-{scheme}.png").write_bytes(
            base64.b64decode(picture["data"])
        )
    browser.prefer()
