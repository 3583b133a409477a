"""Each hook: when it is called and how a command uses its result."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import HASH_FILE, A, make_wheel, sha256
from tests.support.commands import fetch, upload
from tests.support.opener import SHELF, Opener
from tests.support.pages import page, page_of
from tests.support.plugins import SPECS, Recorder, install, on_main_thread
from tests.support.servers import Handler, Server, respond, serving, serving_folder
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import (
    Artifact,
    Claim,
    Companion,
    Digest,
    Finding,
    ListedArtifact,
    LocalArtifact,
    Tier,
    Verdict,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import DiskError, UsageError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.report import FetchReport, HashReport, IndexReport, Report, UploadReport
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transport import Entry, Listing, OpenRequest, Page
from wheelhouse_hashes.verbs import OptionGroup, Verb


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_has_a_test(name: str) -> None:
    assert f"test_hook_{name}" in globals()


# All hooks together.


BUILT = [
    "wheelhouse_verbs",
    *(f"wheelhouse_add_options {verb}" for verb in ("upload", "fetch", "index", "verify", "hash")),
    *(
        f"wheelhouse_add_options log {verb}"
        for verb in ("keygen", "append", "audit", "prove", "check-proof", "status")
    ),
    *(f"wheelhouse_add_options page {verb}" for verb in ("make", "show")),
]


#: The hooks of each verb, in the order of their calls.  Those of one artifact are between
#: the others, in a worker thread.
ORDER = {
    "upload": [
        "wheelhouse_run_started upload",
        "wheelhouse_prepare upload",
        f"wheelhouse_inspect {A}",
        f"wheelhouse_companions {A}",
        f"wheelhouse_companion_of {HASH_FILE}",
        f"wheelhouse_artifact_published {A} True",
        f"wheelhouse_companion_of {A}",
        "wheelhouse_conclude upload",
        "wheelhouse_run_finished upload",
    ],
    "upload again": [
        "wheelhouse_run_started upload",
        "wheelhouse_prepare upload",
        f"wheelhouse_inspect {A}",
        f"wheelhouse_companions {A}",
        f"wheelhouse_companion_of {HASH_FILE}",
        f"wheelhouse_artifact_published {A} False",
        f"wheelhouse_companion_of {A}",
        f"wheelhouse_companion_of {HASH_FILE}",
        "wheelhouse_companion_of index.html",
        f"wheelhouse_companion_of {A}",
        "wheelhouse_conclude upload",
        "wheelhouse_run_finished upload",
    ],
    "fetch": [
        "wheelhouse_run_started fetch",
        "wheelhouse_tiers",
        "wheelhouse_prepare fetch",
        "wheelhouse_locate",
        "wheelhouse_authorize",
        "wheelhouse_read_listing",
        f"wheelhouse_companion_of {A}",
        f"wheelhouse_claims {A}",
        "wheelhouse_authorize",
        f"wheelhouse_response_claims {A}",
        f"wheelhouse_inspect {A}",
        f"wheelhouse_artifact_judged {A}",
        "wheelhouse_conclude fetch",
        "wheelhouse_run_finished fetch",
    ],
    "verify": [
        "wheelhouse_run_started verify",
        "wheelhouse_tiers",
        "wheelhouse_prepare verify",
        "wheelhouse_locate",
        "wheelhouse_authorize",
        "wheelhouse_read_listing",
        f"wheelhouse_companion_of {A}",
        f"wheelhouse_claims {A}",
        "wheelhouse_authorize",
        f"wheelhouse_inspect {A}",
        f"wheelhouse_artifact_judged {A}",
        "wheelhouse_conclude verify",
        "wheelhouse_run_finished verify",
    ],
    "hash": [
        "wheelhouse_run_started hash",
        "wheelhouse_prepare hash",
        f"wheelhouse_inspect {A}",
        "wheelhouse_conclude hash",
        "wheelhouse_run_finished hash",
    ],
    "index": [
        "wheelhouse_run_started index",
        "wheelhouse_prepare index",
        f"wheelhouse_companion_of {A}",
        "wheelhouse_conclude index",
        "wheelhouse_run_finished index",
    ],
}


def test_order_of_all_hooks(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    install(monkeypatch, recorder=recorder)
    make_wheel(dist, A)
    commands: dict[str, Callable[[], Result]] = {
        "upload": lambda: upload(cli),
        "upload again": lambda: upload(cli),
        "fetch": lambda: fetch(cli, served.url),
        "verify": lambda: cli("verify", "got", "--against", served.url),
        "index": lambda: cli("index", *LOCAL, "wheels"),
        "hash": lambda: cli("hash", "dist"),
    }
    for name, command in commands.items():
        recorder.calls.clear()
        assert command().code == 0
        assert (name, recorder.order) == (name, [*BUILT, *ORDER[name]])

    recorder.calls.clear()
    assert fetch(cli, "mem://wheels/").code == 2
    assert recorder.order == [
        *BUILT,
        "wheelhouse_run_started fetch",
        "wheelhouse_tiers",
        "wheelhouse_prepare fetch",
        "wheelhouse_locate",
        "wheelhouse_open",
        "wheelhouse_run_finished fetch",
    ]

    both = {"run": {Session}}
    reports = {"report": {UploadReport, FetchReport, IndexReport, HashReport}}
    assert recorder.types == {
        "wheelhouse_add_options": {"verb": {str}, "parser": {OptionGroup}},
        "wheelhouse_verbs": {},
        "wheelhouse_run_started": both,
        "wheelhouse_prepare": both,
        "wheelhouse_tiers": both,
        "wheelhouse_conclude": both | reports,
        "wheelhouse_run_finished": both | reports,
        "wheelhouse_companions": both | {"artifact": {LocalArtifact}},
        "wheelhouse_companion_of": {"object_name": {str}},
        "wheelhouse_artifact_published": both | {"artifact": {LocalArtifact}, "sent": {bool}},
        "wheelhouse_locate": both | {"url": {str}},
        "wheelhouse_read_listing": both | {"page": {Page}},
        "wheelhouse_claims": both | {"artifact": {ListedArtifact}},
        "wheelhouse_response_claims": both | {"artifact": {ListedArtifact}, "headers": {dict}},
        "wheelhouse_open": both | {"url": {str}, "request": {OpenRequest}},
        "wheelhouse_authorize": both | {"url": {str}, "method": {str}},
        "wheelhouse_inspect": both
        | {
            "artifact": {LocalArtifact, ListedArtifact},
            "path": {type(pathlib.Path())},
            "claims": {tuple},
            "digests": {MappingProxyType},
        },
        "wheelhouse_artifact_judged": both | {"artifact": {ListedArtifact}, "verdict": {Verdict}},
    }
    assert set(recorder.types) == set(SPECS)
    of_main = {"add_options", "verbs", "run_started", "tiers", "prepare", "conclude"}
    of_main |= {"run_finished", "locate"}
    assert recorder.main == {f"wheelhouse_{name}" for name in of_main}
    assert recorder.workers == set(SPECS) - recorder.main


# One test per hook.


class Shout:
    """Adds an option and records its value in each run."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bool]] = []

    @hookimpl
    def wheelhouse_add_options(self, verb: str, parser: OptionGroup) -> None:
        parser.add_argument("--shout", action="store_true", help="shout at the " + verb)

    @hookimpl
    def wheelhouse_run_started(self, run: Run) -> None:
        self.seen.append((run.verb, run.options.extra["shout"]))


