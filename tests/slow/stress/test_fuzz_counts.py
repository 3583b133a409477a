"""10,000 hash files and 2,000 index pages, sent by a server."""

from __future__ import annotations

import contextlib
import pathlib
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.slow.fuzz.strategies import (
    hash_files,
    index_pages,
    json_listings,
    json_pages,
    xml_listings,
)
from tests.slow.fuzz.targets import NAME, opening_nothing
from tests.support.servers import Handler, respond, serving
from wheelhouse_hashes.artifacts import ListedArtifact
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.errors import Refusal, WheelhouseHashesError
from wheelhouse_hashes.formats import hash_file, pages
from wheelhouse_hashes.listing.pages import read
from wheelhouse_hashes.options import FetchOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session

#: Pages that load all lazy imports.
_FIRST_PAGES = (
    ("text/html", b"<a href='x.whl'>\x80</a>"),
    ("application/json", b"{}"),
    ("application/xml", b"<x/>"),
)

PIECE = b"a" * 1_000_000

#: Seconds that a reader has to close its connection after the limit.
CLOSING_TIME = 60.0


def _listed(url: str, name: str) -> ListedArtifact:
    """Return an artifact whose hash file is listed: an unreadable one does not count as absent."""
    return ListedArtifact(name, url + name, companions={f"{name}.sha256": f"{url}{name}.sha256"})


class Sender:
    """Sends given bytes, or one piece more than a limit and then nothing."""

    def __init__(self) -> None:
        self.body = b""
        self.kind = "text/html"
        self.url = ""
        self.limit = 0
        self.closed = threading.Event()

    def once(self, handler: Handler) -> None:
        respond(handler, 200, self.body, Content_Type=self.kind)

    def without_end(self, handler: Handler) -> None:
        """Send more than the limit, then keep the connection until the reader closes it."""
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Type", self.kind)
        handler.end_headers()
        try:
            for _ in range(self.limit // len(PIECE) + 1):
                handler.wfile.write(PIECE)
            handler.connection.settimeout(CLOSING_TIME)
            handler.connection.recv(1)
        except TimeoutError:
            return
        except OSError:
            pass  # The reader closed with bytes unread.
        self.closed.set()


@pytest.fixture(scope="module")
def sender() -> Iterator[Sender]:
    """A server with a hash file, a page and an endless object."""
    sender = Sender()
    routes = {
        f"/{NAME}.sha256": sender.once,
        "/page": sender.once,
        "/endless": sender.without_end,
        "/endless.sha256": sender.without_end,
    }
    with serving(routes) as server:
        sender.url = server.url
        yield sender


@pytest.fixture(scope="module")
def run(sender: Sender) -> Iterator[Session[FetchOptions]]:
    """A fetch in progress, after a first request has loaded the lazy imports."""
    options = FetchOptions(project_name="demo", url="http://127.0.0.1/", wait=0.0)
    run = Session("fetch", options, Plugins.load(BUILT_IN, {}))
    with contextlib.closing(run.client):
        run.plugins.claims(_listed(sender.url, NAME), run)
        for sender.kind, sender.body in _FIRST_PAGES:
            with contextlib.suppress(Refusal):
                read(run, sender.url + "page")
        yield run


def test_fetch_ten_thousand_fuzzed_hash_files(sender: Sender, run: Session[FetchOptions]) -> None:
    seen = 0

    @settings(deadline=None, max_examples=10_000)
    @given(hash_files)
    def each(data: bytes) -> None:
        nonlocal seen
        seen += 1
        sender.body = data
        artifact = _listed(sender.url, NAME)
        with opening_nothing():
            claims = run.plugins.claims(artifact, run)
        assert len(claims) == 1

    each()
    print(f"\n{seen} hash files")
    assert seen >= 10_000


def test_fetch_two_thousand_fuzzed_index_pages(sender: Sender, run: Session[FetchOptions]) -> None:
    seen = 0

    @settings(deadline=None, max_examples=2_000)
    @given(
        st.one_of(
            st.tuples(st.just("text/html"), index_pages),
            st.tuples(st.just(pages.JSON_TYPE), json_pages),
            st.tuples(st.just("application/json"), json_listings),
            st.tuples(st.sampled_from(("application/xml", "text/plain")), xml_listings),
            st.tuples(st.sampled_from(("text/plain", "x; charset=no", "", "\u00e9")), index_pages),
        )
    )
    def each(page: tuple[str, bytes]) -> None:
        nonlocal seen
        seen += 1
        sender.kind, sender.body = page
        with opening_nothing():
            try:
                listing = read(run, sender.url + "page")
            except Refusal:
                return
        for entry in listing.entries:
            assert entry.url.startswith(("http://", "https://"))

    each()
    print(f"\n{seen} index pages")
    assert seen >= 2_000


@pytest.mark.parametrize("path", ["endless", "endless.sha256"])
def test_fetch_stops_reading_at_size_limit(
    sender: Sender, run: Session[FetchOptions], path: str
) -> None:
    sender.kind = "text/html"
    sender.closed.clear()
    if path == "endless":
        sender.limit = cap = pages.MAX_BYTES
        with pytest.raises(WheelhouseHashesError, match=f"more than {cap} bytes"):
            read(run, sender.url + path)
    else:
        sender.limit = cap = hash_file.MAX_BYTES
        artifact = _listed(sender.url, "endless")
        (finding,) = run.plugins.claims(artifact, run)
        assert f"more than {cap} bytes" in str(finding)
    assert sender.closed.wait(CLOSING_TIME / 2)


def test_path_in_hash_file_is_not_opened(
    sender: Sender, run: Session[FetchOptions], tmp_path: pathlib.Path
) -> None:
    other = tmp_path / NAME
    other.write_bytes(b"not the artifact")
    sender.body = f"{'0' * 64}  {other}\n".encode()
    with opening_nothing():
        (claim,) = run.plugins.claims(ListedArtifact(NAME, sender.url + NAME), run)
    assert "0" * 64 in str(claim)
