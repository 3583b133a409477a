"""The grid of a release: ``--grid``, ``--html`` and the summary of a job."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import html5lib
import pytest

from tests.conftest import Cli
from tests.support.artifacts import flip_a_bit, make_wheel, sha256
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
from wheelhouse_hashes.artifacts import Finding, Outcome, Verdict
from wheelhouse_hashes.builtin.reports import github
from wheelhouse_hashes.builtin.reports.html_page import page
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.options import VerifyOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.report import FetchReport

GRID = """\
                   cp312     cp313     cp313t    cp314     cp314t    cp315       pp311     no Python
macosx arm64       verified  verified  verified  verified  verified
manylinux aarch64  verified  verified  verified  verified  verified
manylinux x86_64   verified  verified  verified  verified  verified
musllinux x86_64   verified  missing   verified  verified  verified
sdist                                                                                      verified
win_amd64          verified  verified  refused   verified  verified  unexpected  verified
"""


class Page:
    """A page that ``--html`` wrote, parsed by the rules of HTML."""

    def __init__(self, text: str) -> None:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root: Any = parser.parse(text)

    def texts(self, path: str) -> list[str]:
        return ["".join(each.itertext()) for each in self.root.iterfind(f".//{path}")]

    def attributes(self, path: str, name: str) -> list[str | None]:
        return [each.get(name) for each in self.root.iterfind(f".//{path}")]


@pytest.fixture
def damaged(tmp_path: pathlib.Path) -> None:
    """A release with a lost wheel, a swapped one, and one too many."""
    make_release(tmp_path, damaged=True)


@pytest.mark.usefixtures("damaged")
def test_grid_shows_lost_swapped_and_extra_wheel(cli: Cli) -> None:
    """Each cell of the grid on the terminal is one wheel."""
    result = cli(*VERIFY, "--grid", "--quiet")
    assert result.code == 1
    assert result.out.endswith(GRID)


@pytest.mark.usefixtures("damaged")
def test_html_page_shows_what_the_grid_shows(cli: Cli) -> None:
    assert cli(*VERIFY, "--html", "report.html").code == 1
    shown = Page(pathlib.Path("report.html").read_text())
    captions = shown.texts("caption")
    assert captions[:2] == [
        "Artifacts by platform and Python: 25 verified, 1 unexpected, 1 missing, 1 refused",
        "Artifacts by name",
    ]
    rows = {row[0].text: ["".join(c.itertext()) for c in row[1:]] for row in shown.root.iter("tr")}
    assert rows["win_amd64"] == [
        *["verified", "verified", "refused", "verified", "verified", "unexpected", "verified"],
        "",
    ]
    heads = {row[0][0].text: row for row in shown.root.iter("tr") if len(row[0])}
    states = {name: heads[name][1].text for name in (*NAMES, EXTRA)}
    assert {name: state for name, state in states.items() if state != "verified"} == {
        LOST: "missing",
        SWAPPED: "refused",
        EXTRA: "unexpected",
    }
    assert shown.texts("ol/li/ul/li")[:2] == [
        f"{LOST} (missing-artifact)",
        f"{SWAPPED} (mismatch)",
    ]
    assert "does not match" in shown.texts("td")


@pytest.mark.usefixtures("damaged")
def test_html_page_is_accessible_and_loads_nothing(cli: Cli) -> None:
    """Tables have captions and heads with a scope; nothing is run or loaded."""
    cli(*VERIFY, "--html", "report.html")
    shown = Page(pathlib.Path("report.html").read_text())
    assert shown.root.get("lang") == "en"
    assert [table[0].tag for table in shown.root.iter("table")] == ["caption"] * len(
        shown.texts("table")
    )
    assert set(shown.attributes("thead//th", "scope")) == {"col"}
    assert set(shown.attributes("tbody//th", "scope")) == {"row"}
    names = {each.get("id") for each in shown.root.iter("h2")}
    assert set(shown.attributes("section", "aria-labelledby")) == names
    tags = {each.tag for each in shown.root.iter() if isinstance(each.tag, str)}
    assert not tags & {"script", "img", "link", "iframe", "a", "form", "object", "base"}
    (policy,) = (each.get("content") for each in shown.root.iter("meta") if each.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


@pytest.mark.usefixtures("damaged")
def test_summary_of_job_has_grid(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    cli(*VERIFY)
    lines = (tmp_path / "summary").read_text().splitlines()
    assert lines[2:4] == [
        "| platform | cp312 | cp313 | cp313t | cp314 | cp314t | cp315 | pp311 | no Python |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    assert lines[9] == (
        r"| win\_amd64 | verified | verified | **refused** | verified | verified "
        "| **unexpected** | verified |  |"
    )


def test_summary_of_a_hostile_page_is_not_too_long(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub shows nothing of a summary with more than 1 MiB; what went wrong comes first."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    good = [f"demo-1.0-cp3{n}-cp3{n}-{'x' * 150}{n % 90}.whl" for n in range(5_000)]
    verdicts = [Verdict(name, Outcome.OK) for name in good]
    verdicts.append(Verdict("demo-1.0-py3-none-zzz.whl", Outcome.REFUSED, cause=Cause.MISMATCH))
    findings = [Finding(Cause.NOT_BUILT, f"{n} {'x' * 200}") for n in range(5_000)]
    run = Session("verify", VerifyOptions(folder="dist"), Plugins())
    github.wheelhouse_run_finished(run, FetchReport(verdicts=verdicts, findings=findings))
    text = (tmp_path / "summary").read_text()
    assert 700_000 < len(text.encode()) < 1_000_000
    assert re.search(r"^and \d{4} more artifacts$", text, re.MULTILINE)
    assert re.search(r"^and \d{4} more findings$", text, re.MULTILINE)
    (first, *_) = text.partition("| artifact |")[2].splitlines()[2:]
    assert first.startswith("| demo-1.0-py3-none-zzz.whl | refused |")


def test_page_without_artifacts_says_why(cli: Cli) -> None:
    """The page is also written if the run ends early; an empty grid is one line."""
    result = cli(*FETCH, "--grid", "--html", "report.html", "http://127.0.0.1:1/")
    assert result.code == 5
    assert result.out.endswith("no artifacts for a grid\n")
    shown = Page(pathlib.Path("report.html").read_text())
    assert shown.texts("h2") == ["Result", "Next steps"]
    assert "The run ended early: " in " ".join(shown.texts("p"))
    assert shown.texts("table") == []


HOSTILE = "</td></table><script>alert(1)</script>\x1b[2J\u202e\n::error::##[error]&lt;'\""


def test_names_of_listing_cannot_become_markup(cli: Cli) -> None:
    """A hostile link is refused, and its name is text in the page."""
    name = "demo-1.0-<img src=x onerror=alert(1)>-py3-none-any.whl"
    body = f'<a href="{name.replace("<", "%3C").replace(">", "%3E")}">x</a>'.encode()
    with serving({"/": body}) as server:
        cli(*FETCH, "--html", "report.html", "--grid", server.url)
    text = pathlib.Path("report.html").read_text()
    assert "onerror" in text
    assert "<img" not in text
    Page(text)


def test_no_text_of_a_report_can_become_markup_or_command() -> None:
    """Texts of plugins, sources and stores are shown as they are, with escapes."""
    report = hostile_report(HOSTILE)
    run = Session("verify", VerifyOptions(folder="dist"), Plugins())
    text = page(run, report)
    shown = Page(text)
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "##" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert any("<script>alert(1)</script>" in each for each in shown.texts("td"))
    assert any("<script>alert(1)</script>" in each for each in shown.texts("li"))


def test_grid_has_what_another_release_had(cli: Cli, tmp_path: pathlib.Path) -> None:
    """A lost Python is a column of missing wheels: ``--expect-like`` and build identifiers."""
    make_release(tmp_path)
    lost = [name for name in NAMES if "cp314t" in name]
    for name in lost:
        (tmp_path / "dist" / name).unlink()
    before = [line.replace("demo-1.0", "demo-0.9") for line in lines(tmp_path / "SHA256SUMS")]
    (tmp_path / "before").write_text("".join(before))
    (tmp_path / "SHA256SUMS").write_text(
        "".join(line for line in lines(tmp_path / "SHA256SUMS") if "cp314t" not in line)
    )
    (tmp_path / "identifiers").write_text("cp314t-manylinux_x86_64\ncp314t-win_amd64\n")
    command = (*VERIFY[:4], "--grid", "--quiet")
    result = cli(*command, "--expect-like", "before")
    assert result.code == 4
    assert [line.split()[-3:] for line in result.out.splitlines()[-7:]] == [
        ["pp311", "no", "Python"],
        *[["verified", "verified", "missing"]] * 4,
        ["sdist", "verified"],
        ["verified", "missing", "verified"],
    ]
    assert result.out.count("  missing") == 5
    result = cli(*command, "--expect-cibuildwheel", "identifiers")
    assert (result.code, result.out.count("  missing")) == (4, 2)


def lines(path: pathlib.Path) -> list[str]:
    return path.read_text().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("happens", "code", "word"),
    [
        ("nothing", 0, "verified"),
        ("lost", 4, "missing"),
        ("swapped", 1, "refused"),
        ("extra", 4, "unexpected"),
        ("unlisted", 3, "refused"),
    ],
)
def test_each_accident_is_seen_in_the_grid(
    cli: Cli, tmp_path: pathlib.Path, happens: str, code: int, word: str
) -> None:
    """A release without a store: its last check has the exit code and the word of the accident."""
    make_release(tmp_path)
    dist, sums = tmp_path / "dist", tmp_path / "SHA256SUMS"
    if happens == "lost":
        (dist / LOST).unlink()
    elif happens == "swapped":
        flip_a_bit(dist / SWAPPED)
    elif happens in ("extra", "unlisted"):
        content = make_wheel(dist, EXTRA).read_bytes()
        listed = f"{sha256(content)}  {EXTRA}\n" if happens == "extra" else ""
        sums.write_text(sums.read_text() + listed)
    result = cli(*VERIFY, "--grid", "--html", "report.html", "--quiet")
    assert result.code == code, result.out
    words = [each for each in result.out.split() if each == word]
    assert len(words) >= (len(NAMES) if happens == "nothing" else 1)
    state = f'<td class="state {word}">{word}</td>'
    assert state in pathlib.Path("report.html").read_text()
