"""An index page that another program or a user wrote is not replaced."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import A, B, make_wheel
from tests.support.commands import INDEX, UPLOAD, names

LANDING = "<!DOCTYPE html>\n<html><body><h1>Wheels of demo</h1></body></html>\n"
GENERATED = f'<!DOCTYPE html><html><body><a href="{A}" data-requires-python="&gt;=3.9">{A}</a><br>'

FOREIGN = {
    "landing page": LANDING,
    "other generator": GENERATED,
    "other base": f'<base href="/{"a" * 3000}/">',
    "too many links": '<a href="x">' * 100_001,
    "not HTML": "Wheels of demo",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_page_of_another_program_is_kept(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, kind: str
) -> None:
    container.mkdir()
    page = container / "index.html"
    page.write_text(FOREIGN[kind])
    make_wheel(dist, A)
    result = cli(*UPLOAD)
    (problem,) = (line for line in result.out.splitlines() if line.startswith("problem"))
    assert "wheels/index.html was not written by wheelhouse-hashes" in problem
    assert "--no-update-index" in problem
    assert (result.code, result.err) == (4, "")
    assert names(container) == [A, f"{A}.sha256", "index.html"]
    assert "successfully published" not in result.out

    rebuilt = cli(*INDEX)
    assert (rebuilt.code, len(rebuilt.err.splitlines())) == (4, 1)
    assert "wheels/index.html was not written by" in rebuilt.err
    assert "--no-update-index" in rebuilt.err
    assert page.read_text() == FOREIGN[kind]

    kept = cli(*UPLOAD[:-1], "--no-update-index", "wheels")
    assert (kept.code, page.read_text()) == (0, FOREIGN[kind])
    page.unlink()
    assert cli(*INDEX).code == 0
    assert f'href="{A}#sha256=' in page.read_text()


EDITS = {
    "title": ("<html><body><p>", "<html><title>demo</title><body><p>"),
    "attribute": ("<a href", '<a data-yanked="" href'),
    "text after": ("</html>\n", "</html>\n<!-- mine -->\n"),
    "formatting": ("</li>\n", "</li>"),
}


@pytest.mark.parametrize("kind", EDITS)
def test_page_that_a_user_edited_is_kept(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, kind: str
) -> None:
    make_wheel(dist, A)
    assert cli(*UPLOAD).code == 0
    page = container / "index.html"
    before, after = EDITS[kind]
    edited = page.read_text().replace(before, after)
    assert edited != page.read_text()
    page.write_text(edited)
    make_wheel(dist, B)
    assert cli(*UPLOAD).code == 4
    assert names(container).count(B) == 1
    assert page.read_text() == edited
    make_wheel(dist, A, b"rebuilt")
    replacement = cli(*UPLOAD)
    assert (replacement.code, "replaced 1" in replacement.out) == (4, True)
    assert page.read_text() == edited


@pytest.mark.parametrize("part", [0, 1, 10, 20, 40, 200])
def test_page_that_was_cut_off_is_written_again(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, part: int
) -> None:
    make_wheel(dist, A)
    assert cli(*UPLOAD).code == 0
    page = container / "index.html"
    good = page.read_bytes()
    page.write_bytes(good[:part])
    assert cli(*INDEX).code == 0
    assert page.read_bytes() == good


def test_page_of_the_host_alone_is_replaced(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    (container / "below").mkdir(parents=True)
    (container / 'notes & "quotes" <1>.txt').write_text("an object that the host also lists")
    (container / "below" / "readme.txt").write_text("another one")
    assert cli("upload", *LOCAL, "wheels").code == 0
    page = container / "index.html"
    assert "notes & " in page.read_text()
    assert cli(*UPLOAD).code == 0
    assert page.read_text().count("<li>") == 1


def test_artifacts_are_pruned_although_the_page_is_kept(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    """The page is the last step; nothing else depends on it."""
    for n in range(6):
        make_wheel(container, f"demo-1.1.dev0+2020010100000{n}-py3-none-any.whl")
    (container / "index.html").write_text(LANDING)
    make_wheel(dist, "demo-1.1.dev0-py3-none-any.whl")
    result = cli(*UPLOAD)
    assert (result.code, result.out.count("pruned    ")) == (4, 2)


def test_page_below_a_prefix_is_kept(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    make_wheel(dist, A)
    (container / "nightly").mkdir(parents=True)
    (container / "nightly" / "index.html").write_text(LANDING)
    (container / "index.html").write_text(LANDING)
    result = cli(*UPLOAD[:-1], "wheels/nightly")
    assert result.code == 4
    assert "wheels/nightly/index.html was not written by" in result.out
