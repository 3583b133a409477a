"""Pinned pages as addresses of ``fetch`` and ``verify``, and ``page show``.

The column *page* of the failure matrix: what happens to the release or to the page, and the
cause and exit code that follow.
"""

from __future__ import annotations

import gzip
import pathlib
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate

import pytest
import trustme
from packaging.version import Version

from tests.conftest import Cli, Result
from tests.support.artifacts import SDIST, A, B, hash_file, make_wheel, sha256, wheel_bytes
from tests.support.commands import FETCH, FETCH_AND_WAIT, got
from tests.support.servers import Handler, Respond, Server, respond, serving, to
from tests.support.signaled import SOON, begin, signal_and_wait
from tests.support.waits import short_pauses
from wheelhouse_hashes.formats import downloads_page
from wheelhouse_hashes.formats.downloads_page import MAX_BYTES, hash_of, make_page, release_of

_RELEASE = downloads_page.Release("demo", Version("1.0"))

NAME = "demo-1.0-downloads.html"

EVIL = wheel_bytes(b"evil")

#: Seconds ago.
NOW, LONG_AGO = 0, 7200


#: ``fetch`` alone in the quick suite.
every_command = pytest.mark.parametrize(
    "verb",
    ["fetch", *(pytest.param(v, marks=pytest.mark.thorough) for v in ("verify", "page show"))],
)


def dated(body: bytes, ago: int, **headers: str) -> Respond:
    """Return an answer with ``Last-Modified``; the server sends ``Date`` itself."""

    def answer(handler: Handler) -> None:
        modified = formatdate(time.time() - ago, usegmt=True)
        respond(handler, 200, body, Last_Modified=modified, **headers)

    return answer


@dataclass
class Release:
    """A release with its page, on a server."""

    server: Server
    routes: dict[str, Respond | bytes]
    contents: dict[str, bytes]
    page: bytes = b""
    #: The pin of the page in the address.
    pin: str = field(default="", init=False)

    def __post_init__(self) -> None:
        for name, content in self.contents.items():
            self.publish(name, content)
        self.write(make_page(_RELEASE, self.server.url, self.digests))

    @property
    def digests(self) -> dict[str, str]:
        return {name: sha256(content) for name, content in self.contents.items()}

    def publish(self, name: str, content: bytes, ago: int = LONG_AGO) -> None:
        """Publish an artifact, its hash file and its metadata."""
        digest = sha256(content)
        self.routes[f"/{name}"] = dated(content, ago, X_Object_Meta_SHA256=digest)
        self.routes[f"/{name}.sha256"] = dated(hash_file(content, name), ago)

    def write(self, page: bytes) -> None:
        """Publish a page, and pin it."""
        self.page = page
        self.pin = hash_of(page)
        self.routes[f"/{NAME}"] = dated(page, LONG_AGO)

    @property
    def address(self) -> str:
        return f"{self.server.url}{NAME}#sha256={self.pin}"


def line_of(result: Result, word: str) -> str:
    """Return the line about wheel A."""
    return result.line(f"{word:<9}  {A}")


@pytest.fixture
def release(tmp_path: pathlib.Path) -> Iterator[Release]:
    """A good release of a wheel and an sdist."""
    contents = {A: wheel_bytes(), B: wheel_bytes(name=B)}
    routes: dict[str, Respond | bytes] = {}
    with serving(routes) as server:
        yield Release(server, routes, contents)


def fetch(cli: Cli, release: Release, *options: object) -> Result:
    return cli(*FETCH, release.address, *options)


def test_artifacts_of_a_pinned_page_are_fetched(cli: Cli, release: Release) -> None:
    result = fetch(cli, release, "--require", "pinned")
    assert (result.code, result.err) == (0, "")
    assert got() == [B, A]
    assert "sha256  pinned page, header  pinned+container" in line_of(result, "ok")
    assert "weakest tier: pinned" in result.out
    # No hash file was asked for, and the page once.
    assert sorted(release.server.paths()) == sorted([f"/{NAME}", f"/{A}", f"/{B}"])


def test_folder_is_verified_against_a_pinned_page(cli: Cli, release: Release) -> None:
    folder = pathlib.Path("dist")
    folder.mkdir()
    for name, content in release.contents.items():
        folder.joinpath(name).write_bytes(content)
    against = ("verify", "dist", "--wait", 0, "--against", release.address)
    result = cli(*against, "--require", "pinned")
    assert (result.code, result.err) == (0, "")
    assert "verified 2 of 2 artifacts (weakest tier: pinned" in result.out
    make_wheel(folder, "demo-1.0-py2-none-any.whl")
    assert "not-listed" in cli(*against).out
    assert cli(*against).code == 3
    folder.joinpath("demo-1.0-py2-none-any.whl").unlink()
    folder.joinpath(A).unlink()
    result = cli(*against)
    assert (result.code, "missing-artifact" in result.out) == (4, True)
    folder.joinpath(A).write_bytes(EVIL)
    assert cli(*against).code == 1


