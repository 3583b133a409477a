"""The table of docs/trust.rst: each row is applied to a release and fetched with each source."""

from __future__ import annotations

import hashlib
import hmac
import pathlib
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from packaging.version import Version

from tests.conftest import Cli, Result
from tests.support import ROOT
from tests.support.artifacts import sha256, wheel_bytes
from tests.support.logs import VKEY, make_log
from tests.support.plugins import install
from tests.support.servers import Handler, Respond, respond, serving
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Finding, ListedArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.downloads_page import Release, hash_of, make_page
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.tlog.entries import Entry

pytestmark = pytest.mark.thorough

PAGE = ROOT.joinpath("docs", "trust.rst").read_text("utf-8")
SOURCES = ("hash file", "the page", "pinned page", "index", "metadata", "list", "signature", "log")
#: The column that tests/attest/test_trust.py tests, because it needs sigstore.
ATTESTATION = "attestation"
COLUMNS = (*SOURCES, ATTESTATION)
CELL = r" +(yes|no)" * len(COLUMNS)
TABLE = {
    what.strip(): dict(zip(COLUMNS, cells, strict=True))
    for what, *cells in re.findall(rf"^(\S.*?\S){CELL}$", PAGE, re.MULTILINE)
}

ATTESTED = {what: cells[ATTESTATION] for what, cells in TABLE.items()}

WHEEL, OTHER, ADDED = (f"demo-1.0-{tag}-none-any.whl" for tag in ("cp310", "cp311", "cp312"))
KEY = b"kept elsewhere"
RELEASE = Release("demo", Version("1.0"))


def signature(content: bytes) -> bytes:
    """Stand in for an OpenPGP signature: only the key's owner can make it."""
    return hmac.new(KEY, content, "sha256").hexdigest().encode()


class Signatures:
    """Stand in for the plugin of examples/wheelhouse-hashes-gpg."""

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        return object_name.removesuffix(".sig") if object_name.endswith(".sig") else None

    @hookimpl
    def wheelhouse_inspect(
        self, artifact: ListedArtifact, path: pathlib.Path, run: Run
    ) -> Sequence[Finding]:
        if run.companion(artifact, ".sig") == signature(path.read_bytes()):
            return []
        return [Finding(Cause.UNTRUSTED, "not signed by the key")]


@dataclass
class World:
    """A release of two wheels with a single source of claims."""

    source: str
    objects: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    #: The page kept elsewhere, the pinned page or the package index: name to digest.
    links: dict[str, str] = field(default_factory=dict)
    #: The links of the page whose hash was pinned.
    pinned: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    #: Whether a wheel in the target folder is replaced after the fetch.
    changed_afterwards: bool = False

    def announce(
        self, name: str, content: bytes, *, signed: bool = True, built_as: str = ""
    ) -> None:
        """Publish the digest or signature beside an artifact.

        :param signed: whether the key's owner signs it.
        :param built_as: the name under which it was built, if that is another one.
        """
        if self.source == "hash file":
            self.objects[f"{name}.sha256"] = f"{sha256(content)}  {name}\n".encode()
        if self.source == "signature" and signed:
            self.objects[f"{name}.sig"] = signature(content)

    def put(self, name: str, content: bytes) -> None:
        """Publish an artifact with its metadata."""
        self.objects[name] = content
        if self.source == "metadata":
            self.metadata[name] = sha256(content)

    def forget(self, name: str) -> None:
        """Delete an artifact and all its companions."""
        for owned in [found for found in self.objects if found.startswith(name)]:
            del self.objects[owned]

    def page(self, handler: Handler) -> None:
        """Answer with the page kept elsewhere, or with the container's listing."""
        if self.source == "the page":
            self.index(handler)
        else:
            made = [f'<a href="{name}">{name}</a>' for name in sorted(self.objects)]
            respond(handler, 200, "\n".join(made).encode())

    def index(self, handler: Handler) -> None:
        """Answer with the links of another server."""
        made = [f'<a href="{n}#sha256={digest}">{n}</a>' for n, digest in self.links.items()]
        respond(handler, 200, "\n".join(made).encode())

    def answer(self, name: str) -> Respond:
        def answer(handler: Handler) -> None:
            if name not in self.objects:
                respond(handler, 404, b"not here")
                return
            sent = {"X_Object_Meta_SHA256": self.metadata[name]} if name in self.metadata else {}
            content = self.objects[name]
            if self.cut and name == WHEEL:
                handler.close_connection = True
                sent["Content_Length"] = str(len(content))
                content = content[:-100]
            respond(handler, 200, content, **sent)

        return answer