def test_hook_wheelhouse_add_options(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shout = Shout()
    install(monkeypatch, shout=shout)
    make_wheel(dist, A)
    for verb in ("upload", "fetch", "index"):
        shown = cli(verb, "--help")
        assert f"shout at the {verb}" in shown.out

    # Without --shout and the package's own options, this is the host's plain command.
    assert cli("upload", "--no-enable-cdn", *LOCAL, "host").code == 0
    assert shout.seen == []
    assert not (container.parent / "host" / HASH_FILE).exists()

    assert upload(cli, "--shout").code == 0
    assert upload(cli).code == 0
    assert cli("index", *LOCAL, "--shout", "wheels").code == 0
    assert shout.seen == [("upload", True), ("upload", False), ("index", True)]

    without_switch = cli("fetch", "--shout", "demo", "http://127.0.0.1:9/")
    assert without_switch.code == 2
    assert "--shout: no effect without --verify" in without_switch.err


class Counting:
    """Adds a verb and counts its runs."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    @hookimpl
    def wheelhouse_verbs(self) -> Sequence[Verb]:
        return [Verb("count", "Count.", lambda options: None, self.count)]

    def count(self, run: Run) -> int:
        assert not on_main_thread()
        self.runs.append(run.verb)
        return 3


def test_hook_wheelhouse_verbs(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    install(monkeypatch, counting=counting)
    make_wheel(dist, A)
    assert cli("upload", "--no-enable-cdn", *LOCAL, "host").code == 0
    assert not (container.parent / "host" / HASH_FILE).exists()
    assert counting.runs == []
    assert cli("count").code == 3
    assert counting.runs == ["count"]


class Guard:
    """Ends a command before it starts."""

    def __init__(self) -> None:
        self.finished = 0

    @hookimpl
    def wheelhouse_run_started(self, run: Run) -> None:
        assert on_main_thread()
        raise UsageError(f"no {run.verb} on a Friday; wait for Monday")

    @hookimpl
    def wheelhouse_run_finished(self) -> None:
        self.finished += 1


def test_hook_wheelhouse_run_started(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    guard = Guard()
    install(monkeypatch, guard=guard)
    make_wheel(dist, "demo-2.0-py3-none-any.whl")
    commands: dict[str, Callable[[], Result]] = {
        "upload": lambda: upload(cli),
        "fetch": lambda: fetch(cli, served.url),
        "index": lambda: cli("index", *LOCAL, "wheels"),
    }
    for verb, command in commands.items():
        ended = command()
        assert ended.code == 2
        assert ended.err == f"wheelhouse-hashes: error: no {verb} on a Friday; wait for Monday\n"
        assert ended.out == ""
    assert served.requests == []
    assert not pathlib.Path("store", "wheels", "demo-2.0-py3-none-any.whl").exists()
    assert guard.finished == 0


class Tiers:
    """Supplies tiers, or fails to."""

    def __init__(self, *tiers: Any) -> None:
        self.tiers = tiers

    @hookimpl
    def wheelhouse_tiers(self, run: Run) -> Sequence[Tier]:
        assert on_main_thread()
        if self.tiers == ("usage",):
            raise UsageError("pins.txt: no such file")
        return self.tiers


def test_hook_wheelhouse_tiers(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    for tiers, required, code, message in (
        ([Tier.PINNED], "pinned", 3, ""),
        ([Tier.LOGGED], "pinned", 2, "(available: logged+container)"),
        ([], "logged", 2, "(available: container)"),
        (["usage"], "pinned", 2, "pins.txt: no such file"),
        (["pinned"], "container", 1, "expected Tier, got 'pinned'"),
    ):
        install(monkeypatch, pins=Tiers(*tiers))
        served.requests.clear()
        result = fetch(cli, served.url, "--require", required)
        assert (result.code, message in result.err) == (code, True), result
        assert bool(served.requests) == (code == 3)


class Checkpoint:
    """Requests a checkpoint; its server is busy at first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.fresh: list[bool] = []

    @hookimpl
    def wheelhouse_prepare(self, run: Run) -> None:
        assert on_main_thread()
        self.fresh.append(run.fresh)
        run.client.get(self.url, max_bytes=99)


def test_hook_wheelhouse_prepare(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    statuses = [503, 200]

    def answer(handler: Handler) -> None:
        respond(handler, statuses.pop(0), b"", Retry_After="0")

    with serving({"/checkpoint": answer}) as server:
        checkpoint = Checkpoint(f"{server.url}checkpoint")
        install(monkeypatch, checkpoint=checkpoint)
        assert fetch(cli, served.url, "--wait", 20).code == 0
    assert checkpoint.fresh == [False, True]


class Closer:
    """Records the reports of finished runs."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.ended: list[tuple[str, int]] = []
        self.reports: list[Report] = []

    @hookimpl
    def wheelhouse_run_started(self, run: Run) -> None:
        self.started.append(run.verb)

    @hookimpl
    def wheelhouse_run_finished(self, run: Run, report: Report) -> None:
        assert on_main_thread()
        self.ended.append((run.verb, report.exit_code))
        self.reports.append(report)


def test_hook_wheelhouse_run_finished(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    closer = Closer()
    install(monkeypatch, closer=closer)
    make_wheel(dist, A)
    (dist / "notes.txt").write_text("no artifact")
    assert upload(cli).code == 0
    (uploaded,) = closer.reports
    assert isinstance(uploaded, UploadReport)
    assert [(r.name, r.outcome.value) for r in uploaded.records] == [
        ("notes.txt", "skipped"),
        (A, "sent"),
    ]
    make_wheel(pathlib.Path("store", "wheels"), A, b"other bytes")
    assert fetch(cli, served.url).code == 1
    fetched = closer.reports[-1]
    assert isinstance(fetched, FetchReport)
    assert [(v.name, v.cause) for v in fetched.verdicts] == [(A, Cause.MISMATCH)]
    # The whole command fails; wheelhouse_run_finished must still be called for cleanup.
    assert fetch(cli, served.url + "nowhere/").code == 5
    assert [verb for verb, _ in closer.ended] == ["upload", "fetch", "fetch"]
    assert [code for _, code in closer.ended][:2] == [0, 1]


def test_report_has_exit_code_of_failed_command(
    cli: Cli, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    closer = Closer()
    install(monkeypatch, closer=closer)
    no_folder = upload(cli, "--local-folder", "nowhere")
    no_page = fetch(cli, served.url + "nowhere/")
    assert (no_folder.code, no_page.code) == (2, 5)
    assert closer.ended == [("upload", 2), ("fetch", 5)]


def test_run_finished_is_called_for_every_started_run(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closer = Closer()
    install(monkeypatch, closer=closer)
    make_wheel(dist, A)
    assert upload(cli).code == 0
    assert cli("index", *LOCAL, "wheels").code == 0
    assert cli("index", *LOCAL, "nowhere").code == 5
    assert closer.started == ["upload", "index", "index"]
    assert [verb for verb, _ in closer.ended] == closer.started


class Objector:
    """Objects to every run, and records what was in its report."""

    def __init__(self, *findings: Finding) -> None:
        self._findings = findings
        self.reports: list[Report] = []

    @hookimpl
    def wheelhouse_conclude(self, run: Run, report: Report) -> Sequence[Finding]:
        assert on_main_thread()
        self.reports.append(report)
        run.say("concluding")
        return self._findings


#: What the verb prints about the whole run, after the findings.
SUMMARIES = {
    "upload": "container wheels: ",
    "fetch": "verified 1 of 1 artifacts",
    "verify": "verified 1 of 1 artifacts",
    "index": "container wheels: index page written, 1 link",
}


def test_hook_wheelhouse_conclude(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    objector = Objector(
        Finding(Cause.UNTRUSTED, "one\x1b"),
        Finding(Cause.UNTRUSTED, "two", "call the maintainer"),
        Finding(Cause.MISSING_ARTIFACT, "three", "call the maintainer"),
    )
    install(monkeypatch, objector=objector)
    make_wheel(dist, A)
    commands: dict[str, Callable[[], Result]] = {
        "upload": lambda: upload(cli),
        "fetch": lambda: fetch(cli, served.url),
        "verify": lambda: cli("verify", "got", "--against", served.url),
        "index": lambda: cli("index", *LOCAL, "wheels"),
    }
    for verb, command in commands.items():
        result = command()
        assert (verb, result.code) == (verb, 7)
        printed = result.out.partition("concluding\n")[2].splitlines()
        assert printed[:5] == [
            "untrusted: one\\x1b",
            f"           next      {Cause.UNTRUSTED.next_step}",
            "untrusted: two",
            "missing-artifact: three",
            "           next      call the maintainer",
        ]
        assert printed[5].startswith(SUMMARIES[verb])
        assert [finding.text for finding in objector.reports[-1].findings][1:] == ["two", "three"]
        assert objector.reports[-1].exit_code == 7
    uploaded, fetched, _, indexed = objector.reports
    assert isinstance(uploaded, UploadReport)
    assert isinstance(fetched, FetchReport)
    assert isinstance(indexed, IndexReport)
    (record,) = uploaded.records
    body = (dist / A).read_bytes()
    digest = Digest("sha256", sha256(body))
    assert (record.size, record.digests["sha256"]) == (len(body), digest.hex)
    assert uploaded.links == indexed.links == {A: digest}
    assert fetched.good == [A]


def test_conclude_is_not_called_if_command_ended_early(
    cli: Cli, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    objector = Objector(Finding(Cause.UNTRUSTED, "no"))
    install(monkeypatch, objector=objector)
    assert fetch(cli, served.url + "nowhere/").code == 5
    assert cli("index", *LOCAL, "nowhere").code == 5
    assert objector.reports == []


class Signatures:
    """Publishes a signature beside each artifact; no two signatures are the same."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.signed: list[str] = []

    @hookimpl
    def wheelhouse_companions(self, artifact: LocalArtifact) -> Sequence[Companion]:
        assert not on_main_thread()
        assert artifact.digests["sha256"] == sha256(artifact.path.read_bytes())
        assert artifact.size == artifact.path.stat().st_size
        self.asked.append(artifact.name)

        def sign() -> bytes:
            self.signed.append(artifact.name)
            return f"signature {len(self.signed)}".encode()

        return [Companion(f"{artifact.name}.asc", sign, reproducible=False)]

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        stem, dot, suffix = object_name.rpartition(".")
        return stem if dot and suffix == "asc" and parse_artifact_name(stem) else None


def test_hook_wheelhouse_companions(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures = Signatures()
    install(monkeypatch, signatures=signatures)
    make_wheel(dist, A)
    sent = upload(cli, "--no-update-index")
    assert sent.code == 0
    assert sent.line("sent").endswith("+ .asc + .sha256")
    names = sorted(path.name for path in container.iterdir() if path.is_file())
    assert names == [A, f"{A}.asc", HASH_FILE]
    assert (container / f"{A}.asc").read_bytes() == b"signature 1"

    # The plugin is asked again, but nothing is signed just to learn a name.
    again = upload(cli, "--no-update-index")
    assert again.line("there").endswith("already there")
    assert (signatures.asked, signatures.signed) == ([A, A], [A])

    (container / f"{A}.asc").unlink()
    assert upload(cli, "--no-update-index").code == 0
    assert (container / f"{A}.asc").read_bytes() == b"signature 2"


class UnrecognizedNotes:
    """Publishes companions that no plugin recognizes."""

    @hookimpl
    def wheelhouse_companions(self, artifact: LocalArtifact) -> Sequence[Companion]:
        return [Companion(f"{artifact.name}.note", lambda: b"a note")]


class Notes(UnrecognizedNotes):
    """The same, with ``wheelhouse_companion_of`` implemented."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        self.asked.append(object_name)
        return object_name.removesuffix(".note") if object_name.endswith(".note") else None


def test_hook_wheelhouse_companion_of(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = pathlib.Path("store", "wheels")
    install(monkeypatch, strangers=UnrecognizedNotes())
    make_wheel(dist, A)
    refused = upload(cli)
    assert refused.code == 1
    assert f"'{A}.note'" in refused.line("refused")
    assert not list(container.glob("*.whl*"))
    (container / "index.html").unlink()

    notes = Notes()
    install(monkeypatch, notes=notes)
    assert upload(cli, "--no-update-index").code == 0
    (container / A).unlink()
    notes.asked.clear()
    # The hook sees each listed object once. The note announces an artifact that never came.
    missing = fetch(cli, served.url)
    assert missing.code == 4
    assert missing.line("refused").split()[1] == A
    assert "but the artifact never appeared" in missing.line("refused")
    assert sorted(notes.asked) == [f"{A}.note", HASH_FILE]


class Announcer:
    """Records published artifacts and what was in the container at that moment."""

    def __init__(self, container: pathlib.Path) -> None:
        self._container = container
        self.published: list[tuple[str, bool, list[str]]] = []

    @hookimpl
    def wheelhouse_artifact_published(
        self,
        artifact: LocalArtifact,
        sent: bool,
        run: Run,
    ) -> None:
        assert not on_main_thread()
        there = sorted(path.name for path in self._container.glob("*.whl*"))
        self.published.append((artifact.name, sent, there))
        run.say(f"announced {artifact.name}")


def test_hook_wheelhouse_artifact_published(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcer = Announcer(container)
    install(monkeypatch, announcer=announcer)
    wheel = make_wheel(dist, A)
    assert upload(cli).line("announced").endswith(A)
    # A rerun calls the hook too, for what an interrupted run published but did not announce.
    assert upload(cli).line("there").split()[1] == A
    (container / HASH_FILE).unlink()
    assert "sent its missing companions" in upload(cli).line("sent")
    make_wheel(dist, wheel.name, b"other bytes")
    assert upload(cli).line("replaced").split()[1] == A
    both = [A, HASH_FILE]
    assert announcer.published == [
        *((A, True, both), (A, False, both), (A, True, both), (A, True, both)),
    ]
    make_wheel(dist, wheel.name, b"refused bytes")
    assert upload(cli, "--no-replace").code == 1
    assert len(announcer.published) == 4


class Catalogue:
    """Offers fixed entries for the URLs it handles."""

    def __init__(self, *entries: Entry) -> None:
        self._entries = entries
        self.asked: list[str] = []

    @hookimpl
    def wheelhouse_locate(self, url: str, run: Run) -> Listing | None:
        assert on_main_thread()
        self.asked.append(url)
        if "/catalogue/" not in url:
            return None
        return Listing(url, self._entries, notes=("this is a catalogue",))


def test_hook_wheelhouse_locate(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = make_wheel(tmp_path / "made", A).read_bytes()
    tokens: list[str | None] = []

    def give(handler: Any) -> None:
        tokens.append(handler.headers.get("X-Token"))
        respond(handler, 200, body)

    # The page would answer too, but a third-party plugin is asked first and its answer is used.
    page = b'<a href="/other/demo-2.0-py3-none-any.whl">demo-2.0-py3-none-any.whl</a>'
    with serving({"/hidden/x": give, "/catalogue/": page, "/page/": page}) as server:
        claim = Claim(Digest("sha256", sha256(body)), "catalogue", "my desk", Tier.PINNED)
        address = f"{server.url}hidden/x"
        catalogue = Catalogue(
            Entry(A, address, len(body), headers={"X-Token": "t"}, claims=(claim,)),
            Entry("unrelated-1.0.tar.gz", address),
        )
        install(monkeypatch, catalogue=catalogue)
        url = server.url.replace("//", "//user:word@") + "catalogue/#sha256=1"
        result = fetch(cli, url)
        assert result.code == 0
        assert result.line("note").endswith("this is a catalogue")
        assert result.line("ok").split() == ["ok", A, "sha256", "catalogue", "pinned"]
        assert pathlib.Path("got", A).read_bytes() == body
        assert "/catalogue/" not in server.paths()
        assert tokens == ["t"]
        assert catalogue.asked == [server.url + "catalogue/#sha256=1"]

        # The plugin returns None, so the built-in page reader is asked.
        assert "demo-2.0" in fetch(cli, server.url + "page/").line("withdrawn")
        assert "/page/" in server.paths()


class Rows:
    """Reads pages of type ``text/rows``."""

    def __init__(self) -> None:
        self.pages: list[Page] = []

    @hookimpl
    def wheelhouse_read_listing(self, page: Page) -> Listing | None:
        self.pages.append(page)
        if page.media_type != "text/rows":
            return None
        digits, name = page.content.decode().split()
        claim = Claim(Digest("sha256", digits), "rows", page.url)
        return Listing(page.url, (Entry(name, page.url + name, claims=(claim,)),))


def test_hook_wheelhouse_read_listing(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = make_wheel(tmp_path / "made", A).read_bytes()
    listed = f"{sha256(body)} {A}".encode()
    reader = Rows()
    install(monkeypatch, rows=reader)
    routes: dict[str, Any] = {
        "/": lambda handler: respond(handler, 200, listed, Content_Type="text/rows"),
        "/page/": page("/" + A),
        f"/{A}": body,
    }
    with serving(routes) as server:
        result = fetch(cli, server.url)
        assert result.line("ok").split() == ["ok", A, "sha256", "rows", "container"]
        # Pages of other types are left to the built-in reader.
        assert "missing-hash" not in fetch(cli, f"{server.url}page/").err
    assert [each.media_type for each in reader.pages] == ["text/rows", "text/html"]


class Pins:
    """Makes the same claims for every artifact."""

    def __init__(self, *returned: Claim | Finding) -> None:
        self._returned = returned
        self.asked: list[str] = []

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact) -> Sequence[Claim | Finding] | None:
        assert not on_main_thread()
        self.asked.append(artifact.url)
        return self._returned or None


def test_hook_wheelhouse_claims(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = make_wheel(dist, A).read_bytes()
    assert upload(cli).code == 0

    def pinned(content: bytes) -> Claim:
        return Claim(Digest("sha256", sha256(content)), "pin", "pins.txt", Tier.PINNED)

    install(monkeypatch, pins=Pins(pinned(b"other bytes")))
    served.requests.clear()
    disagreeing = fetch(cli, served.url)
    assert disagreeing.code == 7
    assert "replaced: the container's own digests match" in disagreeing.line("refused")
    assert f"expected  {pinned(b'other bytes').digest}  pin, pins.txt" in disagreeing.out
    assert not pathlib.Path("got", A).exists()

    pins = Pins(Finding(Cause.UNTRUSTED, "the log contradicts itself"))
    install(monkeypatch, pins=pins)
    served.requests.clear()
    objecting = fetch(cli, served.url)
    assert objecting.code == 7
    assert objecting.line("refused").endswith("untrusted: the log contradicts itself")
    assert f"/{A}" not in served.paths()
    assert pins.asked == [served.url + A]

    install(monkeypatch, nothing=Pins(), pins=Pins(pinned(body)))
    agreeing = fetch(cli, served.url)
    assert agreeing.code == 0
    assert agreeing.line("ok").split("sha256")[1].split() == [
        *("link,", "pin,", "hash", "file", "pinned+container")
    ]


class Metadata:
    """Claims the digest named in the response headers."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self.headers: list[Mapping[str, str]] = []
        self.received: list[int] = []

    @hookimpl
    def wheelhouse_response_claims(
        self, artifact: ListedArtifact, headers: Mapping[str, str]
    ) -> Sequence[Claim | Finding]:
        assert not on_main_thread()
        self.headers.append(headers)
        self.received += [p.stat().st_size for p in self._folder.rglob(artifact.name)]
        digest = Digest("sha256", headers["x-meta-sha256"])
        return [Claim(digest, "metadata", artifact.url, travels=True)]


def test_hook_wheelhouse_response_claims(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = make_wheel(tmp_path / "made", A, b"x" * 100_000).read_bytes()
    sent = {A: sha256(b"other bytes")}
    routes: dict[str, Any] = {
        "/": page(A),
        f"/{A}": lambda handler: respond(handler, 200, body, X_Meta_SHA256=sent[A]),
    }
    metadata = Metadata(tmp_path / "got")
    install(monkeypatch, metadata=metadata)
    with serving(routes) as server:
        wrong = fetch(cli, server.url)
        assert wrong.code == 1
        assert "mismatch" in wrong.line("refused")
        assert metadata.received == [0, 0]  # called before the body arrives; two reads
        sent[A] = sha256(body)
        right = fetch(cli, server.url)
        assert right.line("ok").split() == ["ok", A, "sha256", "metadata", "container"]
        assert metadata.headers[-1]["content-length"] == str(len(body))
        # Already on disk: only sources that can confirm it are requested.
        metadata.headers.clear()
        server.requests.clear()
        routes[f"/{HASH_FILE}"] = f"{sha256(body)}  {A}\n".encode()
        assert "already in the folder" in fetch(cli, server.url).line("ok")
        assert metadata.headers == []
        assert server.paths() == ["/", f"/{HASH_FILE}"]


class Inspector:
    """Records each file and returns fixed findings."""

    def __init__(self, *findings: Finding) -> None:
        self._findings = findings
        self.paths: list[pathlib.Path] = []
        self.contents: list[bytes] = []

    @hookimpl
    def wheelhouse_inspect(
        self,
        artifact: Artifact,
        path: pathlib.Path | None,
        claims: Sequence[Claim],
        digests: Mapping[str, str],
        run: Run,
    ) -> Sequence[Finding]:
        assert not on_main_thread()
        assert path is not None
        assert path.name == artifact.name
        assert digests["sha256"] == sha256(path.read_bytes())
        assert [c.digest.hex for c in claims] == [] if run.verb == "upload" else [digests["sha256"]]
        self.paths.append(path)
        self.contents.append(path.read_bytes())
        return self._findings


def test_hook_wheelhouse_open(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = make_wheel(tmp_path / "made", A).read_bytes()
    opener = Opener({"": page_of(body), A: body})
    install(monkeypatch, opener=opener)
    result = fetch(cli, SHELF)
    assert result.line("ok").split() == ["ok", A, "sha256", "link", "container"]
    assert pathlib.Path("got", A).read_bytes() == body
    # The hash file is requested, too, although the page does not list it.
    assert opener.names == ["", HASH_FILE, A]


class Token:
    """Adds a token to each request."""

    @hookimpl
    def wheelhouse_authorize(self, url: str, method: str) -> Mapping[str, str]:
        assert not on_main_thread()
        return {"X-Token": f"{method} {url}"}


def test_hook_wheelhouse_authorize(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    install(monkeypatch, token=Token())
    assert fetch(cli, served.url).code == 0
    assert served.requests
    for _, path, headers in served.requests:
        assert headers["x-token"] == f"GET {served.url}{path[1:]}"


def test_hook_wheelhouse_inspect(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = make_wheel(dist, A).read_bytes()
    assert upload(cli).code == 0
    objector = Inspector(Finding(Cause.UNTRUSTED, "signed by a stranger"))
    install(monkeypatch, objector=objector, content=Inspector())
    objected = fetch(cli, served.url)
    assert objected.code == 7
    assert objected.line("refused").endswith("untrusted: signed by a stranger")
    assert objector.contents == [body]
    (path,) = objector.paths
    assert path.parent.parent == pathlib.Path("got")
    assert not path.parent.exists()
    assert list(pathlib.Path("got").glob("*.whl")) == []

    content = Inspector()
    install(monkeypatch, content=content)
    assert fetch(cli, served.url).code == 0
    assert fetch(cli, served.url).code == 0
    assert content.contents == [body, body]
    assert content.paths[1] == pathlib.Path("got", A)

    # Bytes that no claim confirms are not passed to plugins.
    make_wheel(pathlib.Path("store", "wheels"), A, b"other bytes")
    pathlib.Path("got", A).unlink()
    assert fetch(cli, served.url).code == 1
    assert len(content.paths) == 2


def test_hook_wheelhouse_inspect_in_upload(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = "demo-2.0-py3-none-any.whl"
    make_wheel(dist, A)
    make_wheel(dist, good)

    class OnlyA:
        @hookimpl
        def wheelhouse_inspect(
            self, artifact: Artifact, path: pathlib.Path | None
        ) -> Sequence[Finding]:
            assert isinstance(artifact, LocalArtifact)
            assert path == pathlib.Path("dist", artifact.name)
            assert not list(container.glob(f"{artifact.name}*"))
            return objections if artifact.name == A else []

    objections = [
        Finding(Cause.UNSAFE_NAME, "odd", may_heal=True),
        Finding(Cause.UNTRUSTED, "built by a stranger", "build it in CI"),
        Finding(Cause.NOT_A_DISTRIBUTION, "no RECORD"),
    ]
    install(monkeypatch, objector=OnlyA())
    objected = upload(cli, "--report", "report.json")
    assert objected.code == 7
    assert objected.line("refused").startswith(
        f"refused    {A}  untrusted: odd; built by a stranger; no RECORD"
    )
    assert objected.line("           next").split(maxsplit=1)[1] == "build it in CI"
    names = sorted(path.name for path in container.glob("*.whl*"))
    assert names == [good, f"{good}.sha256"]
    refused, _ = json.loads(pathlib.Path("report.json").read_text())["artifacts"]
    assert (refused["cause"], refused["next"]) == ("untrusted", "build it in CI")


def test_inspect_in_upload_refuses_artifact_that_is_there(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    install(monkeypatch, objector=Inspector(Finding(Cause.NOT_A_DISTRIBUTION, "no RECORD")))
    assert upload(cli).code == 1
    assert (container / A).exists()


class FirstTime:
    """Objects to an artifact in one hook, the first time only."""

    def __init__(self, hook: str, *findings: Finding) -> None:
        self._hook = hook
        self._findings: Sequence[Finding] = findings

    def _findings_for(self, hook: str) -> Sequence[Finding]:
        if hook != self._hook:
            return []
        findings, self._findings = self._findings, []
        return findings

    @hookimpl
    def wheelhouse_claims(self) -> Sequence[Finding]:
        return self._findings_for("claims")

    @hookimpl
    def wheelhouse_response_claims(self) -> Sequence[Finding]:
        return self._findings_for("response_claims")

    @hookimpl
    def wheelhouse_inspect(self) -> Sequence[Finding]:
        return self._findings_for("inspect")


@pytest.mark.parametrize("hook", ["claims", "response_claims", "inspect"])
def test_finding_may_heal_is_retried(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    final = Finding(Cause.UNTRUSTED, "signed by a stranger")
    passing = Finding(Cause.UNTRUSTED, "not signed yet", may_heal=True)
    for findings, code in (([final], 7), ([passing, final], 7), ([passing], 0)):
        install(monkeypatch, late=FirstTime(hook, *findings))
        assert fetch(cli, served.url).code == code


def test_finding_may_heal_does_not_affect_other_causes(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = make_wheel(tmp_path / "made", A).read_bytes()
    hash_file = f"{sha256(body)}  {A}\n".encode()
    page = f'<a href="{A}">{A}</a>'.encode()
    make_wheel(tmp_path / "got", A)  # the hook objects to this copy; fetching it again gives 403

    def forbidden(handler: Any) -> None:
        respond(handler, 403, b"no")

    passing = Finding(Cause.UNTRUSTED, "not signed yet", may_heal=True)
    install(monkeypatch, late=FirstTime("inspect", passing))
    with serving({"/": page, f"/{HASH_FILE}": hash_file, f"/{A}": forbidden}) as server:
        assert fetch(cli, server.url).code == 5
    assert server.paths().count(f"/{A}") == 1


class Watcher:
    """Records each verdict and whether the file existed at that moment."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bool]] = []

    @hookimpl
    def wheelhouse_artifact_judged(self, artifact: ListedArtifact, verdict: Verdict) -> None:
        assert not on_main_thread()
        there = pathlib.Path("got", artifact.name).exists()
        self.seen.append((verdict.name, verdict.outcome.value, there))


def test_hook_wheelhouse_artifact_judged(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = Watcher()
    install(monkeypatch, watcher=watcher)
    bad = "demo-2.0-py3-none-any.whl"
    make_wheel(dist, A)
    make_wheel(dist, bad)
    assert upload(cli).code == 0
    make_wheel(pathlib.Path("store", "wheels"), bad, b"other bytes")
    assert fetch(cli, served.url).code == 1
    assert sorted(watcher.seen) == [(A, "ok", True), (bad, "refused", False)]


# The whole life of a third-party companion.


def dev_build(day: int) -> str:
    return f"demo-1.0.dev0+202401{day:02}000000-py3-none-any.whl"


def test_plugin_companion_is_pruned_with_its_artifact(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures = Signatures()
    install(monkeypatch, signatures=signatures)
    for day in range(1, 6):
        make_wheel(dist, dev_build(day), str(day).encode())
    assert "sent 5" in upload(cli).out
    published = {path.name: path.read_bytes() for path in container.glob("*.asc")}
    assert sorted(published) == [f"{dev_build(day)}.asc" for day in range(1, 6)]
    assert ".asc" not in (container / "index.html").read_text()

    assert "there 5" in upload(cli).out
    assert {path.name: path.read_bytes() for path in container.glob("*.asc")} == published
    assert len(signatures.signed) == 5

    # A page that lists every object, as many stores generate it.
    (container / "index.html").unlink()
    with serving_folder(container) as server:
        fetched = fetch(cli, server.url)
    assert "verified 5 of 5 artifacts" in fetched.out
    assert sorted(p.name for p in pathlib.Path("got").iterdir()) == [
        dev_build(day) for day in range(1, 6)
    ]

    for path in dist.iterdir():
        path.unlink()
    make_wheel(dist, dev_build(6))
    pruned = upload(cli)
    assert pruned.code == 0
    oldest = dev_build(1)
    assert [line.split()[1] for line in pruned.out.splitlines() if line.startswith("pruned")] == [
        oldest,
        f"{oldest}.asc",
        f"{oldest}.sha256",
    ]
    left = sorted(path.name for path in container.glob("*.asc"))
    assert left == [f"{dev_build(day)}.asc" for day in range(2, 7)]
    assert not list(container.glob(f"{oldest}*"))


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (RuntimeError("no disk"), 1, "error: plugin 'failing' (failing-dist 1.0) failed in"),
        (UsageError("no folder"), 2, "error: no folder"),
        (DiskError("cannot write it"), 1, "problem: disk: cannot write it"),
    ],
)
def test_failed_run_finished_keeps_other_reports_and_graver_codes(
    cli: Cli,
    dist: pathlib.Path,
    served: Server,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: int,
    text: str,
) -> None:
    class Failing:
        @hookimpl
        def wheelhouse_run_finished(self) -> None:
            raise error

    make_wheel(dist, A)
    assert upload(cli).code == 0
    make_wheel(pathlib.Path("store", "wheels"), A, b"other bytes")
    install(monkeypatch, failing=Failing())
    result = fetch(cli, served.url, "--report", "report.json")
    assert result.code == code
    assert json.loads(pathlib.Path("report.json").read_text())["exit_code"] == 1
    assert text in result.out + result.err
