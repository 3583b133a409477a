"""Plugins that misbehave, that are left out, that are traced, that are really installed."""

from __future__ import annotations

import argparse
import os
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import HASH_FILE, A, make_wheel, sha256
from tests.support.commands import fetch, upload
from tests.support.plugins import GREETING, SPECS, Recorder, install, make_distribution
from tests.support.servers import Server
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import (
    Claim,
    Companion,
    Entry,
    Finding,
    ListedArtifact,
    Listing,
    LocalArtifact,
    Verdict,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import StoreError, TransferError, UsageError
from wheelhouse_hashes.plugins.manager import DISABLED_PLUGINS, TRACE
from wheelhouse_hashes.report import Report
from wheelhouse_hashes.run import Run

GOOD = "demo-2.0-py3-none-any.whl"

#: How messages call the plugin that :func:`install` takes as ``broken``.
BROKEN = "plugin 'broken' (broken-dist 1.0)"

#: The same, if it could not be loaded.
UNLOADED = "plugin 'broken' (broken-dist 1.0)"


class Broken:
    """Raises in one hook; where there is an artifact, for :data:`A` only."""

    def __init__(self, hook: str, error: BaseException) -> None:
        self._hook = f"wheelhouse_{hook}"
        self._error = error

    def _maybe(self, hook: str, name: str = A) -> None:
        if hook == self._hook and name.startswith(A):
            raise self._error

    @hookimpl
    def wheelhouse_add_options(self, verb: str, parser: argparse._ArgumentGroup) -> None:
        self._maybe("wheelhouse_add_options")

    @hookimpl
    def wheelhouse_run_started(self, run: Run) -> None:
        self._maybe("wheelhouse_run_started")

    @hookimpl
    def wheelhouse_run_finished(self, run: Run, report: Report) -> None:
        self._maybe("wheelhouse_run_finished")

    @hookimpl
    def wheelhouse_companions(self, artifact: LocalArtifact) -> Sequence[Companion]:
        self._maybe("wheelhouse_companions", artifact.name)
        return []

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        self._maybe("wheelhouse_companion_of", object_name)
        return None

    @hookimpl
    def wheelhouse_artifact_uploaded(self, artifact: LocalArtifact) -> None:
        self._maybe("wheelhouse_artifact_uploaded", artifact.name)

    @hookimpl
    def wheelhouse_locate(self, url: str) -> Listing | None:
        self._maybe("wheelhouse_locate")
        return None

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact) -> Sequence[Claim]:
        self._maybe("wheelhouse_claims", artifact.name)
        return []

    @hookimpl
    def wheelhouse_response_claims(self, artifact: ListedArtifact) -> Sequence[Claim]:
        self._maybe("wheelhouse_response_claims", artifact.name)
        return []

    @hookimpl
    def wheelhouse_inspect(self, artifact: ListedArtifact) -> Sequence[Finding]:
        self._maybe("wheelhouse_inspect", artifact.name)
        return []

    @hookimpl
    def wheelhouse_artifact_settled(self, artifact: ListedArtifact, verdict: Verdict) -> None:
        self._maybe("wheelhouse_artifact_settled", artifact.name)


@pytest.fixture
def two(dist: pathlib.Path, container: pathlib.Path) -> None:
    """Two wheels to upload."""
    make_wheel(dist, A)
    make_wheel(dist, GOOD)


@pytest.fixture
def released(cli: Cli, served: Server, two: None) -> Server:
    """A container that holds two wheels and their hash files."""
    assert upload(cli).code == 0
    return served


def kept() -> list[str]:
    return sorted(path.name for path in pathlib.Path("got").glob("*.whl"))


def only_good_is_published() -> bool:
    names = {path.name for path in pathlib.Path("store", "wheels").glob("*.whl*")}
    return names == {GOOD, f"{GOOD}.sha256"}


# Exceptions.

#: What a plugin may raise by accident.  sys.exit() must not end a run as a success.
ACCIDENTS = (ValueError("boom"), SystemExit(0), StoreError("boom"), UsageError("boom"))