def release(world: World, contents: dict[str, bytes]) -> None:
    """Publish a good release, and log it."""
    for name, content in contents.items():
        world.announce(name, content)
        world.put(name, content)
        if world.source in ("the page", "pinned page", "index"):
            world.links[name] = sha256(content)
    world.pinned = dict(world.links)
    sums = [f"{sha256(content)}  {name}\n" for name, content in contents.items()]
    pathlib.Path("SHA256SUMS").write_text("".join(sums))
    if world.source == "log":
        for folder in ("log", "log-state"):
            shutil.rmtree(folder, ignore_errors=True)
        entries = [Entry(name, sha256(content)) for name, content in contents.items()]
        make_log(pathlib.Path("log"), sorted(entries, key=lambda each: each.name))


def truncate(world: World) -> None:
    world.cut = True


def changed_bytes(world: World) -> None:
    content = bytearray(world.objects[WHEEL])
    content[60] ^= 1
    world.objects[WHEEL] = bytes(content)


def end_upload_early(world: World) -> None:
    del world.objects[WHEEL]


def another_build(world: World) -> None:
    world.put(WHEEL, wheel_bytes("another build", WHEEL))


def replaced(world: World) -> None:
    world.put(WHEEL, wheel_bytes("evil", WHEEL))
    world.announce(WHEEL, wheel_bytes("evil", WHEEL), signed=False)


def changed_in_transit(world: World) -> None:
    replaced(world)
    if world.links:
        world.links[WHEEL] = sha256(wheel_bytes("evil", WHEEL))


def old_one_is_back(world: World) -> None:
    world.put(WHEEL, wheel_bytes("old", WHEEL))
    world.announce(WHEEL, wheel_bytes("old", WHEEL), signed=True)  # it was signed at the time


def old_bytes_under_new_name(world: World) -> None:
    other_name(world, WHEEL.replace("1.0", "0.9"))


def renamed_build(world: World) -> None:
    other_name(world, OTHER)


def other_name(world: World, name: str) -> None:
    """Publish an artifact of another name as the wheel; it was signed at the time."""
    world.put(WHEEL, wheel_bytes("good", name))
    world.announce(WHEEL, wheel_bytes("good", name), signed=True, built_as=name)


def gone(world: World) -> None:
    world.forget(WHEEL)


def added(world: World) -> None:
    world.put(ADDED, wheel_bytes("evil", ADDED))
    world.announce(ADDED, wheel_bytes("evil", ADDED), signed=False)


def changed_beforehand(world: World) -> None:
    assert world.source
    change_folder()


def changed_afterwards(world: World) -> None:
    world.changed_afterwards = True


def change_folder() -> None:
    """Replace a wheel in the target folder."""
    target = pathlib.Path("got", WHEEL)
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(wheel_bytes("evil"))


def bad_build(world: World) -> None:
    release(
        world, {WHEEL: wheel_bytes("made by a virus", WHEEL), OTHER: wheel_bytes("good", OTHER)}
    )


