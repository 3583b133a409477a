"""``CONTAINER/PREFIX`` is a container of its own, for ``upload`` and ``index``."""

from __future__ import annotations

import os
import pathlib
import re
import stat
from collections.abc import Iterator

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import A, B, hash_file, make_sdist, make_wheel, wheel_bytes
from tests.support.commands import fetch, got, names
from tests.support.servers import serving_folder

PREFIX = "wheels/nightly/x86"
SDIST = "demo-1.0.tar.gz"


@pytest.fixture
def served(container: pathlib.Path) -> Iterator[str]:
    """The address of the container, which does not exist yet."""
    with serving_folder(container.parent) as server:
        yield f"{server.url}wheels/"


def upload(cli: Cli, *options: object, to: str = PREFIX) -> Result:
    """Upload ``dist``."""
    return cli("upload", "--hashfile", *LOCAL, *options, to)


def links(page: pathlib.Path) -> list[str]:
    """Return the link texts of an index page."""
    return re.findall(r">([^<\n]+)</a>", page.read_text())


def files(folder: pathlib.Path) -> dict[str, bytes]:
    """Return the contents of the files in a folder, but not in its subfolders."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_upload_below_prefix_is_fetched_from_its_own_address(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, served: str
) -> None:
    make_wheel(dist, A)
    make_sdist(dist, SDIST)
    result = upload(cli)
    assert (result.code, result.err) == (0, "")
    assert f"container {PREFIX}: sent 2" in result.out
    below = container / "nightly" / "x86"
    expected = {A, SDIST, f"{A}.sha256", f"{SDIST}.sha256", "index.html"}
    assert set(files(below)) == expected
    assert (below / f"{A}.sha256").read_bytes() == hash_file((below / A).read_bytes())
    assert links(below / "index.html") == [A, SDIST]

    for address in (f"{served}nightly/x86/", f"{served}nightly/x86/index.html"):
        assert fetch(cli, address).code == 0
        assert got() == [A, SDIST]
        for path in pathlib.Path("got").iterdir():
            path.unlink()
    assert fetch(cli, f"{served}nightly/").code == 4
    assert fetch(cli, served).code == 4
    assert upload(cli).out.count("already there") == 2


def test_container_and_prefix_do_not_see_each_other(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, served: str
) -> None:
    """The same name with other bytes, and other names, in both and in a second prefix."""
    make_wheel(dist, A, b"below the prefix")
    assert upload(cli).code == 0
    assert upload(cli, to="wheels/nightly").code == 0
    below = files(container / "nightly" / "x86")
    make_wheel(dist, A, b"in the container")
    make_sdist(dist, SDIST)
    result = upload(cli, "--no-replace", to="wheels")
    assert (result.code, result.err) == (0, "")
    assert "container wheels: sent 2" in result.out
    assert links(container / "index.html") == [A, SDIST]
    assert files(container / "nightly" / "x86") == below
    (dist / SDIST).unlink()
    replaced = upload(cli, to="wheels/nightly")
    assert replaced.line("replaced")
    assert files(container / "nightly" / "x86") == below
    assert fetch(cli, f"{served}nightly/x86/").code == 0
    assert pathlib.Path("got", A).read_bytes() == below[A]
    assert cli("index", *LOCAL, "wheels").code == 0
    assert links(container / "index.html") == [A, SDIST]


def test_refused_replacement_below_prefix_leaves_the_pair(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    before = files(container / "nightly" / "x86")
    make_wheel(dist, A, b"rebuilt")
    refused = upload(cli, "--no-replace")
    assert (refused.code, "conflict" in refused.line("refused")) == (1, True)
    assert files(container / "nightly" / "x86") == before


def test_stray_hash_file_below_prefix_is_corrected(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    below = container / "nightly" / "x86"
    wrong = f"{'0' * 128}  {A}\n".encode()
    for folder in (below, container):
        (folder / f"{A}.sha512").write_bytes(wrong)
    assert "corrected" in upload(cli).line("note")
    assert (below / f"{A}.sha512").read_bytes() != wrong
    assert (container / f"{A}.sha512").read_bytes() == wrong


def test_dev_builds_are_pruned_below_their_prefix_only(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    old = [f"demo-1.1.dev0+2020010100000{n}-py3-none-any.whl" for n in range(4)]
    below = container / "nightly" / "x86"
    for folder in (container, below, below / "more"):
        for name in old:
            make_wheel(folder, name)
    make_wheel(dist, "demo-1.1.dev0-py3-none-any.whl")
    result = upload(cli, "--keep-dev-builds", "2")
    assert (result.code, result.out.count("pruned    ")) == (0, 3)
    assert set(old) & set(files(below)) == {old[-1]}
    assert set(files(container)) == set(old)
    assert set(files(below / "more")) == set(old)
    # Upload the build that the first upload renamed: another one could get the same second.
    assert upload(cli, "--keep-dev-builds", "2", to="wheels").code == 0
    assert len(set(old) & set(files(container))) < len(old)
    assert old[-1] in files(below)
    assert set(files(below / "more")) == set(old)


def test_index_below_prefix(cli: Cli, container: pathlib.Path) -> None:
    below = container / "nightly"
    make_wheel(container, B)
    make_wheel(below, A)
    result = cli("index", *LOCAL, "wheels/nightly")
    assert "container wheels/nightly: index page written, 1 link" in result.out
    assert links(below / "index.html") == [A]
    assert names(container) == [B, "nightly"]


def test_index_of_prefix_without_objects(cli: Cli, container: pathlib.Path) -> None:
    """A misspelled prefix must not become a new, empty page."""
    make_wheel(container, A)
    result = cli("index", *LOCAL, "wheels/nihgtly")
    assert result.code == 5
    reason = "no object is directly under the prefix"
    assert f"container 'wheels/nihgtly' does not exist: {reason}" in result.err
    assert names(container) == [A]


def test_page_of_host_links_objects_below_prefixes(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    """The host lists all objects; the digest of another one must not become that of A."""
    make_wheel(dist, A, b"below the prefix")
    assert upload(cli, to="wheels/nightly").code == 0
    make_wheel(container, A)
    page = container / "index.html"
    digest = "0" * 64
    page.write_text(
        "<html><body><p>\n"
        f'<li><a href="nightly/{A}#sha256={digest}">nightly/{A}</a></li>\n'
        "</p></body></html>\n"
    )
    assert cli("index", *LOCAL, "wheels").code == 0
    assert links(page) == [A]
    assert digest not in page.read_text()


def test_folders_of_prefix_have_the_mode_of_the_container(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    container.mkdir()
    container.chmod(0o2775)
    before = os.umask(0o077)
    try:
        assert upload(cli).code == 0
    finally:
        os.umask(before)
    for folder in (container / "nightly", container / "nightly" / "x86"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o2775
    assert (container / "nightly" / "x86" / A).stat().st_mode & stat.S_IWGRP


def test_file_in_the_place_of_a_prefix(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    container.mkdir()
    (container / "nightly").write_bytes(b"precious")
    result = upload(cli)
    assert result.code == 6
    assert "Not a directory" in result.out + result.err
    assert "Traceback" not in result.err
    assert (container / "nightly").read_bytes() == b"precious"


def test_prefix_may_have_blanks_and_letters_of_any_script(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, served: str
) -> None:
    make_wheel(dist, A)
    for prefix in ("my wheels", "Räder", "100%25", "v1+cu118"):
        assert upload(cli, to=f"wheels/{prefix}").code == 0
        assert A in files(container / prefix)
    assert fetch(cli, f"{served}R%C3%A4der/").code == 0
    assert pathlib.Path("got", A).read_bytes() == wheel_bytes(b"payload", A)
