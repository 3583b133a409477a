"""Plugins that misbehave, in each hook: named, refused, and nothing passes in silence."""

from __future__ import annotations

import os
import pathlib
import shutil
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.commands import fetch, upload
from tests.support.plugins import SPECS, install
from tests.support.servers import Server
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Artifact, Claim, Companion, Digest, Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, Refusal
from wheelhouse_hashes.transport import Entry, Listing, Opened
from wheelhouse_hashes.verbs import Verb

pytestmark = pytest.mark.thorough

BROKEN = "plugin 'broken' (broken-dist 1.0)"

DIGEST = Digest("sha256", "0" * 64)

Command = Callable[[Cli, str], Result]


def _upload(cli: Cli, _url: str) -> Result:
    make_wheel(pathlib.Path("dist"), A, b"a new build")
    return upload(cli)


def _fetch(cli: Cli, url: str) -> Result:
    return fetch(cli, url)


def _verify(cli: Cli, url: str) -> Result:
    shutil.copy(pathlib.Path("store", "wheels", A), "dist")
    return cli("verify", "dist", "--against", url)


def _index(cli: Cli, _url: str) -> Result:
    return cli("index", *LOCAL, "wheels")


def _open(cli: Cli, _url: str) -> Result:
    return fetch(cli, "vault://wheels/")


def nonsense(value: object) -> Any:
    """Return a value whose type the type checker does not know."""
    return value


@dataclass
class Case:
    """A hook, the commands that call it, and values that it must not return."""

    commands: Sequence[Command]
    #: Each returns a value; one that cannot be made raises in the hook, which is as good.
    returns: Sequence[Callable[[], object]]
    #: The exit code of every misbehavior.
    code: int = 1


#: Not what a hook that returns a sequence of claims or findings may return.
_NO_FINDINGS: tuple[Callable[[], object], ...] = (
    lambda: 7,
    lambda: "no",
    lambda: {"sha256": "00"},
    lambda: [None],
    lambda: [("sha256", "00")],
    lambda: [Finding(nonsense("untrusted"), "the cause is a text")],
    lambda: [Finding(Cause.UNTRUSTED, nonsense(7))],
    lambda: [Finding(Cause.UNTRUSTED, "a text", nonsense(None))],
)
_NO_CLAIMS: tuple[Callable[[], object], ...] = (
    *_NO_FINDINGS,
    lambda: [Claim(nonsense("00"), "the digest is a text", "here")],
    lambda: [Claim(DIGEST, nonsense(None), "here")],
    lambda: [Claim(DIGEST, "source", "here", nonsense(9))],
    lambda: [Claim(DIGEST, "source", "here", evidence=nonsense({"index": 7}))],
    lambda: [Claim(DIGEST, "source", "here", evidence=nonsense(7))],
)
#: Not what a hook that returns nothing may return: a finding would have no effect.
_SOMETHING: tuple[Callable[[], object], ...] = (
    lambda: "done",
    lambda: [Finding(Cause.UNTRUSTED, "too late")],
)

