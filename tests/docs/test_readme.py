"""The README: what is on its first screen, its length, its scripts and its links."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT
from tests.support.docpages import PAGES

README = ROOT.joinpath("README.rst").read_text()

#: Lines of a terminal window that is not small.
SCREEN = 40

#: The scripts of each "before" and "after", in order.
SCRIPTS = [
    ("count-before.sh", "count-after.sh"),
    ("download-before.py", "download-after.sh"),
    ("fetch-before.sh", "fetch-after.sh"),
]


def test_readme_has_two_commands_and_ci_runs_the_second() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)
    assert len(commands) == 2
    demo, tests = commands
    assert demo.endswith("examples/demo.py")
    assert f"\n{tests}\n" in ROOT.joinpath(".ci", "run").read_text()


def test_first_screen_installs_and_then_has_the_two_commands() -> None:
    first = README.splitlines()[:SCREEN]
    shown = [line.strip() for line in first if line.startswith(("    python", "    uvx"))]
    assert [line.partition(" && ")[0] for line in shown] == [
        "python -m pip install 'wheelhouse-hashes[fetch]'",
        "uvx --from 'wheelhouse-hashes[fetch]' wheelhouse-hashes --help",
        "python3 -m venv .venv",
        "python3 -m venv .venv",
    ]


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 150


def blocks() -> list[tuple[str, str]]:
    """Return what the README shows as "before" and "after", without the comments."""
    section = README.partition("\nIn place of your script\n")[2].partition('\nWhat "verified"')[0]
    found = re.findall(
        r"^    # before: .*\n((?:    .*\n)+?)    # after\n((?:    .*\n)+)", section, re.MULTILINE
    )
    return [(before, after) for before, after in found]


def words(text: str) -> str:
    """Return a text with one space for any white space, and the command under one name."""
    text = text.replace("\\\n", " ").replace("python -m wheelhouse_hashes", "wheelhouse-hashes")
    return " ".join(text.split())


def test_scripts_are_those_that_are_tested() -> None:
    shown = blocks()
    assert len(shown) == len(SCRIPTS)
    for texts, names in zip(shown, SCRIPTS, strict=True):
        for text, name in zip(texts, names, strict=True):
            script = ROOT.joinpath("examples", "ci", "scripts", name).read_text()
            for line in filter(None, map(words, re.split(r"(?<!\\)\n", text))):
                assert line in words(script), name


def test_links_work_elsewhere_and_lead_to_pages() -> None:
    """On an index page, a relative link leads nowhere."""
    urls = re.findall(r"^Documentation = (.*)$|^    Documentation = (.*)$", SETUP, re.MULTILINE)
    ((_, base),) = urls
    targets = re.findall(r"^\.\. _([^:]+): (.*)$", README, re.MULTILINE)
    names = [name for name, _ in targets]
    assert len(targets) > 10
    for _, url in targets:
        page = re.fullmatch(rf"{re.escape(base)}/([\w-]+)\.html", url)
        assert page is not None, url
        assert f"docs/{page[1]}.rst" in PAGES, url
    used = re.findall(r"`([^`<>]+)`_\b|(?<![\w`.])([A-Za-z]+)_(?!\w)", README)
    assert sorted({one or other for one, other in used}) == sorted(names)


SETUP = ROOT.joinpath("setup.cfg").read_text()


@pytest.mark.parametrize("tier", ["container", "elsewhere", "attested", "logged", "pinned"])
def test_it_names_each_tier(tier: str) -> None:
    (section,) = re.findall(r"\nWhat \"verified\" means\n-+\n\n(.*?)\n\n", README, re.DOTALL)
    assert f"``{tier}``" in section
    assert len(re.findall(r"\.(?:\s|$)", section)) == 3
