"""The page of ``--html`` in Chromium: what people and screen readers get, and hostile names."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Iterator

import pytest

from tests.browser.chromium import Browser, chromium
from tests.conftest import Cli
from tests.support.commands import FETCH
from tests.support.damaged_release import (
    EXTRA,
    LOST,
    NAMES,
    SWAPPED,
    VERIFY,
    hostile_report,
    make_release,
)
from tests.support.servers import serving
from wheelhouse_hashes.builtin.reports.html_page import page
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.options import VerifyOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session

#: Enhanced contrast (WCAG 2.2, 1.4.6).
CONTRAST = 7

#: Returns the lowest contrast of a text with its background.
LOWEST_CONTRAST = """
(() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) =>
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const background = element => {
    for (; element; element = element.parentElement) {
      const color = parts(getComputedStyle(element).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let lowest = 21;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const pair = [parts(getComputedStyle(element).color), background(element)];
    const [a, b] = pair.map(luminance).sort((x, y) => y - x);
    lowest = Math.min(lowest, (a + 0.05) / (b + 0.05));
  }
  return lowest;
})()
"""

#: Returns the texts of a table: a list for each row.
ROWS = "Array.from(document.querySelectorAll('table')[{}].rows).map(row => Array.from(row.cells)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def report(cli: Cli, tmp_path: pathlib.Path) -> pathlib.Path:
    """The page about a damaged release."""
    make_release(tmp_path, damaged=True)
    assert cli(*VERIFY, "--html", "report.html").code == 1
    return tmp_path / "report.html"


def test_browser_shows_grid_as_text(browser: Browser, report: pathlib.Path) -> None:
    """The words of the grid are visible text, each in its column and row."""
    browser.open(report)
    heads, *rows = browser.evaluate(ROWS.format(0) + ".map(cell => cell.innerText))")
    grid = {
        (row[0], head): cell for row in rows for head, cell in zip(heads[1:], row[1:], strict=True)
    }
    bad = {place: word for place, word in grid.items() if word not in ("", "verified")}
    assert bad == {
        ("musllinux x86_64", "cp313"): "missing",
        ("win_amd64", "cp313t"): "refused",
        ("win_amd64", "cp315"): "unexpected",
    }
    assert list(grid.values()).count("verified") == len(NAMES) - 2
    shown = browser.evaluate("document.body.innerText")
    for text in (LOST, SWAPPED, EXTRA, "do not publish it", "weakest tier: pinned", "kB"):
        assert text in shown
    assert browser.evaluate("document.title") == "wheelhouse verify: exit code 1"


def test_digests_open_without_a_script(browser: Browser, report: pathlib.Path) -> None:
    browser.open(report)
    assert "does not match" not in browser.evaluate("document.body.innerText")
    opened = "document.querySelectorAll('details').forEach(each => each.open = true)"
    browser.evaluate(opened)
    assert "does not match" in browser.evaluate("document.body.innerText")


def test_browser_loads_nothing_and_reports_no_error(browser: Browser, report: pathlib.Path) -> None:
    """The only request is that of the page itself; its style sheet is accepted by its policy."""
    browser.open(report)
    requests = browser.of_kind("Network.requestWillBeSent")
    assert [each["request"]["url"] for each in requests] == [report.as_uri()]
    assert browser.of_kind("Log.entryAdded", "Runtime.exceptionThrown") == []
    dashed = "getComputedStyle(document.querySelector('td.missing')).borderTopStyle"
    assert browser.evaluate(dashed) == "dashed"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("forced", ["none", "active"])
def test_every_text_can_be_read(
    browser: Browser, report: pathlib.Path, scheme: str, forced: str
) -> None:
    """Text and background as the browser computes them, also with the user's own colors."""
    features = {"prefers-color-scheme": scheme, "forced-colors": forced}
    browser.open(report)
    browser.call(
        "Emulation.setEmulatedMedia",
        features=[{"name": name, "value": value} for name, value in features.items()],
    )
    assert browser.evaluate(LOWEST_CONTRAST) >= CONTRAST
    browser.call("Emulation.setEmulatedMedia", features=[])