def test_list_is_verified_against_a_pinned_page(cli: Cli, release: Release) -> None:
    sums = [f"{digest}  {name}\n" for name, digest in release.digests.items()]
    pathlib.Path("SHA256SUMS").write_text("".join(sums))
    result = cli("verify", "SHA256SUMS", "--against", release.address)
    assert (result.code, result.err) == (0, "")
    assert "no artifact was read" in result.out


@pytest.mark.parametrize("pinned", [True, False])
def test_folder_is_verified_against_a_kept_page(cli: Cli, release: Release, pinned: bool) -> None:
    """The user holds the copy, so its hash may be left out."""
    folder = pathlib.Path("dist")
    folder.mkdir()
    for name, content in release.contents.items():
        folder.joinpath(name).write_bytes(content)
    pathlib.Path(NAME).write_bytes(release.page)
    pin = f"#sha256={release.pin}" if pinned else ""
    result = cli("verify", "dist", "--against", NAME + pin, "--require", "pinned")
    assert (result.code, result.err) == (0, "")
    pathlib.Path(NAME).write_bytes(release.page + b" ")
    result = cli("verify", "dist", "--against", NAME + pin)
    assert result.code == (7 if pinned else 0)


def test_replaced_artifact(cli: Cli, release: Release) -> None:
    release.publish(A, EVIL)
    result = fetch(cli, release)
    assert (result.code, got()) == (7, [".rejected", B])
    assert "replaced: the container's own digests match these bytes" in line_of(result, "refused")
    assert "pinned page" in line_of(result, "refused")


def test_replaced_artifact_that_heals(
    cli: Cli, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    good = release.contents[A]
    tries: list[bool] = []

    def lagging(handler: Handler) -> None:
        tries.append(True)
        content = EVIL if len(tries) <= 4 else good
        dated(content, NOW, X_Object_Meta_SHA256=sha256(content))(handler)

    release.routes[f"/{A}"] = lagging
    result = cli(*FETCH_AND_WAIT, release.address)
    assert (result.code, got()) == (0, [B, A])
    assert pathlib.Path("got", A).read_bytes() == good


def test_replaced_artifact_without_metadata_is_a_mismatch(cli: Cli, release: Release) -> None:
    """The page lists no hash files, so nothing of the container confirms the bytes."""
    release.routes[f"/{A}"] = dated(EVIL, LONG_AGO)
    result = fetch(cli, release)
    assert (result.code, got()) == (1, [".rejected", B])
    assert "mismatch" in line_of(result, "refused")


Change = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (lambda page: page.replace(b"demo 1.0", b"demo 1,0"), "its hash is"),
        (lambda page: b"<html>log in", "its hash is"),
        (lambda page: b'{"error": 1}', "and is no HTML page"),
        (lambda page: b"", "and is no HTML page"),
    ],
)
@every_command
def test_other_page(cli: Cli, release: Release, other: Change, text: str, verb: str) -> None:
    release.routes[f"/{NAME}"] = dated(other(release.page), LONG_AGO)
    pathlib.Path("dist").mkdir()
    result = {
        "fetch": lambda: cli(*FETCH_AND_WAIT, release.address),
        "verify": lambda: cli("verify", "dist", "--against", release.address),
        "page show": lambda: cli("page", "show", release.address, "-o", "kept.html"),
    }[verb]()
    assert (result.code, got()) == (7, [])
    assert not pathlib.Path("kept.html").exists()
    assert "error: not-the-page: " in result.err
    assert text in result.err
    assert "compare the address" in result.err
    # At once, and no link was followed.
    assert release.server.paths() == [f"/{NAME}"]


@pytest.mark.parametrize("heals", [True, False])
@pytest.mark.parametrize("verb", ["fetch", "page show"])
def test_young_page_that_is_not_there_yet(
    cli: Cli, release: Release, monkeypatch: pytest.MonkeyPatch, heals: bool, verb: str
) -> None:
    """A store that lags serves the page of the last release for a while."""
    short_pauses(monkeypatch)
    old = make_page(_RELEASE, release.server.url, {A: "0" * 64})

    def lagging(handler: Handler) -> None:
        good = heals and len(release.server.paths()) > 3
        dated(release.page if good else old, NOW)(handler)

    release.routes[f"/{NAME}"] = lagging
    fetching = (*FETCH_AND_WAIT, release.address)
    command = fetching if verb == "fetch" else ("page", "show", release.address)
    result = cli(*command, *(() if heals else ("--wait", 0.1)))
    assert result.code == (0 if heals else 7)
    assert "waiting" in result.out


