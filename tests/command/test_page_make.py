"""``page make``: the same page from every source, and what it refuses to write."""

from __future__ import annotations

import json
import pathlib
import random
from collections.abc import Iterator

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import SDIST, A, B, hash_file, publish, sha256, wheel_bytes
from tests.support.marks import USES_LIBCLOUD
from tests.support.private_containers import ADDRESS, SECRET, Private, private_container
from wheelhouse_hashes.formats.downloads_page import hash_of

pytestmark = USES_LIBCLOUD

BASE = ("--base-url", "https://example.org/wheels/")

NAME = "demo-1.0-downloads.html"

PAGE = pathlib.Path(NAME)

#: A wheel of another release.
OTHER = "demo-1.1-py3-none-any.whl"


@pytest.fixture
def contents(tmp_path: pathlib.Path) -> dict[str, bytes]:
    """The artifacts of a release."""
    made = tmp_path / "made"
    made.mkdir()
    return {name: publish(made, name) for name in (A, B, SDIST)}


@pytest.fixture(params=["LOCAL", pytest.param("OPENSTACK_SWIFT", marks=pytest.mark.thorough), "S3"])
def private(request: pytest.FixtureRequest) -> Iterator[Private]:
    """A private container of each kind."""
    with private_container(request.param) as made:
        yield made


def write_list(contents: dict[str, bytes], newline: str = "\n") -> str:
    """Write a digest list in a random order."""
    lines = [f"{sha256(content)} *{name}{newline}" for name, content in contents.items()]
    random.shuffle(lines)
    pathlib.Path("SHA256SUMS").write_text("".join(lines), newline="")
    return "SHA256SUMS"


def made(result: Result) -> bytes:
    """Return the page that a command wrote and printed the hash of."""
    assert (result.code, result.err) == (0, "")
    content = PAGE.read_bytes()
    assert result.out == f"{NAME}#sha256={hash_of(content)}\n"
    PAGE.unlink()
    return content


def refused(result: Result) -> int:
    """Return the exit code of a command that wrote no page."""
    assert not PAGE.exists()
    return result.code


def expected(cli: Cli, contents: dict[str, bytes]) -> bytes:
    return made(cli("page", "make", write_list(contents), *BASE))


def test_page_of_every_source_is_the_same(
    cli: Cli, private: Private, contents: dict[str, bytes]
) -> None:
    page = expected(cli, contents)
    for name, content in random.sample(sorted(contents.items()), len(contents)):
        private.publish(name, content)
    private.put("index.html", b"a page")
    private.put("more/demo-9.9-py3-none-any.whl", b"of another container")
    result = cli("page", "make", ADDRESS, *private.options, *BASE, "--report", "report.json")
    assert made(result) == page
    assert made(cli("page", "make", "made", *BASE)) == page
    assert made(cli("page", "make", write_list(contents, "\r\n"), *BASE)) == page
    assert SECRET not in result.out + pathlib.Path("report.json").read_text()
    for name, content in contents.items():
        assert f"/{name}#sha256={sha256(content)}".encode() in page


def test_only_hash_files_of_a_container_are_read(cli: Cli, contents: dict[str, bytes]) -> None:
    page = expected(cli, contents)
    with private_container("S3") as private:
        for name, content in contents.items():
            private.put(name, b"other bytes")
            private.put(f"{name}.sha256", hash_file(content, name))
            private.put(f"{name}.sha512", b"not read")
        assert made(cli("page", "make", ADDRESS, *private.options, *BASE)) == page
        assert private.store is not None
        assert {private.store.count(method, A) for method in ("GET", "HEAD")} == {0}
        assert private.store.count("GET", f"{A}.sha512") == 0


def test_prefix_of_a_container(
    cli: Cli, container: pathlib.Path, contents: dict[str, bytes]
) -> None:
    page = expected(cli, contents)
    nightly = container / "nightly"
    nightly.mkdir(parents=True)
    for name in contents:
        publish(nightly, name)
    publish(container, OTHER)
    assert made(cli("page", "make", "container://wheels/nightly/", *LOCAL, *BASE)) == page


def test_output_folder_and_quiet(cli: Cli, contents: dict[str, bytes]) -> None:
    pathlib.Path("out").mkdir()
    result = cli("page", "make", "made", *BASE, "--output", "out", "--quiet")
    assert result.out.startswith(f"{NAME}#sha256=")
    assert pathlib.Path("out", NAME).is_file()
    assert refused(cli("page", "make", "made", *BASE, "--output", "missing")) == 6


def test_versions_that_are_equal_make_one_page(cli: Cli) -> None:
    """1.0 and 1.0.0 are one release (PEP 440), so the order of names must not decide."""
    names = (A, "demo-1.0.0.tar.gz")
    contents = {name: name.encode() for name in names}
    pages = {made(cli("page", "make", write_list(contents), *BASE)) for _ in range(5)}
    assert len(pages) == 1