def test_screen_reader_gets_tables_with_names_and_heads(
    browser: Browser, report: pathlib.Path
) -> None:
    """The accessibility tree has the language, the headings, and tables with captions."""
    browser.open(report)
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    found: dict[str, list[str]] = {}
    for node in nodes:
        if not node.get("ignored"):
            name = node.get("name", {}).get("value", "")
            found.setdefault(node["role"]["value"], []).append(name)
    assert found["heading"][:4] == [
        "wheelhouse verify: exit code 1",
        "Result",
        "Grid",
        "Next steps",
    ]
    assert found["table"][:2] == [
        "Artifacts by platform and Python: 25 verified, 1 unexpected, 1 missing, 1 refused",
        "Artifacts by name",
    ]
    assert all(found["table"])
    assert {"Grid", "Artifacts", "Digests"} <= set(found["region"])
    assert "cp313t" in found["columnheader"]
    assert {"win_amd64", LOST} <= set(found["rowheader"])
    assert browser.evaluate("document.documentElement.lang") == "en"


def test_page_is_usable_on_a_small_screen(browser: Browser, report: pathlib.Path) -> None:
    """Only tables scroll sideways, and the keyboard reaches them (WCAG 2.2, 1.4.10)."""
    browser.open(report)
    small = {"width": 320, "height": 600, "deviceScaleFactor": 1, "mobile": False}
    browser.call("Emulation.setDeviceMetricsOverride", **small)
    assert browser.evaluate("document.documentElement.scrollWidth") <= small["width"]
    wide = "Array.from(document.querySelectorAll('.scroll')).map(each => each.tabIndex)"
    assert set(browser.evaluate(wide)) == {0}
    browser.call("Emulation.clearDeviceMetricsOverride")


#: Texts that run a script, load something or leave their element if they are not escaped.
HOSTILE = (
    "<script>document.title='run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "</td></tr></table></main><h1>verified</h1>",
    "</style></title><svg onload=document.title='run'>",
    "<!-- --!> <![CDATA[ ]]> &lt;script&gt; &#60;b&#62;",
    "' onmouseover=document.title='run' \" autofocus onfocus=document.title='run' x=",
    "<meta http-equiv=refresh content=0;url=data:text/html,run><base href=//example.org>",
    "<a href=javascript:document.title='run'>x</a> <iframe srcdoc=run> <object data=x>",
    "\u202everified\u2066 \x00\x1b[2J\r\n##[error] ::error:: \ud800",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_as_text(browser: Browser, tmp_path: pathlib.Path, text: str) -> None:
    """Wherever a report has a text of others, the page has the same elements, and no others."""
    run = Session("verify", VerifyOptions(folder="dist"), Plugins())
    elements = []
    for each in ("harmless", text):
        path = tmp_path / "report.html"
        path.write_text(page(run, hostile_report(each)))
        browser.open(path)
        tags = "Array.from(document.querySelectorAll('*')).map(element => element.tagName)"
        elements.append(browser.evaluate(tags))
        requests = browser.of_kind("Network.requestWillBeSent")
        assert [request["request"]["url"] for request in requests] == [path.as_uri()]
        assert browser.of_kind("Log.entryAdded", "Page.javascriptDialogOpening") == []
        assert browser.evaluate("document.title") == "wheelhouse verify: exit code 1"
    assert elements[0] == elements[1]
    shown = browser.evaluate("document.body.textContent")
    assert printable(text) in shown


def test_hostile_names_of_a_listing(browser: Browser, cli: Cli, tmp_path: pathlib.Path) -> None:
    """Names on an index page end as text, whatever they contain."""
    links = "".join(
        f'<a href="demo-1.0-{"".join(f"%{byte:02X}" for byte in text.encode("utf-8", "ignore"))}'
        f'-py3-none-any.whl">x</a>'
        for text in HOSTILE
    )
    with serving({"/": links.encode()}) as server:
        cli(*FETCH, "--html", "report.html", server.url)
    browser.open(tmp_path / "report.html")
    counts = "['script', 'img', 'iframe', 'svg', 'a', 'base', 'object'].map(tag => document"
    assert set(browser.evaluate(f"{counts}.querySelectorAll(tag).length)")) == {0}
    names = browser.evaluate("Array.from(document.querySelectorAll('.name'), x => x.innerText)")
    assert any("onerror" in name for name in names)
    assert browser.evaluate("document.title").startswith("wheelhouse fetch: exit code ")


def test_order_of_heads_in_grid_is_that_of_versions(browser: Browser, report: pathlib.Path) -> None:
    browser.open(report)
    heads = browser.evaluate(ROWS.format(0) + ".map(cell => cell.innerText))[0]")
    numbers = [int("".join(filter(str.isdigit, head))) for head in heads if head.startswith("cp")]
    assert all(one <= two for one, two in itertools.pairwise(numbers))