@pytest.mark.parametrize("verb", ["fetch", "page show"])
def test_unavailable_server_is_waited_for(
    cli: Cli, release: Release, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    short_pauses(monkeypatch)

    def failing(handler: Handler) -> None:
        if len(release.server.paths()) < 3:
            respond(handler, 503, b"busy")
        else:
            respond(handler, 200, release.page)

    release.routes[f"/{NAME}"] = failing
    fetching = (*FETCH_AND_WAIT, release.address)
    result = cli(*(fetching if verb == "fetch" else ("page", "show", release.address)))
    assert (result.code, result.err) == (0, "")


def test_page_that_was_cut(cli: Cli, release: Release) -> None:
    def cut(handler: Handler) -> None:
        handler.close_connection = True
        respond(handler, 200, release.page[:200], Content_Length=str(len(release.page)))

    release.routes[f"/{NAME}"] = cut
    result = fetch(cli, release)
    assert result.code == 5
    assert "truncated" in result.err


@pytest.mark.parametrize(("status", "code"), [(404, 5), (403, 5), (500, 5)])
def test_page_that_is_not_there(cli: Cli, release: Release, status: int, code: int) -> None:
    release.routes[f"/{NAME}"] = lambda handler: respond(handler, status, b"no")
    assert fetch(cli, release).code == code


def test_page_that_is_too_large(cli: Cli, release: Release) -> None:
    release.write(release.page + b" " * MAX_BYTES)
    assert fetch(cli, release).code == 5
    pathlib.Path("big.html").write_bytes(release.page)
    result = cli("page", "show", f"big.html#sha256={release.pin}")
    assert (result.code, "larger than" in result.err) == (3, True)


def test_compressed_page(cli: Cli, release: Release) -> None:
    body = gzip.compress(release.page)
    release.routes[f"/{NAME}"] = lambda handler: respond(
        handler, 200, body, Content_Encoding="gzip"
    )
    assert fetch(cli, release).code == 0


def test_missing_artifact(cli: Cli, release: Release) -> None:
    del release.routes[f"/{A}"]
    result = fetch(cli, release)
    assert (result.code, got()) == (4, [B])
    assert "missing-artifact" in line_of(result, "refused")
    release.routes.clear()


def test_host_that_answers_every_path(cli: Cli, release: Release) -> None:
    """Soft 404: a host without hash files that never says so."""
    for name in release.contents:
        release.routes[f"/{name}.sha256"] = b"<html>nothing here</html>"
    assert fetch(cli, release).code == 0


def test_names_with_plus_signs(cli: Cli, release: Release) -> None:
    name = "demo-1.0+cu12-py3-none-any.whl"
    content = wheel_bytes(name=name)
    local = release_of(name)
    assert local is not None
    page = make_page(local, release.server.url, {name: sha256(content)})
    release.routes |= {"/demo-1.0+cu12-downloads.html": page, f"/{name}": content}
    address = f"{release.server.url}{local.page_name}#sha256={hash_of(page)}"
    result = cli(*FETCH, address)
    assert (result.code, got()) == (0, [name])
    assert all("%2B" in path for path in release.server.paths())


def test_one_level_deep(cli: Cli, release: Release) -> None:
    """Links to other pages and to hash files are named, and never followed."""
    url = release.server.url
    more = f'<a href="{url}more-1.0-downloads.html#sha256={"0" * 64}">more</a><a href="{A}.sha256">'
    release.write(release.page.replace(b"</body>", more.encode() + b"</body>"))
    result = fetch(cli, release)
    assert result.code == 0
    assert f"not followed, not an artifact: {url}more-1.0-downloads.html" in result.out
    assert sorted(release.server.paths()) == sorted([f"/{NAME}", f"/{A}", f"/{B}"])


def test_link_without_sha256(cli: Cli, release: Release) -> None:
    page = release.page.decode().replace(f"#sha256={sha256(release.contents[A])}", "")
    release.write(page.encode())
    result = fetch(cli, release)
    assert (result.code, got()) == (3, [B])
    assert "unreadable: its link has no SHA-256" in line_of(result, "refused")
    result = cli("page", "show", release.address, "-o", "kept.html")
    assert (result.code, pathlib.Path("kept.html").exists()) == (3, False)
    assert f"unreadable: {A}: its link has no SHA-256" in result.out


def test_redirect_to_the_page(cli: Cli, release: Release) -> None:
    """The name in the address counts, and the hash."""
    release.routes["/blob"] = release.page
    release.routes[f"/{NAME}"] = to(f"{release.server.url}blob")
    assert fetch(cli, release).code == 0


def test_any_page_can_be_pinned(cli: Cli, release: Release) -> None:
    release.routes["/"] = release.page
    address = f"{release.server.url}#sha256={release.pin}"
    assert cli(*FETCH, address, "--require", "pinned").code == 0
    release.routes["/"] = release.page.replace(b"1.0", b"1.1")
    assert cli(*FETCH, address).code == 7


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("", "a downloads page without its hash; add #sha256=HEX as page make printed it, or read"),
        ("#", "a downloads page without its hash"),
        ("#sha256=abc", "must have 64 hex digits"),
        (f"#sha512={'0' * 128}", "pinned by its SHA-256"),
    ],
)
@every_command
def test_address_without_a_valid_hash(
    cli: Cli, release: Release, fragment: str, text: str, verb: str
) -> None:
    pathlib.Path("dist").mkdir()
    address = f"{release.server.url}{NAME}{fragment}"
    command = {
        "fetch": (*FETCH, address),
        "verify": ("verify", "dist", "--against", address),
        "page show": ("page", "show", address),
    }[verb]
    result = cli(*command)
    assert result.code == 2
    assert text.partition(", or")[0] in result.err
    assert release.server.paths() == []


