"""A log and its host that lag, fail or lie: what ``fetch``, ``verify`` and audits wait for."""

from __future__ import annotations

import email.utils
import gzip
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from hashlib import sha256

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import hash_file, wheel_bytes
from tests.support.commands import fetch, got
from tests.support.logs import KEY, OBSERVER, VKEY, files, make_log, wheel
from tests.support.servers import Handler, Respond, Server, respond, serving
from tests.support.signaled import SOON, begin, signal_and_wait
from tests.support.waits import short_pauses
from wheelhouse_hashes.builtin.logs import checking
from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.keys import SigningKey
from wheelhouse_hashes.tlog.note import Checkpoint, Note, Signature, open_checkpoint, sign

LOG = pathlib.Path("log")
A, B = wheel(1), wheel(2)
GOOD, EVIL = wheel_bytes(b"good", A), wheel_bytes(b"evil", A)
NOW, LONG_AGO = 0.0, 1e6


@pytest.fixture(autouse=True)
def state(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The public key in the environment, and a state folder."""
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_LOG_KEY", VKEY)
    short_pauses(monkeypatch)


def dated(content: bytes, age: float, **headers: str) -> Respond:
    """Return an answer that did not change for some seconds."""
    changed = email.utils.formatdate(time.time() - age, usegmt=True)
    return lambda handler: respond(handler, 200, content, Last_Modified=changed, **headers)


class World:
    """A release of one wheel with its hash file, and a log that has it."""

    def __init__(self) -> None:
        page = f'<a href="{A}">{A}</a> <a href="{A}.sha256">{A}.sha256</a>'
        self.routes: dict[str, Respond | bytes] = {"/": page.encode()}
        self.server = Server("")
        self.publish(GOOD, LONG_AGO)
        self.grow()

    def publish(self, content: bytes, age: float) -> None:
        """Replace the wheel, its metadata and its hash file."""
        digest = sha256(content).hexdigest()
        self.routes[f"/{A}"] = dated(content, age, X_Object_Meta_SHA256=digest)
        self.routes[f"/{A}.sha256"] = dated(hash_file(content, A), age)

    def grow(self, *added: Entry) -> dict[str, bytes]:
        """Append to the log, and serve it; return its objects."""
        make_log(LOG, [Entry(A, sha256(GOOD).hexdigest()), *added])
        objects = files(LOG)
        self.routes.update({f"/log/{path}": content for path, content in objects.items()})
        return objects

    def fetch(self, cli: Cli, *options: object) -> Result:
        return fetch(cli, self.server.url, "--log", f"{self.server.url}log", *options)


@pytest.fixture
def world() -> Iterator[World]:
    """A release and its log, served."""
    world = World()
    with serving(world.routes) as world.server:
        yield world


def others(count: int) -> list[Entry]:
    return [Entry(f"other-{n}.tar.gz", f"{n:064x}") for n in range(count)]


def remembered() -> bytes:
    (path,) = pathlib.Path("state").glob("log-*/latest")
    return path.read_bytes()


def evidence() -> bytes:
    (path,) = pathlib.Path("state").glob("log-*/evidence-*")
    return path.read_bytes()


def test_replaced_artifact_with_old_dates(cli: Cli, world: World) -> None:
    world.publish(EVIL, LONG_AGO)
    done = world.fetch(cli, "--wait", 30)
    assert (done.code, got()) == (7, [".rejected"])
    assert "replaced: " in done.out
    assert world.server.paths().count(f"/{A}") == 1  # at once
    # The log is the only source that differs.
    assert fetch(cli, world.server.url).code == 0


def test_replaced_artifact_with_young_dates_heals(cli: Cli, world: World) -> None:
    """Two versions are published one after the other, and the log has the later one."""
    tries: list[bool] = []

    def lagging(handler: Handler) -> None:
        tries.append(True)
        world.publish(EVIL if len(tries) < 3 else GOOD, NOW)
        answer = world.routes.pop(f"/{A}")
        world.routes[f"/{A}"] = lagging
        assert not isinstance(answer, bytes)
        answer(handler)

    world.publish(EVIL, NOW)
    world.routes[f"/{A}"] = lagging
    done = world.fetch(cli, "--wait", 30)
    assert (done.code, got()) == (0, [A])
    assert pathlib.Path("got", A).read_bytes() == GOOD
    assert len(tries) >= 3


def test_host_that_answers_everything(cli: Cli, world: World) -> None:
    """A host without hash files answers each of their addresses with its front page."""
    world.routes["/"] = f'<a href="{A}">{A}</a>'.encode()
    for suffix in ("sha256", "sha384", "sha512", "blake2b", "md5", "tlog-proof"):
        world.routes[f"/{A}.{suffix}"] = b"<!doctype html><title>Welcome</title>"
    done = world.fetch(cli)
    assert (done.code, done.err, got()) == (0, "", [A])
    assert "weakest tier: logged" in done.out


def test_artifact_beyond_an_old_checkpoint_is_waited_for(cli: Cli, world: World) -> None:
    old = files(LOG)["checkpoint"]
    world.grow(*others(2))
    assert world.fetch(cli).code == 0
    # Now the host serves the old checkpoint for a while, and the log has another wheel.
    content = wheel_bytes(b"good", B)
    newest = world.grow(*others(2), Entry(B, sha256(content).hexdigest()))["checkpoint"]
    asked: list[bool] = []

    def lagging(handler: Handler) -> None:
        asked.append(True)
        respond(handler, 200, old if len(asked) < 4 else newest)

    world.routes["/log/checkpoint"] = lagging
    world.routes["/"] = f'<a href="{B}">{B}</a> <a href="{B}.sha256">hash file</a>'.encode()
    world.routes[f"/{B}"] = content
    world.routes[f"/{B}.sha256"] = hash_file(content, B)
    done = world.fetch(cli, "--wait", 30)
    assert (done.code, done.err, got()) == (0, "", [A, B])
    assert "is older (size 1) than the remembered checkpoint" in done.out
    assert "not in the log yet" in done.out


def flip(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


MIRRORED = ("checkpoint", "tile/entries/000.p/31")
LIGHT = (*MIRRORED, "tile/0/000.p/31", f"{A}.tlog-proof")


@pytest.mark.parametrize(
    ("limit", "path"),
    [*((checking.MIRROR_LIMIT, each) for each in MIRRORED), *((2, each) for each in LIGHT)],
)
def test_flipped_bit(
    cli: Cli, world: World, monkeypatch: pytest.MonkeyPatch, limit: int, path: str
) -> None:
    assert world.fetch(cli).code == 0
    before = remembered()
    monkeypatch.setattr(checking, "MIRROR_LIMIT", limit)
    world.grow(*others(30))
    if path.endswith("proof"):
        assert cli("log", "prove", LOG, A).code == 0
        pathlib.Path("state").rename("proving")  # it has seen the new checkpoint
        pathlib.Path("state").mkdir()
        (folder,) = (each.parent for each in pathlib.Path("proving").glob("log-*/latest"))
        folder.joinpath("latest").write_bytes(before)
        folder.rename(pathlib.Path("state", folder.name))
        links = f'<a href="{A}">a</a> <a href="{A}.sha256">h</a> <a href="{path}">p</a>'
        world.routes["/"] = links.encode()
        changed = flip(pathlib.Path(path).read_bytes())
        world.routes[f"/{path}"] = changed
    else:
        changed = flip(files(LOG)[path])
        world.routes[f"/log/{path}"] = changed
    done = world.fetch(cli, "--wait", 0)
    assert done.code == 7
    assert "forked: " in done.err + done.out
    assert "kept in " in done.err + done.out
    assert remembered() == before
    assert changed in evidence()


@pytest.mark.parametrize("other", [OBSERVER, SigningKey(KEY.name, bytes(32))])
def test_wrong_key(cli: Cli, world: World, other: SigningKey) -> None:
    assert world.fetch(cli).code == 0
    before = remembered()
    done = world.fetch(cli, "--log-key", str(other.verifier))
    assert done.code == 7
    assert f"not signed by {other.verifier.name}+{other.verifier.id.hex()}" in done.err
    assert remembered() == before
    assert files(LOG)["checkpoint"] in evidence()


def test_checkpoint_of_another_origin(cli: Cli, world: World) -> None:
    seen = open_checkpoint(files(LOG)["checkpoint"], KEY.verifier)
    text = Checkpoint("example.org/other", seen.size, seen.root).encode()
    world.routes["/log/checkpoint"] = sign(text, KEY)
    done = world.fetch(cli)
    assert done.code == 7
    assert "it is the checkpoint of 'example.org/other'" in done.err


def test_further_signatures(cli: Cli, world: World) -> None:
    note = Note.parse(files(LOG)["checkpoint"])
    witness = Signature("witness.example.org", b"\1\2\3\4", b"x" * 72)
    world.routes["/log/checkpoint"] = Note(note.text, (witness, *note.signatures)).encode()
    assert world.fetch(cli).code == 0
    # A second signature of a known key that is not valid is not ignored.
    wrong = Signature(KEY.name, KEY.verifier.id, b"x" * 64)
    world.routes["/log/checkpoint"] = Note(note.text, (*note.signatures, wrong)).encode()
    assert world.fetch(cli).code == 7


@pytest.mark.parametrize(
    ("path", "longer", "text"),
    [
        ("tile/0/000.p/44", bytes(32), "bytes instead of"),
        ("tile/0/000", bytes(1), "has more than 8192 bytes"),
        ("tile/entries/000.p/44", b"\0\1x", "000.p/44: it has 45 entries instead of 44"),
        ("tile/entries/000.p/44", b"\0", "is cut off"),
        ("checkpoint", b"\n", "not a signed note"),
        ("checkpoint", b"x" * 1_000_000, "more than 1000000 bytes"),
    ],
)
def test_objects_with_trailing_bytes(
    cli: Cli, world: World, path: str, longer: bytes, text: str
) -> None:
    world.grow(*others(43 if ".p" in path else 299))
    world.routes[f"/log/{path}"] = files(LOG)[path] + longer
    done = cli("log", "audit", f"{world.server.url}log", "--wait", 0)
    assert done.code == 7
    assert text in done.err


def test_full_bundle_in_place_of_a_partial_one_is_read_strictly(cli: Cli, world: World) -> None:
    world.grow(*others(43))
    before = {path: world.routes[path] for path in ("/log/checkpoint",)}
    world.grow(*others(299))
    world.routes.update(before)
    full = world.routes["/log/tile/entries/000"]
    assert isinstance(full, bytes)
    for path in ("/log/tile/entries/000.p/44", "/log/tile/0/000.p/44"):
        del world.routes[path]
    assert cli("log", "audit", f"{world.server.url}log").code == 0
    for changed in (full + b"\0\1x", full[:-1], full[: len(full) // 2]):
        world.routes["/log/tile/entries/000"] = changed
        assert cli("log", "audit", f"{world.server.url}log", "--wait", 0).code == 7


def failing(content: bytes, status: int, times: list[str]) -> Respond:
    """Return an answer that fails once, and is compressed then."""

    def answer(handler: Handler) -> None:
        times.append(handler.path)
        if times.count(handler.path) == 1:
            respond(handler, status, b"busy")
        else:
            respond(handler, 200, gzip.compress(content), Content_Encoding="gzip")

    return answer


@pytest.mark.parametrize("status", [503, 429, 404])
@pytest.mark.parametrize("limit", [checking.MIRROR_LIMIT, 2])
def test_host_that_fails_or_lags_is_waited_for(
    cli: Cli, world: World, monkeypatch: pytest.MonkeyPatch, status: int, limit: int
) -> None:
    monkeypatch.setattr(checking, "MIRROR_LIMIT", limit)
    times: list[str] = []
    for path, content in world.grow(*others(10)).items():
        world.routes[f"/log/{path}"] = failing(content, status, times)
    done = world.fetch(cli, "--wait", 60)
    assert (done.code, done.err, got()) == (0, "", [A])
    assert times.count("/log/checkpoint") >= 2
    assert times.count("/log/tile/entries/000.p/11") >= 2


@pytest.mark.parametrize("path", ["checkpoint", "tile/entries/000.p/1"])
@pytest.mark.parametrize("verb", ["fetch", "verify", "log audit"])
def test_interruption_while_the_log_does_not_answer(world: World, path: str, verb: str) -> None:
    asked, ended = threading.Event(), threading.Event()

    def silent(handler: Handler) -> None:
        asked.set()
        ended.wait(600)

    world.routes[f"/log/{path}"] = silent
    log = f"{world.server.url}log"
    pathlib.Path("dist").mkdir()
    pathlib.Path("dist", A).write_bytes(GOOD)
    arguments = {
        "fetch": ("fetch", "--verify", "--log", log, "demo", world.server.url),
        "verify": ("verify", "dist", "--log", log),
        "log audit": ("log", "audit", log),
    }[verb]
    try:
        command = begin(asked.is_set, *arguments)
        out, err, took = signal_and_wait(command, signal.SIGINT)
    finally:
        ended.set()
    assert (command.returncode, "Traceback" in out + err) == (130, False)
    assert took < SOON, (out, err)


def test_missing_library(cli: Cli, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    done = world.fetch(cli)
    assert (done.code, got()) == (2, [])
    assert done.err.count("\n") == 1
    assert "pip install 'wheelhouse-hashes[log]'" in done.err


@pytest.mark.parametrize("hidden", [False, True])
def test_audit_of_a_host_that_hides_the_second_digest(cli: Cli, world: World, hidden: bool) -> None:
    """The entries are read again to name the digests; the second answer is another one."""
    twice = world.grow(Entry(A, "e" * 64))["tile/entries/000.p/2"]
    asked: list[bool] = []

    def answer(handler: Handler) -> None:
        asked.append(True)
        respond(handler, 200, twice.replace(b"demo", b"dem0") if len(asked) > 1 else twice)

    if hidden:
        world.routes["/log/tile/entries/000.p/2"] = answer
    done = cli("log", "audit", f"{world.server.url}log")
    assert done.code == 7
    assert ("forked: " in done.err, "logged-twice: " in done.out) == (hidden, not hidden)
