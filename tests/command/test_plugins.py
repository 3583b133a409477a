"""Plugins that fail, are disabled, are traced, or are really installed."""

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
    Finding,
    ListedArtifact,
    LocalArtifact,
    Verdict,
)
from wheelhouse_hashes.causes import NEXT_STEP, Cause
from wheelhouse_hashes.errors import StoreError, TransferError, UsageError
from wheelhouse_hashes.plugins.registry import DISABLED_PLUGINS, TRACE
from wheelhouse_hashes.report import Report
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transport import Entry, Listing
from wheelhouse_hashes.verbs import OptionGroup, Verb

GOOD = "demo-2.0-py3-none-any.whl"

#: The prefix of messages about the plugin that :func:`install` registers as ``broken``.
BROKEN = "plugin 'broken' (broken-dist 1.0)"

#: The same for a plugin that could not be loaded.
UNLOADED = "plugin 'broken' (broken-dist 1.0)"


class Broken:
    """Raises in one hook; in hooks that get an artifact, only for :data:`A`."""

    def __init__(self, hook: str, error: BaseException) -> None:
        self._hook = f"wheelhouse_{hook}"
        self._error = error

    def _maybe(self, hook: str, name: str = A) -> None:
        if hook == self._hook and name.startswith(A):
            raise self._error

    @hookimpl
    def wheelhouse_add_options(self, verb: str, parser: OptionGroup) -> None:
        self._maybe("wheelhouse_add_options")

    @hookimpl
    def wheelhouse_verbs(self) -> Sequence[Verb]:
        self._maybe("wheelhouse_verbs")
        return []

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
    def wheelhouse_artifact_published(self, artifact: LocalArtifact) -> None:
        self._maybe("wheelhouse_artifact_published", artifact.name)

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
    def wheelhouse_artifact_judged(self, artifact: ListedArtifact, verdict: Verdict) -> None:
        self._maybe("wheelhouse_artifact_judged", artifact.name)


@pytest.fixture
def two_wheels(dist: pathlib.Path, container: pathlib.Path) -> None:
    """Two wheels to upload."""
    make_wheel(dist, A)
    make_wheel(dist, GOOD)


@pytest.fixture
def released(cli: Cli, served: Server, two_wheels: None) -> Server:
    """A container that holds two wheels and their hash files."""
    assert upload(cli).code == 0
    return served


def kept() -> list[str]:
    return sorted(path.name for path in pathlib.Path("got").glob("*.whl"))


def only_good_is_published() -> bool:
    names = {path.name for path in pathlib.Path("store", "wheels").glob("*.whl*")}
    return names == {GOOD, f"{GOOD}.sha256"}


# Exceptions.

#: Exceptions a plugin may raise by accident. sys.exit() must not end a run as a success.
ACCIDENTS = (ValueError("boom"), SystemExit(0), StoreError("boom"), UsageError("boom"))