def test_unpinned_page_is_an_ordinary_page(cli: Cli, release: Release) -> None:
    address = f"{release.server.url}{NAME}"
    result = cli(*FETCH, address, "--unpinned")
    assert (result.code, result.err) == (0, "")
    assert "weakest tier: container" in result.out
    result = cli(*FETCH, address, "--unpinned", "--require", "pinned")
    assert result.code == 2
    # A hash that is given is always checked.
    release.routes[f"/{NAME}"] = release.page + b" "
    assert fetch(cli, release, "--unpinned").code == 7


def test_show_lists_the_files_and_keeps_the_page(cli: Cli, release: Release) -> None:
    result = cli("page", "show", release.address, "-o", "kept.html")
    assert (result.code, result.err) == (0, "")
    for name, digest in release.digests.items():
        assert f"{digest}  {name}\n           {release.server.url}{name}\n" in result.out
    origin = release.server.url.rstrip("/")
    closing = f"the page has this hash: 2 artifacts{{}} at {origin}"
    assert (
        result.out.splitlines()[-1]
        == f"{closing.format(' of demo 1.0')} (page read over plain HTTP)"
    )
    assert pathlib.Path("kept.html").read_bytes() == release.page
    result = cli("page", "show", f"kept.html#sha256={release.pin}", "--quiet")
    assert (result.code, result.out.splitlines()[-1]) == (0, closing.format(""))


def test_show_of_other_pages(cli: Cli, release: Release) -> None:
    release.write(b"<html>nothing</html>")
    result = cli("page", "show", release.address)
    assert (result.code, "no links to artifacts" in result.out) == (3, True)
    release.write(b'<html><meta name="pypi:repository-version" content="2.0">')
    result = cli("page", "show", release.address)
    assert (result.code, "unreadable" in result.err) == (3, True)
    assert fetch(cli, release).code == 3
    result = cli("page", "show", f"nowhere.html#sha256={'0' * 64}")
    assert (result.code, "no such file" in result.err) == (2, True)
    result = cli("page", "show", f"http://host:x/y#sha256={'0' * 64}")
    assert (result.code, "malformed URL" in result.err) == (2, True)


@pytest.fixture
def tls(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The context of a server that is trusted."""
    authority = trustme.CA()
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_https_page_with_http_links(cli: Cli, release: Release, tls: ssl.SSLContext) -> None:
    with serving({f"/{NAME}": release.page}, tls) as server:
        address = f"{server.url}{NAME}#sha256={release.pin}"
        result = cli(*FETCH, address)
        assert (result.code, got()) == (3, [])
        assert "http links on an https page are not followed" in line_of(result, "refused")
        assert cli("page", "show", address).code == 3
    assert release.server.paths() == []


@pytest.mark.parametrize("verb", ["fetch", "page show"])
def test_interrupt_while_the_page_is_waited_for(verb: str) -> None:
    stop = threading.Event()

    def never(_: Handler) -> None:
        stop.wait(600)

    with serving({f"/{NAME}": never}) as server:
        address = f"{server.url}{NAME}#sha256={'0' * 64}"
        words = ("fetch", "--verify", "demo") if verb == "fetch" else ("page", "show")
        command = begin(lambda: bool(server.paths()), *words, address)
        _, _, seconds = signal_and_wait(command, signal.SIGINT)
        stop.set()
    assert command.returncode == 130
    assert seconds < SOON


def test_other_files_of_the_project_are_not_mixed_in(cli: Cli, release: Release) -> None:
    page = release.page.decode().replace(
        f"{release.server.url}{B}#", f"{release.server.url}{SDIST}x#"
    )
    release.write(page.encode())
    assert fetch(cli, release).code == 0
    assert got() == [A]