ROWS: dict[str, Callable[[World], None]] = {
    "a download was cut": truncate,
    "a disk, a cache or a proxy changed bytes": changed_bytes,
    "an upload ended between hash file and wheel": end_upload_early,
    "another build was uploaded without hash file": another_build,
    "a writer of the container replaced a wheel": replaced,
    "somebody on the way changed all answers": changed_in_transit,
    "an old wheel is back with all that was its": old_one_is_back,
    "a wheel of an old release got a new name": old_bytes_under_new_name,
    "a wheel of another platform got its name": renamed_build,
    "a wheel and all that was its is gone": gone,
    "a wheel was added with a hash file of its": added,
    "a local user changed the folder beforehand": changed_beforehand,
    "a local user changed the folder afterwards": changed_afterwards,
    "the build machine made a bad wheel": bad_build,
}


def fetch(cli: Cli, world: World, *options: object) -> Result:
    routes: dict[str, Respond | bytes] = {"/": world.page}
    routes |= {f"/{name}": world.answer(name) for name in {*world.objects, WHEEL, OTHER}}
    arguments = (*options, *(() if claims(world) else ("--missing-hash", "accept")))
    if world.source == "log":
        arguments = (*options, "--log", "log", "--log-key", VKEY)
    with serving(routes) as server:
        address = server.url
        if world.source == "pinned page":
            routes[f"/{RELEASE.page_name}"] = make_page(RELEASE, server.url, world.links)
            pin = hash_of(make_page(RELEASE, server.url, world.pinned))
            address += f"{RELEASE.page_name}#sha256={pin}"
        result = cli(
            *("fetch", "--verify", "--wait", 0, "--local-folder", "got", *arguments),
            *("demo", address),
        )
        if world.changed_afterwards:
            change_folder()
        if world.source == "index" and result.code == 0:
            routes["/simple/demo/"] = world.index
            address = f"{server.url}simple/demo/"
            return cli("verify", "got", "--index", address, "--wait", 0)
        if world.source == "pinned page" and world.changed_afterwards:
            return cli("verify", "got", "--against", address)
    return result


def claims(world: World) -> bool:
    return world.source in ("hash file", "the page", "pinned page", "metadata")


def contents() -> dict[str, str]:
    found = pathlib.Path("got").glob("demo-*")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> World:
    """A good release with one source."""
    world = World(request.param)
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(pathlib.Path("state").absolute()))
    if world.source == "signature":
        install(monkeypatch, signatures=Signatures())
    release(world, {WHEEL: wheel_bytes("good", WHEEL), OTHER: wheel_bytes("good", OTHER)})
    return world


each_source = pytest.mark.parametrize("world", SOURCES, indirect=True)


def test_trust_table_has_the_tested_rows() -> None:
    assert list(TABLE) == list(ROWS)
    heading = re.search(r"^what happened +(.*)$", PAGE, re.MULTILINE)
    assert heading is not None
    assert tuple(re.split(" {2,}| (?=list)| (?=signature)", heading[1])) == COLUMNS


@each_source
def test_good_release_is_fetched(cli: Cli, world: World) -> None:
    assert fetch(cli, world).code == 0
    assert contents() == {
        WHEEL: sha256(wheel_bytes("good", WHEEL)),
        OTHER: sha256(wheel_bytes("good", OTHER)),
    }


@pytest.mark.parametrize("what", ROWS)
@each_source
def test_source_detects_what_trust_table_says(cli: Cli, world: World, what: str) -> None:
    good = {WHEEL: sha256(wheel_bytes("good", WHEEL)), OTHER: sha256(wheel_bytes("good", OTHER))}
    ROWS[what](world)
    results = [fetch(cli, world)]
    if world.source == "list":
        results.append(cli("verify", "got", "--against", "SHA256SUMS"))
    detected = any(result.code for result in results) or contents() == good
    assert ("yes" if detected else "no") == TABLE[what][world.source], results


@pytest.mark.parametrize("what", [gone, added])
@pytest.mark.parametrize("world", ["hash file", "signature"], indirect=True)
def test_expect_detects_missing_and_added_artifacts(
    cli: Cli, world: World, what: Callable[[World], None]
) -> None:
    what(world)
    assert fetch(cli, world, "--expect", 2).code != 0