@pytest.mark.parametrize("error", ACCIDENTS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("hook", ["claims", "response_claims", "inspect"])
def test_plugin_error_refuses_artifact_on_fetch(
    cli: Cli,
    released: Server,
    monkeypatch: pytest.MonkeyPatch,
    hook: str,
    error: BaseException,
) -> None:
    install(monkeypatch, broken=Broken(hook, error))
    result = fetch(cli, released.url)
    assert result.code == 1
    message = f"{BROKEN} failed in wheelhouse_{hook}: {type(error).__name__}: {error}"
    assert result.line("refused").split(maxsplit=2)[1:] == [A, f"plugin: {message}"]
    assert result.line("ok").split()[1] == GOOD
    assert kept() == [GOOD]


@pytest.mark.parametrize("error", ACCIDENTS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("hook", ["companions", "companion_of"])
def test_plugin_error_refuses_artifact_on_upload(
    cli: Cli, two_wheels: None, monkeypatch: pytest.MonkeyPatch, hook: str, error: BaseException
) -> None:
    install(monkeypatch, broken=Broken(hook, error))
    result = upload(cli)
    assert result.code == 1
    message = f"{BROKEN} failed in wheelhouse_{hook}: {type(error).__name__}: {error}"
    assert result.line("refused").split(maxsplit=2)[1:] == [A, message]
    assert result.line("sent").split()[1] == GOOD
    assert only_good_is_published()


def test_transfer_error_from_plugin_keeps_its_cause(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = TransferError(Cause.FORBIDDEN, "the log wants a token", 401)
    install(monkeypatch, broken=Broken("claims", error))
    result = fetch(cli, released.url)
    assert result.code == 5
    assert result.line("refused").split(maxsplit=2)[2] == "forbidden: the log wants a token"
    assert kept() == [GOOD]


@pytest.mark.parametrize("error", ACCIDENTS, ids=lambda error: type(error).__name__)
def test_artifact_published_error_keeps_artifact_published(
    cli: Cli, two_wheels: None, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    install(monkeypatch, broken=Broken("artifact_published", error))
    result = upload(cli)
    assert result.code == 1
    message = f"failed in wheelhouse_artifact_published: {type(error).__name__}: {error}"
    assert f"problem: {BROKEN} {message}\n" in result.out
    assert "container wheels: sent 2\n" in result.out
    assert pathlib.Path("store", "wheels", A).exists()


@pytest.mark.parametrize("error", ACCIDENTS, ids=lambda error: type(error).__name__)
def test_artifact_judged_error_keeps_verdict(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    install(monkeypatch, broken=Broken("artifact_judged", error))
    result = fetch(cli, released.url)
    assert result.code == 1
    message = f"failed in wheelhouse_artifact_judged: {type(error).__name__}: {error}"
    assert f"problem: {BROKEN} {message}\n" in result.out
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
def test_plugin_error_in_main_thread_ends_command(
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
    message = f"{BROKEN} failed in wheelhouse_{hook}: {type(error).__name__}: {error}"
    if hook == "locate":
        message += f"; {NEXT_STEP[Cause.PLUGIN]}"
    assert result.err == f"wheelhouse-hashes: error: {message}\n"
    assert result.code == 1


@pytest.mark.parametrize("hook", ["add_options", "verbs"])
@pytest.mark.parametrize(
    "error", [ValueError("boom"), UsageError("boom"), SystemExit(0), GeneratorExit("boom")]
)
def test_plugin_failing_while_parser_is_built_is_not_loaded(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    hook: str,
    error: BaseException,
) -> None:
    install(monkeypatch, broken=Broken(hook, error))
    make_wheel(dist, A)
    message = f"{BROKEN} failed in wheelhouse_{hook}: {type(error).__name__}: {error}"
    host = cli("upload", *LOCAL, "wheels")
    assert (host.code, host.err) == (0, f"wheelhouse-hashes: warning: {message}\n")
    extended = upload(cli)
    assert (extended.code, extended.err) == (2, f"wheelhouse-hashes: error: {message}\n")


@pytest.mark.parametrize("hook", ["run_started", "run_finished", "locate"])
def test_usage_error_in_main_thread_is_exit_2(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    install(monkeypatch, broken=Broken(hook, UsageError("give --key FILE")))
    result = fetch(cli, released.url)
    assert (result.code, result.err) == (2, "wheelhouse-hashes: error: give --key FILE\n")


def test_plugin_error_while_pruning_keeps_artifacts(
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
    """Makes companions; the content of one of them cannot be produced."""

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
def test_companion_without_content_refuses_artifact(
    cli: Cli, two_wheels: None, monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes]
) -> None:
    install(monkeypatch, broken=Contents(make))
    result = upload(cli)
    assert result.code == 1
    assert BROKEN in result.line("refused")
    assert result.line("sent").split()[1] == GOOD
    names = {path.name for path in pathlib.Path("store", "wheels").glob("*.whl")}
    assert names == {GOOD}


class EscapingName:
    """Makes a companion whose name escapes the container."""

    @hookimpl
    def wheelhouse_companions(self, artifact: LocalArtifact) -> list[Companion]:
        return [Companion(f"../\x1b{artifact.name}.asc", lambda: b"signature")]

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        return GOOD if object_name.endswith(".asc") else None


def test_companion_with_unsafe_name_refuses_artifact(
    cli: Cli, two_wheels: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, broken=EscapingName())
    result = upload(cli)
    assert result.code == 1
    assert "a plugin returned an invalid companion" in result.out
    assert "\x1b" not in result.out
    assert [path.name for path in pathlib.Path("store").iterdir()] == ["wheels"]


class RaisingGenerator:
    """Returns its claims from a generator that raises."""

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact) -> Iterator[Claim]:
        if artifact.name == A:
            raise ValueError("boom")
        yield from ()


def test_raising_generator_is_plugin_error(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, broken=RaisingGenerator())
    result = fetch(cli, released.url)
    assert result.code == 1
    assert BROKEN in result.line("refused")
    assert kept() == [GOOD]


# Hooks that return values of a wrong type.


class WrongType:
    """Returns a fixed value from one hook."""

    def __init__(self, value: object) -> None:
        self._value = value


class WrongClaims(WrongType):
    @hookimpl
    def wheelhouse_claims(self) -> object:
        return self._value


class WrongResponseClaims(WrongType):
    @hookimpl
    def wheelhouse_response_claims(self) -> object:
        return self._value


class WrongFindings(WrongType):
    @hookimpl
    def wheelhouse_inspect(self) -> object:
        return self._value


class WrongCompanions(WrongType):
    @hookimpl
    def wheelhouse_companions(self) -> object:
        return self._value


class WrongListing(WrongType):
    @hookimpl
    def wheelhouse_locate(self) -> object:
        return self._value


class WrongCompanionOf(WrongType):
    @hookimpl
    def wheelhouse_companion_of(self) -> object:
        return self._value


@pytest.mark.parametrize("value", [7, "no", [None], [("sha256", "00")]], ids=repr)
@pytest.mark.parametrize("kind", [WrongClaims, WrongResponseClaims, WrongFindings])
def test_fetch_reports_plugin_returning_wrong_type(
    cli: Cli,
    released: Server,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[WrongType],
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
def test_upload_reports_plugin_returning_wrong_type(
    cli: Cli, two_wheels: None, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    install(monkeypatch, broken=WrongCompanions(value))
    result = upload(cli)
    assert result.code == 1
    refused = [line for line in result.out.splitlines() if line.startswith("refused")]
    assert len(refused) == 2
    for line in refused:
        assert f"{BROKEN} failed in wheelhouse_companions" in line
        assert "hash-files" not in line
    assert not list(pathlib.Path("store", "wheels").glob("*.whl*"))


@pytest.mark.parametrize("kind", [WrongListing, WrongCompanionOf])
def test_wrong_type_in_main_thread_ends_command(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, kind: type[WrongType]
) -> None:
    install(monkeypatch, broken=kind(7))
    result = fetch(cli, released.url)
    assert result.code == 1
    assert result.err.startswith(f"wheelhouse-hashes: error: {BROKEN} failed in")
    assert result.err.count("\n") == 1


# Plugins that cannot be loaded.


class MisspelledHook:
    @hookimpl
    def wheelhouse_clams(self) -> None:
        raise AssertionError("nobody calls this")


class UnknownParameter:
    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact, mood: str) -> None:
        raise AssertionError("nobody calls this")


NOT_LOADABLE = {
    "ImportError: no module named wolf": ImportError("no module named wolf"),
    "SystemExit: 0": SystemExit(0),
    "wheelhouse_clams": MisspelledHook(),
    "mood": UnknownParameter(),
}


@pytest.mark.parametrize("reason", NOT_LOADABLE)
def test_plugin_load_error_is_reported(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    plain = cli("fetch", "--local-folder", "host", "demo", released.url)
    assert (plain.code, plain.err) == (0, "")

    install(monkeypatch, broken=NOT_LOADABLE[reason])
    again = cli("fetch", "--local-folder", "warned", "demo", released.url)
    assert again.code == 0
    # The host downloads in parallel, so its lines come in any order.
    assert sorted(again.out.splitlines()) == sorted(plain.out.splitlines())
    assert again.err.startswith(f"wheelhouse-hashes: warning: {UNLOADED} cannot be loaded: ")
    assert reason in again.err
    assert f"{DISABLED_PLUGINS}=broken" in again.err
    assert again.err.count("\n") == 1
    for name in (A, GOOD):
        assert pathlib.Path("host", name).read_bytes() == pathlib.Path("warned", name).read_bytes()

    released.requests.clear()
    extended = fetch(cli, released.url)
    assert extended.code == 2
    assert extended.err == again.err.replace("warning", "error", 1)
    assert released.requests == []
    assert upload(cli).code == 2
    assert cli("index", *LOCAL, "wheels").code == 2


def test_unknown_option_reports_plugin_load_error(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, broken=ImportError("no module named wolf"))
    result = cli("fetch", "--verify", "--howl", "demo", "http://127.0.0.1:9/")
    assert result.code == 2
    assert "unrecognized arguments: --howl" in result.err
    assert f"wheelhouse-hashes: warning: {UNLOADED} cannot be loaded: " in result.err


def test_built_in_plugin_name_cannot_be_reused(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, **{"hash-files": Recorder()})
    result = fetch(cli, released.url)
    assert result.code == 2
    assert "plugin 'hash-files' (hash-files-dist 1.0) cannot be loaded" in result.err


def test_unknown_optional_hook_is_accepted(
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


# Disabled plugins.


def test_disabled_plugin_is_not_called_and_is_reported(
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


def test_hash_files_plugin_can_be_disabled(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, "hash-files")
    pathlib.Path("store", "wheels", HASH_FILE).write_text("nonsense")
    result = fetch(cli, released.url)
    assert result.code == 0
    assert "disabled plugins: hash-files" in result.out
    assert f"/{HASH_FILE}" not in released.paths()
    assert f"{A}  sha256  link  container" in result.out


def test_index_pages_plugin_can_be_disabled(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, "index-pages")
    result = fetch(cli, released.url)
    assert result.code == 2
    assert released.url in result.err


@pytest.mark.parametrize("name", ["options", "hash-files", "index-pages"])
def test_host_runs_with_built_in_plugins_disabled(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, name)
    result = cli("fetch", "--local-folder", "host", "demo", released.url)
    assert (result.code, result.err) == (0, "")
    assert pathlib.Path("host", A).exists()
    assert cli("upload", "--no-enable-cdn", *LOCAL, "plain").code == 0
    assert pathlib.Path("store", "plain", A).exists()
    assert not pathlib.Path("store", "plain", HASH_FILE).exists()


def test_verify_variable_with_options_plugin_disabled_is_refused(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, "options")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_VERIFY", "1")
    result = cli("fetch", "--local-folder", "got", "demo", released.url)
    assert result.code == 2
    assert "WHEELHOUSE_UPLOADER_VERIFY" in result.err
    assert kept() == []


# Tracing.


def test_trace_prints_each_call_and_no_secret(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    install(monkeypatch, recorder=recorder)
    monkeypatch.setenv(TRACE, "1")
    make_wheel(dist, A)
    sent = upload(cli, "--secret", "hunter2")
    url = served.url.replace("//", "//somebody:hunter3@")
    fetched = fetch(cli, url)
    nowhere = fetch(cli, "mem://somebody:hunter3@wheels/")
    assert (sent.code, fetched.code, nowhere.code) == (0, 0, 2)
    *lines, error = (sent.err + fetched.err + nowhere.err).splitlines()
    assert error.startswith("wheelhouse-hashes: error: mem://wheels/: unsupported")
    form = r"trace: (\w+)\(([^)]*)\): called ([^;]+); result: (.*)"
    traced = [re.fullmatch(form, line) for line in lines]
    assert None not in traced
    called = [match[1] for match in traced if match and "recorder" in match[3]]
    # A call is printed at its end, and wheelhouse_authorize is called within another hook.
    assert sorted(called) == sorted(call.split()[0] for call in recorder.calls)
    assert set(called) == set(SPECS)
    assert (
        f"trace: wheelhouse_companion_of({A}): called recorder, hash-files, "
        "transparency-log, attestations; result: None" in lines
    )
    for result in (sent, fetched, nowhere):
        for secret in ("hunter2", "hunter3", "somebody"):
            assert secret not in result.out + result.err


def test_trace_shows_plugin_exception(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, broken=Broken("claims", ValueError("boom")))
    monkeypatch.setenv(TRACE, "1")
    message = (
        f"trace: wheelhouse_claims({A}): called broken, package-index, hash-files, "
        "transparency-log, attestations, yanked; result: ValueError('boom')"
    )
    assert f"{message}\n" in fetch(cli, released.url).err


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_trace_can_be_off(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(TRACE, value)
    assert fetch(cli, released.url).err == ""


class Signed:
    """Offers one artifact at a signed URL, as private containers do."""

    def __init__(self, address: str) -> None:
        self._address = address

    @hookimpl
    def wheelhouse_locate(self, url: str) -> Listing | None:
        signed = f"{self._address}?X-Amz-Signature=hunter4"
        return Listing(url, (Entry(A, signed, headers={"X-Auth-Token": "hunter5"}),))

    @hookimpl
    def wheelhouse_companions(self) -> Mapping[str, str]:
        raise AssertionError("nothing is uploaded here")


def test_trace_shows_no_signed_url(
    cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, signed=Signed(released.url + A))
    monkeypatch.setenv(TRACE, "1")
    result = fetch(cli, "vault://wheels", "--missing-hash", "accept")
    assert result.code == 0
    assert "wheelhouse_locate" in result.err
    assert "hunter" not in result.out + result.err


# Distributions that are really installed.


def test_installed_plugin_is_called(
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


def test_installed_plugin_import_error_is_reported(
    python: Cli, dist: pathlib.Path, container: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    make_wheel(dist, A)
    broken = "import a_module_that_nobody_has\n"
    make_distribution(tmp_path / "site", "wheelhouse_greeting", broken)
    path = {"PYTHONPATH": str(tmp_path / "site")}
    command = ("-m", "wheelhouse_uploader", "upload", *LOCAL, "--no-enable-cdn")
    message = (
        "plugin 'greeting' (wheelhouse-greeting 1.0) cannot be loaded: "
        "ModuleNotFoundError: No module named 'a_module_that_nobody_has'; "
        f"fix or uninstall it, or set {DISABLED_PLUGINS}=greeting\n"
    )

    alone = python(*command, "alone")
    warned = python(*command, "warned", **path)
    assert (alone.code, alone.err) == (0, "")
    assert (warned.code, warned.err) == (0, f"wheelhouse-hashes: warning: {message}")
    assert warned.out == alone.out
    assert tree(container.parent / "warned") == tree(container.parent / "alone")

    refused = python(*command, "--hashfile", "refused", **path)
    assert (refused.code, refused.err) == (2, f"wheelhouse-hashes: error: {message}")
    assert not (container.parent / "refused").exists()


def tree(folder: pathlib.Path) -> dict[str, str]:
    """Return the files of a folder as a mapping of path to digest."""
    return {
        os.path.relpath(path, folder): sha256(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


class Adding:
    """Adds one option to a verb and records its value."""

    def __init__(self, verb: str, *flags: str, **arguments: Any) -> None:
        self.verb, self.flags, self.arguments = verb, flags, arguments
        self.seen: list[object] = []

    @hookimpl
    def wheelhouse_add_options(self, verb: str, parser: OptionGroup) -> None:
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
def test_plugin_option_has_argparse_default(
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
    ("verb", "flag"), [("upload", "--extra"), ("index", "--timeout"), ("fetch", "--extra")]
)
def test_plugin_option_with_taken_name_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, verb: str, flag: str
) -> None:
    install(monkeypatch, greedy=Adding(verb, flag))
    pathlib.Path("empty").mkdir()
    result = cli("verify", "empty")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert result.err == (
        f"wheelhouse-hashes: error: plugin 'greedy' (greedy-dist 1.0): the option name {flag} of "
        f"{verb} is used by wheelhouse-hashes; rename it, for example to --greedy-{flag[2:]}\n"
    )
