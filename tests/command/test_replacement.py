"""The replacement attack: someone with the store's write key uploads other bytes with this tool.

The bytes, the hash file and the object's metadata then agree with each other.  Only a source
that the container cannot change shows the replacement.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Iterator, Sequence
from email.utils import formatdate

import pytest

from tests.conftest import Cli
from tests.support.artifacts import HASH_FILE, A, B, make_wheel, sha256
from tests.support.commands import FETCH, UPLOAD, got
from tests.support.plugins import install
from tests.support.servers import Handler, Respond, Server, respond, serving
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest, ListedArtifact, Tier
from wheelhouse_hashes.causes import NEXT_STEP, Cause

DAY = 86400.0


class Pin:
    """Claims a digest that it holds."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @hookimpl
    def wheelhouse_tiers(self) -> Sequence[Tier]:
        return [Tier.PINNED]

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact) -> Sequence[Claim]:
        if artifact.name != A:
            return []
        return [Claim(Digest("sha256", sha256(self.content)), "pin", "pins.txt", Tier.PINNED)]


class Store:
    """A store of objects that were uploaded; it sends their metadata as Swift does."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        #: Seconds since the last change, by name; a day for all others.
        self.ages: dict[str, float] = {}
        #: Older versions of objects, answered first: a replica that lags.
        self.stale: dict[str, list[bytes]] = {}

    def dated(self, handler: Handler, name: str, content: bytes, **headers: str) -> None:
        changed = formatdate(time.time() - self.ages.get(name, DAY), usegmt=True)
        respond(handler, 200, content, Last_Modified=changed, **headers)

    def object(self, name: str) -> Respond:
        def answer(handler: Handler) -> None:
            versions = self.stale.get(name)
            content = versions.pop(0) if versions else self.read(name)
            self.dated(handler, name, content, X_Object_Meta_Sha256=sha256(content))

        return answer

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


@pytest.fixture
def store(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> Store:
    """A container with one uploaded wheel."""
    make_wheel(dist, A, b"built by CI")
    assert cli(*UPLOAD).code == 0
    return Store(container)


@pytest.fixture
def original(store: Store) -> bytes:
    """The bytes that CI built."""
    return store.read(A)


@pytest.fixture
def container_url(store: Store) -> Iterator[Server]:
    """The container, served with its own index page."""
    routes = {f"/{name}": store.object(name) for name in (A, HASH_FILE)}
    page: Respond = lambda handler: store.dated(handler, "", store.read("index.html"))  # noqa: E731
    with serving({"/": page, **routes}) as server:
        yield server


@pytest.fixture
def page_elsewhere(store: Store, original: bytes, container_url: Server) -> Iterator[Server]:
    """An index page on another server, made from the original bytes."""
    link = f'<a href="{container_url.url}{A}#sha256={sha256(original)}">{A}</a>'.encode()
    with serving({"/": lambda handler: store.dated(handler, "page", link)}) as server:
        yield server


def attack(cli: Cli, dist: pathlib.Path) -> None:
    """Replace the wheel with the tool itself: bytes, hash file and metadata."""
    make_wheel(dist, A, b"made by somebody")
    assert cli(*UPLOAD).line("replaced").split()[1] == A


def test_container_alone_cannot_show_a_replacement(
    cli: Cli, dist: pathlib.Path, store: Store, original: bytes, container_url: Server
) -> None:
    attack(cli, dist)
    result = cli(*FETCH, container_url.url)
    assert result.code == 0
    assert result.line("ok").endswith("sha256  link, hash file, header  container")
    assert pathlib.Path("got", A).read_bytes() != original


@pytest.mark.parametrize("source", ["page", "pin"])
def test_replacement_is_refused_at_once_by_old_dates(
    cli: Cli,
    dist: pathlib.Path,
    original: bytes,
    container_url: Server,
    page_elsewhere: Server,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attack(cli, dist)
    url = page_elsewhere.url
    if source == "pin":
        install(monkeypatch, pin=Pin(original))
        url = container_url.url
    result = cli(*FETCH[:2], "--wait", 60, *FETCH[4:], url)
    assert result.code == 7
    named = "link (http://127.0.0.1" if source == "page" else "pin (pins.txt)"
    assert f"replaced: the container's own digests match these bytes, but {named}" in result.out
    assert f"next      {NEXT_STEP[Cause.REPLACED]}" in result.out
    assert "verified 0 of 1 artifacts, refused 1" in result.out
    assert container_url.paths().count(f"/{A}") == 1
    assert "waiting" not in result.out
    assert A not in got()
    (rejected,) = pathlib.Path("got", ".rejected").iterdir()
    assert rejected.read_bytes() == (dist / A).read_bytes()


@pytest.mark.parametrize("young", [A, HASH_FILE, "page"])
def test_replacement_is_waited_for_by_young_dates(
    cli: Cli,
    dist: pathlib.Path,
    store: Store,
    container_url: Server,
    page_elsewhere: Server,
    young: str,
) -> None:
    attack(cli, dist)
    store.ages[young] = 600
    result = cli(*FETCH[:2], "--wait", 0.5, *FETCH[4:], page_elsewhere.url)
    assert result.code == 7
    assert "replaced: " in result.line("waiting")
    assert "replaced: " in result.line("refused")
    assert container_url.paths().count(f"/{A}") > 2


@pytest.mark.parametrize("young", ["", "unrelated"])
def test_date_of_other_objects_does_not_count(
    cli: Cli,
    dist: pathlib.Path,
    store: Store,
    original: bytes,
    container_url: Server,
    young: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The container's own page is neither the bytes nor the outside source.
    attack(cli, dist)
    store.ages[young] = 0
    install(monkeypatch, pin=Pin(original))
    result = cli(*FETCH[:2], "--wait", 60, *FETCH[4:], container_url.url)
    assert (result.code, "waiting" in result.out) == (7, False)


def test_new_build_that_reaches_the_store_late_is_waited_for(
    cli: Cli, dist: pathlib.Path, store: Store, container_url: Server
) -> None:
    old = {name: [store.read(name)] * 2 for name in (A, HASH_FILE)}
    attack(cli, dist)  # this time it is a rebuild, and the page is made from it
    store.stale, store.ages[A] = old, 60
    link = f'<a href="{container_url.url}{A}#sha256={sha256(store.read(A))}">{A}</a>'.encode()
    with serving({"/": link}) as page:
        result = cli(*FETCH[:2], "--wait", 20, *FETCH[4:], page.url)
    assert result.code == 0
    assert pathlib.Path("got", A).read_bytes() == store.read(A)


def test_damage_is_no_replacement(
    cli: Cli, store: Store, container_url: Server, page_elsewhere: Server
) -> None:
    # Neither the page nor the hash file confirms the bytes, and the metadata are missing.
    flipped = bytearray(store.read(A))
    flipped[60] ^= 1
    with serving({f"/{A}": bytes(flipped), f"/{HASH_FILE}": store.read(HASH_FILE)}) as broken:
        link = f'<a href="{broken.url}{A}#sha256={sha256(store.read(A))}">{A}</a>'.encode()
        with serving({"/": link}) as page:
            result = cli(*FETCH, page.url)
    assert (result.code, "mismatch: " in result.line("refused")) == (1, True)


def test_outside_sources_that_disagree_are_a_conflict(
    cli: Cli,
    dist: pathlib.Path,
    container_url: Server,
    page_elsewhere: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attack(cli, dist)
    install(monkeypatch, pin=Pin(b"a third build"))
    result = cli(*FETCH, page_elsewhere.url)
    assert result.code == 1
    refused = result.line("refused")
    assert "conflict: digests from outside the container contradict each other: " in refused
    assert "link (http://" in refused
    assert "pin (pins.txt)" in refused


def test_replacement_outranks_other_refusals(
    cli: Cli, dist: pathlib.Path, original: bytes, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(cli, dist)
    make_wheel(dist, B)
    (store.folder / HASH_FILE).replace(dist / HASH_FILE)
    (dist / f"{B}.sha256").write_text(f"{sha256(b'wrong')}  {B}\n")
    install(monkeypatch, pin=Pin(original))
    result = cli("verify", "dist")
    assert result.code == 7
    assert "mismatch: " in result.out
    assert "replaced: " in result.out