#: One row for each hook; a new hook needs a row here.
TABLE: Mapping[str, Case] = {
    "wheelhouse_add_options": Case([_upload, _fetch, _verify, _index], _SOMETHING, 2),
    "wheelhouse_verbs": Case(
        [_upload, _fetch, _verify, _index],
        [lambda: 7, lambda: "no", lambda: [None], lambda: [Verb("Upper case", "", print, print)]],
        2,
    ),
    "wheelhouse_run_started": Case([_upload, _fetch, _verify, _index], _SOMETHING),
    "wheelhouse_tiers": Case(
        [_fetch, _verify], [lambda: 7, lambda: "no", lambda: ["pinned"], lambda: [5]]
    ),
    "wheelhouse_prepare": Case([_upload, _fetch, _verify, _index], _SOMETHING),
    "wheelhouse_conclude": Case([_upload, _fetch, _verify, _index], _NO_FINDINGS),
    "wheelhouse_run_finished": Case([_upload, _fetch, _verify, _index], _SOMETHING),
    "wheelhouse_companions": Case(
        [_upload],
        [
            *(lambda: 7, lambda: "no", lambda: [None]),
            lambda: [Companion(nonsense(7), lambda: b"")],
            lambda: [Companion(A + ".asc", nonsense(b"not a function"))],
        ],
    ),
    "wheelhouse_companion_of": Case(
        [_upload, _fetch, _verify, _index],
        # The last one would make the artifact vanish from every listing.
        [lambda: 7, lambda: ["no"], lambda: "demo-3.0-py3-none-any.whl"],
    ),
    "wheelhouse_artifact_published": Case([_upload], _SOMETHING),
    "wheelhouse_locate": Case(
        [_fetch, _verify],
        [
            *(lambda: 7, lambda: "no"),
            lambda: Listing("vault:", nonsense(["no entry"])),
            lambda: Listing("vault:", (Entry(nonsense(7), "http://127.0.0.1:9/"),)),
            lambda: Listing("vault:", (Entry(A, nonsense(None)),)),
            lambda: Listing("vault:", (Entry(A, "http://127.0.0.1:9/", nonsense("big")),)),
            lambda: Listing("vault:", (Entry(A, "http://a/", claims=nonsense(["no"])),)),
            lambda: Listing(nonsense(7), ()),
        ],
    ),
    "wheelhouse_read_listing": Case(
        [_fetch, _verify],
        [
            *(lambda: 7, lambda: "no"),
            lambda: Listing("vault:", (Entry(nonsense(7), "http://127.0.0.1:9/"),)),
            lambda: Listing("vault:", (), left_out=nonsense(["a name"])),
            lambda: Listing(nonsense(7), ()),
        ],
    ),
    "wheelhouse_claims": Case([_fetch, _verify], _NO_CLAIMS),
    "wheelhouse_response_claims": Case([_fetch], _NO_CLAIMS),
    "wheelhouse_open": Case(
        [_open],
        [
            *(lambda: 7, lambda: "no", lambda: b"bytes"),
            lambda: Opened({}, [nonsense("a text")], secure=True),
            lambda: Opened({}, nonsense(b"one piece"), secure=True),
            lambda: Opened(nonsense({"etag": 7}), [], secure=True),
            lambda: Opened({}, [], secure=nonsense("yes")),
            lambda: Opened({}, [], secure=True, offset=3),
        ],
    ),
    "wheelhouse_authorize": Case(
        [_fetch, _verify],
        [lambda: 7, lambda: "no", lambda: {"Authorization": 7}, lambda: {"A\n": "b"}],
    ),
    "wheelhouse_inspect": Case([_upload, _fetch, _verify], _NO_FINDINGS),
    "wheelhouse_artifact_judged": Case([_fetch, _verify], _SOMETHING),
}


def plugin(hook: str, act: Callable[[], object]) -> types.SimpleNamespace:
    """Return a plugin whose only hook does *act*."""

    def implementation() -> object:
        return act()

    implementation.__name__ = hook
    return types.SimpleNamespace(**{hook: hookimpl(implementation)})


class Own(BaseException):
    """An exception that ``except Exception`` does not catch."""