@pytest.mark.parametrize("source", ["container", "folder", "list"])
def test_several_releases_have_to_be_chosen_from(
    cli: Cli, container: pathlib.Path, contents: dict[str, bytes], source: str
) -> None:
    page = expected(cli, contents)
    other = wheel_bytes(name=OTHER)
    strange = "strange-3.0.tar.gz"
    everything = {**contents, OTHER: other, strange: b"strange"}
    container.mkdir()
    for name, content in everything.items():
        for folder in (container, pathlib.Path("made")):
            (folder / name).write_bytes(content)
        (container / f"{name}.sha256").write_bytes(hash_file(content, name))
    where = {
        "container": ("container://wheels", *LOCAL),
        "folder": ("made",),
        "list": (write_list(everything),),
    }[source]
    make = ("page", "make", *where, *BASE)
    for chosen in ((), ("--project", "demo")):
        result = cli(*make, *chosen)
        assert refused(result) == 2
        releases = "demo 1.0, demo 1.1" + ("" if chosen else ", strange 3.0")
        assert f"several releases: {releases}; choose one with --project" in result.err
    assert made(cli(*make, "--project", "Demo", "--version", "1.0.0")) == page
    assert made(cli(*make, "--version", "1.0")) == page
    result = cli(*make, "--version", "7")
    assert refused(result) == 4
    assert "missing-artifact" in result.out
    assert "no artifacts of 7" in result.out


def test_artifact_without_sha256_in_container(
    cli: Cli, private: Private, contents: dict[str, bytes]
) -> None:
    private.publish(A, contents[A])
    private.put(B, contents[B])
    private.put(f"{B}.md5", b"")
    result = cli("page", "make", ADDRESS, *private.options, *BASE)
    assert refused(result) == 3
    assert f"missing-hash: {B}: no SHA-256 file in {ADDRESS}" in result.out
    assert "upload it again with --hashfile" in result.out


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        (f"{'0' * 32}  {A}\n", 3),  # MD5
        (f"{'0' * 128}  {A}\n", 3),  # SHA-512
        (f"{'0' * 64}  {A}\nSHA512 ({A}) = {'0' * 128}\n", 0),
        (f"{'0' * 64}  {A}\nSHA512 ({B}) = {'0' * 128}\n", 3),
        (f"{'0' * 64}  {A}\n{'1' * 64}  {A}\n", 3),  # contradictory
        (f"{'0' * 64}  README.txt\n", 4),
        ("<html>login</html>", 3),
        ("", 3),
    ],
)
def test_lists_without_sha256(cli: Cli, listed: str, code: int) -> None:
    pathlib.Path("SUMS").write_text(listed)
    result = cli("page", "make", "SUMS", *BASE)
    assert result.code == code, result
    assert PAGE.exists() == (code == 0)


def test_announced_artifact_that_is_missing(
    cli: Cli, private: Private, contents: dict[str, bytes]
) -> None:
    private.publish(A, contents[A])
    private.put(f"{B}.sha256", hash_file(contents[B], B))
    result = cli("page", "make", ADDRESS, *private.options, *BASE)
    assert refused(result) == 4
    assert f"missing-artifact: {B}: announced by its hash file" in result.out


def test_unreadable_hash_file(cli: Cli, private: Private, contents: dict[str, bytes]) -> None:
    private.publish(A, contents[A])
    private.put(f"{A}.sha256", b"<html>")
    result = cli("page", "make", ADDRESS, *private.options, *BASE, "--report", "report.json")
    assert refused(result) == 3
    assert f"unreadable-hash: {A}.sha256" in result.out
    (finding,) = json.loads(pathlib.Path("report.json").read_text())["findings"]
    assert finding["cause"] == "unreadable-hash"


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_only_files_of_the_folder_itself_are_hashed(cli: Cli, kind: str) -> None:
    pathlib.Path("made").mkdir()
    if kind == "link":
        pathlib.Path("made", A).symlink_to("/dev/zero")
    else:
        pathlib.Path("made", A).mkdir()
    result = cli("page", "make", "made", *BASE)
    assert refused(result) == 1
    assert f"not-a-distribution: {A}: it is a " in result.out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("made", "--base-url", "wheels/"), "--base-url 'wheels/': not an http or https URL"),
        (("made", "--base-url", "https://u:geheim@host/"), "--base-url 'host/': it has a user"),
        (("made", *BASE, "--version", "x y"), "--version 'x y': not a valid version"),
        (("nowhere", *BASE), "nowhere: no such folder or digest list"),
        (("https://example.org/", *BASE), "expected a digest list, a folder or container"),
        (("container://", *BASE), "expected container://NAME"),
        (("container://x?y", *BASE), "expected container://NAME"),
        (("made",), "--base-url"),
        (("container://wheels", "--provider-name", "NONE", *BASE), "NONE"),
    ],
)
def test_usage_errors(
    cli: Cli, contents: dict[str, bytes], arguments: tuple[str, ...], text: str
) -> None:
    result = cli("page", "make", *arguments)
    assert refused(result) == 2
    assert text in result.err
    assert "geheim" not in result.err


def test_page_of_a_list_needs_no_http_library(python: Cli, contents: dict[str, bytes]) -> None:
    program = (
        "import sys; sys.modules['pycurl'] = None; "
        f"sys.argv = ['x', 'page', 'make', {write_list(contents)!r}, *{BASE!r}]; "
        "from wheelhouse_hashes.__main__ import main; main()"
    )
    result = python("-c", program)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"{NAME}#sha256=")