@pytest.mark.parametrize("error", ACCIDENTS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("hook", ["claims", "response_claims", "inspect"])
def test_a_raise_refuses_the_artifact_in_hand_on_fetch(
    cli: Cli,
    released: Server,
    monkeypatch: pytest.MonkeyPatch,
    hook: str,
    error: BaseException,
) -> None:
    install(monkeypatch, broken=Broken(hook, error))
    result = fetch(cli, released.url)
    assert result.code == 1
    said = f"{BROKEN} failed in wheelhouse_{hook}: {type(error).__name__}: {error}"
    assert result.line("refused").split(maxsplit=2)[1:] == [A, f"plugin: {said}"]
    assert result.line("ok").split()[1] == GOOD
    assert kept() == [GOOD]


@pytest.mark.parametrize("error", ACCIDENTS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("hook", ["companions", "companion_of"])
def test_a_raise_refuses_the_artifact_in_hand_on_upload(
    cli: Cli, two: None, monkeypatch: pytest.MonkeyPatch, hook: str, error: BaseException
) -> None:
    install(monkeypatch, broken=Broken(hook, error))
    result = upload(cli)
    assert result.code == 1
    said = f"{BROKEN} failed in wheelhouse_{hook}: {type(error).__name__}: {error}"
    assert result.line("refused").split(maxsplit=2)[1:] == [A, said]
    assert result.line("sent").split()[1] == GOOD
    assert only_good_is_published()


def test_an_error_of_ours_keeps_its_cause(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = TransferError(Cause.FORBIDDEN, "the log wants a token", 401)
    install(monkeypatch, broken=Broken("claims", error))
    result = fetch(cli, released.url)
    assert result.code == 5
    assert result.line("refused").split(maxsplit=2)[2] == "forbidden: the log wants a token"
    assert kept() == [GOOD]


@pytest.mark.parametrize("error", ACCIDENTS, ids=lambda error: type(error).__name__)
def test_an_uploaded_artifact_stays_published(
    cli: Cli, two: None, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    install(monkeypatch, broken=Broken("artifact_uploaded", error))
    result = upload(cli)
    assert result.code == 1
    said = f"failed in wheelhouse_artifact_uploaded: {type(error).__name__}: {error}"
    assert f"problem: {BROKEN} {said}\n" in result.out
    assert "container wheels: sent 2\n" in result.out
    assert pathlib.Path("store", "wheels", A).exists()


@pytest.mark.parametrize("error", ACCIDENTS, ids=lambda error: type(error).__name__)
def test_a_settled_artifact_stays_settled(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    install(monkeypatch, broken=Broken("artifact_settled", error))
    result = fetch(cli, released.url)
    assert result.code == 1
    said = f"failed in wheelhouse_artifact_settled: {type(error).__name__}: {error}"
    assert f"problem: {BROKEN} {said}\n" in result.out
    assert "verified 2 of 2 artifacts" in result.out
    assert kept() == [A, GOOD]


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(0)], ids=["raise", "exit"])
@pytest.mark.parametrize(
    ("hook", "command"),
    [
        ("run_started", "upload"),
        ("run_started", "fetch"),
        ("run_started", "index"),
        ("run_finished", "upload"),
        ("run_finished", "fetch"),
        ("run_finished", "index"),
        ("locate", "fetch"),
        ("companion_of", "fetch"),
        ("companion_of", "index"),
    ],
)
def test_a_raise_in_the_main_thread_ends_the_command(
    cli: Cli,
    released: Server,
    monkeypatch: pytest.MonkeyPatch,
    hook: str,
    command: str,
    error: BaseException,
) -> None:
    install(monkeypatch, broken=Broken(hook, error))
    commands: dict[str, Callable[[], Result]] = {
        "upload": lambda: upload(cli),
        "fetch": lambda: fetch(cli, released.url),
        "index": lambda: cli("index", *LOCAL, "wheels"),
    }
    result = commands[command]()
    said = f"{BROKEN} failed in wheelhouse_{hook}: {type(error).__name__}: {error}"
    assert result.err == f"wheelhouse-hashes: error: {said}\n"
    assert result.code == 1


@pytest.mark.parametrize("error", [ValueError("boom"), UsageError("boom"), SystemExit(0)])
def test_a_plugin_that_cannot_add_options_cannot_be_loaded(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    install(monkeypatch, broken=Broken("add_options", error))
    make_wheel(dist, A)
    said = f"{BROKEN} failed in wheelhouse_add_options: {type(error).__name__}: {error}"
    host = cli("upload", *LOCAL, "wheels")
    assert (host.code, host.err) == (0, f"wheelhouse-hashes: warning: {said}\n")
    ours = upload(cli)
    assert (ours.code, ours.err) == (2, f"wheelhouse-hashes: error: {said}\n")


@pytest.mark.parametrize("hook", ["run_started", "run_finished", "locate"])
def test_a_usage_error_in_the_main_thread_is_exit_2(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    install(monkeypatch, broken=Broken(hook, UsageError("give --key FILE")))
    result = fetch(cli, released.url)
    assert (result.code, result.err) == (2, "wheelhouse-hashes: error: give --key FILE\n")


def test_a_raise_while_pruning_costs_no_artifact(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = "demo-3.0-py3-none-any.whl"
    make_wheel(pathlib.Path("dist"), new)
    install(monkeypatch, broken=Broken("companion_of", ValueError("boom")))
    result = upload(cli)
    assert result.code == 1
    assert result.line("sent").split()[1] == new
    assert result.line("problem").startswith(f"problem: {BROKEN} failed in wheelhouse_companion_of")


class Contents:
    """Makes companions, the content of one of which cannot be made."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        self._make = make

    @hookimpl
    def wheelhouse_companions(self, artifact: LocalArtifact) -> Sequence[Companion]:
        make = self._make if artifact.name == A else lambda: b"signature"
        return [Companion(f"{artifact.name}.asc", make, reproducible=False)]

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        return object_name.removesuffix(".asc") if object_name.endswith(".asc") else None


def no_key() -> bytes:
    raise FileNotFoundError("no key")


def no_bytes() -> bytes:
    text: object = "signature"
    return text  # type: ignore[return-value]


@pytest.mark.parametrize("make", [no_key, no_bytes])
def test_a_companion_without_content_refuses_its_artifact(
    cli: Cli, two: None, monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes]
) -> None:
    install(monkeypatch, broken=Contents(make))
    result = upload(cli)
    assert result.code == 1
    assert BROKEN in result.line("refused")
    assert result.line("sent").split()[1] == GOOD
    names = {path.name for path in pathlib.Path("store", "wheels").glob("*.whl")}
    assert names == {GOOD}


class Climbing:
    """Makes a companion whose name leads out of the container."""

    @hookimpl
    def wheelhouse_companions(self, artifact: LocalArtifact) -> list[Companion]:
        return [Companion(f"../\x1b{artifact.name}.asc", lambda: b"signature")]

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        return GOOD if object_name.endswith(".asc") else None


def test_a_companion_with_an_unsafe_name_refuses_its_artifact(
    cli: Cli, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, broken=Climbing())
    result = upload(cli)
    assert result.code == 1
    assert "a plugin returned the companion" in result.out
    assert "\x1b" not in result.out
    assert [path.name for path in pathlib.Path("store").iterdir()] == ["wheels"]


class Lazy:
    """Returns claims one after the other, and stumbles."""

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact) -> Iterator[Claim]:
        if artifact.name == A:
            raise ValueError("boom")
        yield from ()


def test_a_generator_that_raises_is_a_plugin_that_raises(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, broken=Lazy())
    result = fetch(cli, released.url)
    assert result.code == 1
    assert BROKEN in result.line("refused")
    assert kept() == [GOOD]


# Values of another type.


class Liar:
    """Returns one value from one hook."""

    def __init__(self, value: object) -> None:
        self._value = value


class LyingAboutClaims(Liar):
    @hookimpl
    def wheelhouse_claims(self) -> object:
        return self._value


class LyingAboutHeaders(Liar):
    @hookimpl
    def wheelhouse_response_claims(self) -> object:
        return self._value


class LyingAboutBytes(Liar):
    @hookimpl
    def wheelhouse_inspect(self) -> object:
        return self._value


class LyingAboutCompanions(Liar):
    @hookimpl
    def wheelhouse_companions(self) -> object:
        return self._value


class LyingAboutAddresses(Liar):
    @hookimpl
    def wheelhouse_locate(self) -> object:
        return self._value


class LyingAboutObjects(Liar):
    @hookimpl
    def wheelhouse_companion_of(self) -> object:
        return self._value


@pytest.mark.parametrize("value", [7, "no", [None], [("sha256", "00")]], ids=repr)
@pytest.mark.parametrize("kind", [LyingAboutClaims, LyingAboutHeaders, LyingAboutBytes])
def test_a_fetch_names_who_returned_another_type(
    cli: Cli,
    released: Server,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Liar],
    value: object,
) -> None:
    install(monkeypatch, broken=kind(value))
    result = fetch(cli, released.url)
    assert result.code == 1
    refused = [line for line in result.out.splitlines() if line.startswith("refused")]
    assert len(refused) == 2
    for line in refused:
        assert f"plugin: {BROKEN} failed in" in line
        assert "hash-files" not in line
    assert kept() == []


@pytest.mark.parametrize("value", [7, "no", [None], [HASH_FILE]], ids=repr)
def test_an_upload_names_who_returned_another_type(
    cli: Cli, two: None, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    install(monkeypatch, broken=LyingAboutCompanions(value))
    result = upload(cli)
    assert result.code == 1
    refused = [line for line in result.out.splitlines() if line.startswith("refused")]
    assert len(refused) == 2
    for line in refused:
        assert f"{BROKEN} failed in wheelhouse_companions" in line
        assert "hash-files" not in line
    assert not list(pathlib.Path("store", "wheels").glob("*.whl*"))


@pytest.mark.parametrize("kind", [LyingAboutAddresses, LyingAboutObjects])
def test_another_type_in_the_main_thread_ends_the_command(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, kind: type[Liar]
) -> None:
    install(monkeypatch, broken=kind(7))
    result = fetch(cli, released.url)
    assert result.code == 1
    assert result.err.startswith(f"wheelhouse-hashes: error: {BROKEN} failed in")
    assert result.err.count("\n") == 1


# Plugins that cannot be loaded.


class Misspelt:
    @hookimpl
    def wheelhouse_clams(self) -> None:
        raise AssertionError("nobody calls this")


class Surplus:
    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact, mood: str) -> None:
        raise AssertionError("nobody calls this")


NOT_LOADABLE = {
    "ImportError: no module named wolf": ImportError("no module named wolf"),
    "SystemExit: 0": SystemExit(0),
    "wheelhouse_clams": Misspelt(),
    "mood": Surplus(),
}


@pytest.mark.parametrize("told", NOT_LOADABLE)
def test_a_plugin_that_cannot_be_loaded_is_named(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    plain = cli("fetch", "--local-folder", "host", "demo", released.url)
    assert (plain.code, plain.err) == (0, "")

    install(monkeypatch, broken=NOT_LOADABLE[told])
    again = cli("fetch", "--local-folder", "warned", "demo", released.url)
    assert again.code == 0
    # The host downloads side by side, so its lines come in any order.
    assert sorted(again.out.splitlines()) == sorted(plain.out.splitlines())
    assert again.err.startswith(f"wheelhouse-hashes: warning: {UNLOADED} cannot be loaded: ")
    assert told in again.err
    assert f"{DISABLED_PLUGINS}=broken" in again.err
    assert again.err.count("\n") == 1
    for name in (A, GOOD):
        assert pathlib.Path("host", name).read_bytes() == pathlib.Path("warned", name).read_bytes()

    released.requests.clear()
    ours = fetch(cli, released.url)
    assert ours.code == 2
    assert ours.err == again.err.replace("warning", "error", 1)
    assert released.requests == []
    assert upload(cli).code == 2
    assert cli("index", *LOCAL, "wheels").code == 2


def test_an_unknown_option_may_be_that_of_a_plugin_which_failed(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, broken=ImportError("no module named wolf"))
    result = cli("fetch", "--verify", "--howl", "demo", "http://127.0.0.1:9/")
    assert result.code == 2
    assert "unrecognized arguments: --howl" in result.err
    assert f"wheelhouse-hashes: warning: {UNLOADED} cannot be loaded: " in result.err


def test_a_name_of_a_built_in_plugin_cannot_be_taken(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, **{"hash-files": Recorder()})
    result = fetch(cli, released.url)
    assert result.code == 2
    assert "plugin 'hash-files' (hash-files-dist 1.0) cannot be loaded" in result.err


def test_an_optional_hook_may_be_unknown(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Newer(Recorder):
        @hookimpl(optionalhook=True)
        def wheelhouse_of_a_later_version(self) -> None:
            raise AssertionError("nobody calls this")

    newer = Newer()
    install(monkeypatch, newer=newer)
    assert fetch(cli, released.url).code == 0
    assert newer.calls[-1] == "wheelhouse_run_finished fetch"


# Leaving plugins out.


def test_a_plugin_that_is_left_out_takes_no_part_and_is_named(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    install(monkeypatch, recorder=recorder, broken=ImportError("no module named wolf"))
    monkeypatch.setenv(DISABLED_PLUGINS, "recorder, broken")
    result = fetch(cli, released.url)
    assert (result.code, result.err, recorder.calls) == (0, "", [])
    assert result.out.splitlines()[0] == "disabled plugins: recorder, broken"
    monkeypatch.setenv(DISABLED_PLUGINS, "broken")
    assert fetch(cli, released.url).code == 0
    assert recorder.calls[-1] == "wheelhouse_run_finished fetch"


def test_hash_files_can_be_left_out(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, "hash-files")
    pathlib.Path("store", "wheels", HASH_FILE).write_text("nonsense")
    result = fetch(cli, released.url)
    assert result.code == 0
    assert "disabled plugins: hash-files" in result.out
    assert f"/{HASH_FILE}" not in released.paths()
    assert f"{A}  sha256  link  container" in result.out


def test_index_pages_can_be_left_out(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, "index-pages")
    result = fetch(cli, released.url)
    assert result.code == 2
    assert released.url in result.err


@pytest.mark.parametrize("name", ["options", "hash-files", "index-pages"])
def test_the_host_runs_whatever_is_left_out(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, name)
    result = cli("fetch", "--local-folder", "host", "demo", released.url)
    assert (result.code, result.err) == (0, "")
    assert pathlib.Path("host", A).exists()
    assert cli("upload", "--no-enable-cdn", *LOCAL, "plain").code == 0
    assert pathlib.Path("store", "plain", A).exists()
    assert not pathlib.Path("store", "plain", HASH_FILE).exists()


def test_a_twin_of_a_left_out_option_is_no_unverified_run(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, "options")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_VERIFY", "1")
    result = cli("fetch", "--local-folder", "got", "demo", released.url)
    assert result.code == 2
    assert "WHEELHOUSE_UPLOADER_VERIFY" in result.err
    assert kept() == []


# Tracing.


def test_tracing_prints_each_call_and_no_secret(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    install(monkeypatch, recorder=recorder)
    monkeypatch.setenv(TRACE, "1")
    make_wheel(dist, A)
    sent = upload(cli, "--secret", "hunter2")
    url = served.url.replace("//", "//somebody:hunter3@")
    fetched = fetch(cli, url)
    assert (sent.code, fetched.code) == (0, 0)
    lines = (sent.err + fetched.err).splitlines()
    traced = [re.fullmatch(r"trace: (\w+)\(([^)]*)\) -> ([^:]+): (.*)", line) for line in lines]
    assert None not in traced
    called = [match[1] for match in traced if match and "recorder" in match[3]]
    assert called == [call.split()[0] for call in recorder.calls]
    assert set(called) == set(SPECS)
    assert f"trace: wheelhouse_companion_of({A}) -> recorder, hash-files: None" in lines
    for result in (sent, fetched):
        for secret in ("hunter2", "hunter3", "somebody"):
            assert secret not in result.out + result.err


def test_tracing_tells_what_a_plugin_raised(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, broken=Broken("claims", ValueError("boom")))
    monkeypatch.setenv(TRACE, "1")
    said = f"trace: wheelhouse_claims({A}) -> broken, hash-files: ValueError('boom')\n"
    assert said in fetch(cli, released.url).err


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_tracing_is_off(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(TRACE, value)
    assert fetch(cli, released.url).err == ""


class Signed:
    """Offers one artifact at a signed address, as private containers do."""

    def __init__(self, address: str) -> None:
        self._address = address

    @hookimpl
    def wheelhouse_locate(self, url: str) -> Listing | None:
        signed = f"{self._address}?X-Amz-Signature=hunter4"
        return Listing(url, (Entry(A, signed, headers={"X-Auth-Token": "hunter5"}),))

    @hookimpl
    def wheelhouse_companions(self) -> Mapping[str, str]:
        raise AssertionError("nothing is uploaded here")


def test_tracing_shows_no_signed_address(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, signed=Signed(released.url + A))
    monkeypatch.setenv(TRACE, "1")
    result = fetch(cli, "vault://wheels", "--missing-hash", "accept")
    assert result.code == 0
    assert "wheelhouse_locate" in result.err
    assert "hunter" not in result.out + result.err


# Distributions that are really installed.


def test_an_installed_distribution_takes_part(
    python: Cli, dist: pathlib.Path, container: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    make_wheel(dist, A)
    make_distribution(tmp_path / "site", "wheelhouse_greeting", GREETING)
    arguments = ("-m", "wheelhouse_uploader", "upload", *LOCAL, "--no-enable-cdn", "wheels")
    path = {"PYTHONPATH": str(tmp_path / "site")}
    result = python(*arguments, "--hashfile", **path)
    assert (result.code, result.err) == (0, "")
    assert f"{A} is out" in result.out.splitlines()

    left_out = python(
        *arguments, "--hashfile", "--resend", **path, **{DISABLED_PLUGINS: "greeting"}
    )
    assert left_out.code == 0
    assert "is out" not in left_out.out


def test_an_installed_plugin_that_fails_to_import_is_named(
    python: Cli, dist: pathlib.Path, container: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    make_wheel(dist, A)
    broken = "import a_module_that_nobody_has\n"
    make_distribution(tmp_path / "site", "wheelhouse_greeting", broken)
    path = {"PYTHONPATH": str(tmp_path / "site")}
    command = ("-m", "wheelhouse_uploader", "upload", *LOCAL, "--no-enable-cdn")
    said = (
        "plugin 'greeting' (wheelhouse-greeting 1.0) cannot be loaded: "
        "ModuleNotFoundError: No module named 'a_module_that_nobody_has'; "
        f"fix or uninstall it, or set {DISABLED_PLUGINS}=greeting\n"
    )

    alone = python(*command, "alone")
    warned = python(*command, "warned", **path)
    assert (alone.code, alone.err) == (0, "")
    assert (warned.code, warned.err) == (0, f"wheelhouse-hashes: warning: {said}")
    assert warned.out == alone.out
    assert tree(container.parent / "warned") == tree(container.parent / "alone")

    refused = python(*command, "--hashfile", "refused", **path)
    assert (refused.code, refused.err) == (2, f"wheelhouse-hashes: error: {said}")
    assert not (container.parent / "refused").exists()


def tree(folder: pathlib.Path) -> dict[str, str]:
    """Return the files of a folder: names and digests."""
    return {
        os.path.relpath(path, folder): sha256(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


class Adding:
    """Adds one option to a verb, and notes its value."""

    def __init__(self, verb: str, *flags: str, **arguments: Any) -> None:
        self.verb, self.flags, self.arguments = verb, flags, arguments
        self.seen: list[object] = []

    @hookimpl
    def wheelhouse_add_options(self, verb: str, parser: argparse._ArgumentGroup) -> None:
        if verb == self.verb:
            parser.add_argument(*self.flags, **self.arguments)

    @hookimpl
    def wheelhouse_run_started(self, run: Run) -> None:
        self.seen.append(dict(run.options.extra))


@pytest.mark.parametrize(
    ("arguments", "words", "extra"),
    [
        ({"type": int, "default": "30"}, (), {"days": 30}),
        ({"type": int, "default": "30"}, ("--days", "7"), {"days": 7}),
        ({"default": argparse.SUPPRESS}, (), {}),
        ({"action": "append", "default": ["1"]}, ("--days", "2"), {"days": ["2"]}),
        ({}, (), {"days": None}),
    ],
)
def test_a_plugins_option_has_argparses_default(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, Any],
    words: tuple[str, ...],
    extra: dict[str, object],
) -> None:
    plugin = Adding("verify", "--days", **arguments)
    install(monkeypatch, days=plugin)
    pathlib.Path("empty").mkdir()
    cli("verify", "empty", *words)
    assert plugin.seen == [extra]


@pytest.mark.parametrize(
    ("verb", "flag"), [("upload", "--wait"), ("index", "--report"), ("fetch", "--extra")]
)
def test_a_plugins_option_with_a_name_of_ours_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, verb: str, flag: str
) -> None:
    install(monkeypatch, greedy=Adding(verb, flag))
    pathlib.Path("empty").mkdir()
    result = cli("verify", "empty")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "greedy" in result.err
    assert f"option names already used by wheelhouse-hashes: {flag[2:]}" in result.err