class Mute(Exception):
    """An exception whose message cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


#: What a plugin may raise by accident, or to end the process.
RAISED = (
    ValueError("boom"),
    SystemExit(0),
    GeneratorExit("boom"),
    KeyboardInterrupt("boom"),
    Interrupted("boom"),
    Own("boom"),
    Mute(),
)


@pytest.fixture
def released(cli: Cli, dist: pathlib.Path, served: Server) -> str:
    """A served container with one wheel and its hash file; return its URL."""
    make_wheel(dist, A)
    assert upload(cli).code == 0
    return served.url


def test_every_hook_has_a_row() -> None:
    assert list(TABLE) == list(SPECS)


def check(hook: str, command: Command, cli: Cli, url: str) -> str:
    """Run a command with the broken plugin; check its exit code, return what it printed."""
    result = command(cli, url)
    printed = result.out + result.err
    assert result.code == TABLE[hook].code, printed
    assert f"{BROKEN} failed in {hook}: " in printed
    assert "Traceback" not in printed
    return printed


#: Hooks that are called before there is a run.
_BEFORE_A_RUN = ("wheelhouse_add_options", "wheelhouse_verbs")


@pytest.mark.parametrize("hook", TABLE)
def test_plugin_that_raises(
    cli: Cli, released: str, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    commands = TABLE[hook].commands
    # Each command with the first exception, and one of them with each of the others.
    runs: list[tuple[BaseException, Command]] = [(RAISED[0], command) for command in commands]
    runs += [(e, commands[n % len(commands)]) for n, e in enumerate(RAISED[1:])]
    for error, command in runs:

        def raise_it(error: BaseException = error) -> None:
            raise error

        install(monkeypatch, broken=plugin(hook, raise_it))
        if hook in _BEFORE_A_RUN and isinstance(error, KeyboardInterrupt):
            # Before a run, nothing tells it from Ctrl-C.
            result = command(cli, released)
            assert (result.code, result.err) == (130, "wheelhouse-hashes: interrupted\n")
        else:
            assert type(error).__name__ in check(hook, command, cli, released)


@pytest.mark.parametrize("hook", TABLE)
def test_plugin_that_returns_something_else(
    cli: Cli, released: str, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    case = TABLE[hook]
    for number, act in enumerate(case.returns):
        install(monkeypatch, broken=plugin(hook, act))
        command = case.commands[number % len(case.commands)]
        assert "Error: " in check(hook, command, cli, released)


def test_plugin_that_cannot_be_imported_for_any_reason(
    cli: Cli, released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in RAISED:
        if isinstance(error, KeyboardInterrupt):
            continue
        install(monkeypatch, broken=error)
        result = fetch(cli, released)
        assert result.code == 2
        kind = type(error).__name__
        assert f"plugin 'broken' (broken-dist 1.0) cannot be loaded: {kind}" in result.err


def signed_by(content: Callable[[], bytes]) -> list[Companion]:
    return [Companion(f"{A}.asc", content, reproducible=False)]


def test_companion_whose_content_raises_anything(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    for error in RAISED:

        def content(error: BaseException = error) -> bytes:
            raise error

        both = plugin("wheelhouse_companions", partial(signed_by, content))

        def companion_of(object_name: str) -> str | None:
            return A if object_name == f"{A}.asc" else None

        both.wheelhouse_companion_of = hookimpl(companion_of, specname="wheelhouse_companion_of")
        install(monkeypatch, broken=both)
        result = upload(cli)
        assert result.code == 1
        assert f"{BROKEN} failed in wheelhouse_companions: " in result.line("refused")
        assert not list(container.glob("*.whl"))


# The file that plugins inspect.


def rewrite(path: pathlib.Path) -> None:
    """Change one byte in place, and set the times back."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(50)
        file.write(b"!")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replace(path: pathlib.Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def append(path: pathlib.Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


CHANGES = [rewrite, replace, append, pathlib.Path.unlink]


class Editor:
    """Changes the files that it should only read."""

    def __init__(self, change: Callable[[pathlib.Path], object]) -> None:
        self._change = change

    @hookimpl
    def wheelhouse_inspect(self, artifact: Artifact, path: pathlib.Path | None) -> None:
        assert path is not None
        self._change(path)


@pytest.mark.parametrize("command", [_upload, _fetch, _verify], ids=lambda c: c.__name__)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_plugin_that_changes_the_inspected_file(
    cli: Cli,
    released: str,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Command,
    change: Callable[[pathlib.Path], object],
) -> None:
    install(monkeypatch, editor=Editor(change), reader=Editor(pathlib.Path.read_bytes))
    before = sha256((container / A).read_bytes())
    result = command(cli, released)
    assert result.code == 1
    assert (
        "the file changed in wheelhouse_inspect of plugin "
        "'editor' (editor-dist 1.0) or 'reader' (reader-dist 1.0), which must only read it"
    ) in result.line("refused")
    assert not pathlib.Path("got", A).exists()
    assert sha256((container / A).read_bytes()) == before


def test_plugin_that_changes_a_file_that_was_fetched_before(
    cli: Cli, released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _fetch(cli, released).code == 0
    install(monkeypatch, editor=Editor(rewrite))
    result = _fetch(cli, released)
    assert result.code == 1
    assert "must only read it" in result.line("refused")
    assert "the copy in the folder was left there, unverified" in result.line("refused")
    assert "in the folder but not checked by this run:" in result.out


def test_plugin_that_reads_the_inspected_file(
    cli: Cli, released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, reader=Editor(pathlib.Path.read_bytes))
    for command in (_upload, _fetch):
        assert command(cli, released).code == 0


def test_refusal_of_a_plugin_brings_its_advice(
    cli: Cli, released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise Refusal(Cause.UNTRUSTED, "not in the log", next="append it to the log")

    def lines(out: str) -> list[list[str]]:
        return [line.split() for line in out.splitlines()]

    install(monkeypatch, log=plugin("wheelhouse_inspect", refuse))
    for command in (_upload, _fetch, _verify):
        result = command(cli, released)
        assert result.code == 7
        assert ["next", "append", "it", "to", "the", "log"] in lines(result.out)
    for hook in ("wheelhouse_locate", "wheelhouse_run_started"):
        install(monkeypatch, log=plugin(hook, refuse))
        ended = _fetch(cli, released)
        assert ended.code == 7
        assert ended.err == (
            "wheelhouse-hashes: error: untrusted: not in the log; append it to the log\n"
        )
    for hook in ("wheelhouse_conclude", "wheelhouse_artifact_judged"):
        install(monkeypatch, log=plugin(hook, refuse))
        assert "problem: not in the log; append it to the log\n" in _fetch(cli, released).out
