"""The examples of docs/hooks.rst: complete plugins, and commands that use them.

The page includes the code between the markers. Each function returns the names that its
example defines as one plugin, as a module would.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import types
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support import ROOT
from tests.support.artifacts import HASH_FILE, A, make_wheel, sha256
from tests.support.commands import fetch, upload
from tests.support.pages import page
from tests.support.plugins import install
from tests.support.servers import Server, respond, serving
from wheelhouse_hashes.testing import make_sdist

PAGE = ROOT / "docs" / "hooks.rst"


def add_options() -> types.SimpleNamespace:
    # -- start wheelhouse_add_options --
    import argparse
    from collections.abc import Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Finding, ListedArtifact
    from wheelhouse_hashes.causes import Cause
    from wheelhouse_hashes.run import Run

    @hookimpl
    def wheelhouse_add_options(verb: str, parser: argparse._ArgumentGroup) -> None:
        if verb == "fetch":
            parser.add_argument("--max-size", type=int, metavar="BYTES")

    @hookimpl
    def wheelhouse_claims(artifact: ListedArtifact, run: Run) -> Sequence[Finding]:
        limit = run.options.extra["max_size"]
        if limit is None or artifact.size is None or artifact.size <= limit:
            return []
        return [Finding(Cause.TOO_LARGE, f"{artifact.size} bytes are more than {limit}")]

    # -- end wheelhouse_add_options --
    return types.SimpleNamespace(**locals())


def run_started() -> types.SimpleNamespace:
    # -- start wheelhouse_run_started --
    import os

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.errors import UsageError
    from wheelhouse_hashes.run import Run

    @hookimpl
    def wheelhouse_run_started(run: Run) -> None:
        if run.verb == "upload" and "CI" not in os.environ:
            raise UsageError("releases are uploaded by CI; push a tag")

    # -- end wheelhouse_run_started --
    return types.SimpleNamespace(**locals())


def conclude() -> types.SimpleNamespace:
    # -- start wheelhouse_conclude --
    from collections.abc import Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Finding
    from wheelhouse_hashes.causes import register
    from wheelhouse_hashes.report import FetchReport, Report

    NO_SDIST = register(  # noqa: N806 (a constant of the plugin's module)
        "no-sdist", 4, next="build the sdist and upload it"
    )

    @hookimpl
    def wheelhouse_conclude(report: Report) -> Sequence[Finding]:
        if not isinstance(report, FetchReport):
            return []
        if any(name.endswith(".tar.gz") for name in report.good):
            return []
        return [Finding(NO_SDIST, "the release has wheels only")]

    # -- end wheelhouse_conclude --
    return types.SimpleNamespace(**locals())


def run_finished() -> types.SimpleNamespace:
    # -- start wheelhouse_run_finished --
    import pathlib

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.report import FetchReport, Report

    @hookimpl
    def wheelhouse_run_finished(report: Report) -> None:
        if isinstance(report, FetchReport):
            good = [verdict for verdict in report.verdicts if verdict.good]
            sums = sorted(f"{v.digests['sha256']}  {v.name}\n" for v in good)
            pathlib.Path("SHA256SUMS").write_text("".join(sums), "ascii")

    # -- end wheelhouse_run_finished --
    return types.SimpleNamespace(**locals())


def companions() -> types.SimpleNamespace:
    # -- start wheelhouse_companions --
    import subprocess
    from collections.abc import Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Companion, LocalArtifact
    from wheelhouse_hashes.filenames import parse_artifact_name

    @hookimpl
    def wheelhouse_companions(artifact: LocalArtifact) -> Sequence[Companion]:
        def sign() -> bytes:
            command = ["gpg", "--armor", "--detach-sign", "--output", "-", str(artifact.path)]
            return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout

        return [Companion(artifact.name + ".asc", sign, reproducible=False)]

    @hookimpl
    def wheelhouse_companion_of(object_name: str) -> str | None:
        name = object_name.removesuffix(".asc")
        return name if name != object_name and parse_artifact_name(name) else None

    # -- end wheelhouse_companions --
    return types.SimpleNamespace(**locals())


def companion_of() -> types.SimpleNamespace:
    # -- start wheelhouse_companion_of --
    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.filenames import parse_artifact_name

    @hookimpl
    def wheelhouse_companion_of(object_name: str) -> str | None:
        """Recognize the metadata files of PEP 658, whichever plugin published them."""
        name = object_name.removesuffix(".metadata")
        return name if name != object_name and parse_artifact_name(name) else None

    # -- end wheelhouse_companion_of --
    return types.SimpleNamespace(**locals())


def artifact_published() -> types.SimpleNamespace:
    # -- start wheelhouse_artifact_published --
    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import LocalArtifact
    from wheelhouse_hashes.run import Run

    @hookimpl
    def wheelhouse_artifact_published(
        artifact: LocalArtifact,
        sent: bool,
        run: Run,
    ) -> None:
        word = "now" if sent else "already"
        run.say(f"{artifact.name}: {artifact.size} bytes are public {word}")

    # -- end wheelhouse_artifact_published --
    return types.SimpleNamespace(**locals())


def locate() -> types.SimpleNamespace:
    # -- start wheelhouse_locate --
    from urllib.parse import quote, urljoin

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Claim, Digest, Entry, Listing
    from wheelhouse_hashes.run import Run

    @hookimpl
    def wheelhouse_locate(url: str, run: Run) -> Listing | None:
        if not url.endswith("/SHA256SUMS"):
            return None
        page = run.client.get(url, max_bytes=1_000_000)
        entries = []
        for line in page.body.decode("ascii").splitlines():
            digits, name = line.split("  ")
            claim = Claim(Digest("sha256", digits), "SHA256SUMS", url)
            entries.append(Entry(name, urljoin(url, quote(name)), claims=(claim,)))
        return Listing(page.url, tuple(entries), page.last_modified)

    # -- end wheelhouse_locate --
    return types.SimpleNamespace(**locals())


def claims() -> types.SimpleNamespace:
    # -- start wheelhouse_claims --
    import pathlib
    from collections.abc import Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Claim, Digest, ListedArtifact, Tier

    PINS = pathlib.Path("pins.txt")  # noqa: N806 (a constant of the plugin's module)

    @hookimpl
    def wheelhouse_claims(artifact: ListedArtifact) -> Sequence[Claim]:
        pins = [line.split() for line in PINS.read_text("ascii").splitlines()]
        return [
            Claim(Digest("sha256", digits), "pin", str(PINS), Tier.PINNED)
            for digits, name in pins
            if name == artifact.name
        ]

    # -- end wheelhouse_claims --
    return types.SimpleNamespace(**locals())


def response_claims() -> types.SimpleNamespace:
    # -- start wheelhouse_response_claims --
    from collections.abc import Mapping, Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Claim, Digest, ListedArtifact

    @hookimpl
    def wheelhouse_response_claims(
        artifact: ListedArtifact, headers: Mapping[str, str]
    ) -> Sequence[Claim]:
        digits = headers.get("x-checksum-sha256")
        if digits is None:
            return []
        return [Claim(Digest("sha256", digits), "checksum", "its answer", travels=True)]

    # -- end wheelhouse_response_claims --
    return types.SimpleNamespace(**locals())


def inspect() -> types.SimpleNamespace:
    # -- start wheelhouse_inspect --
    import zipfile
    from collections.abc import Sequence
    from pathlib import Path

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Artifact, Finding
    from wheelhouse_hashes.causes import Cause

    @hookimpl
    def wheelhouse_inspect(artifact: Artifact, path: Path | None) -> Sequence[Finding]:
        if path is None or artifact.parsed.kind != "wheel":
            return []
        with zipfile.ZipFile(path) as wheel:
            if any(name.endswith(".dist-info/RECORD") for name in wheel.namelist()):
                return []
        advice = "build it again with a current build tool"
        return [Finding(Cause.NOT_A_DISTRIBUTION, "the wheel has no RECORD", advice)]

    # -- end wheelhouse_inspect --
    return types.SimpleNamespace(**locals())


def artifact_judged() -> types.SimpleNamespace:
    # -- start wheelhouse_artifact_judged --
    import logging

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Verdict

    @hookimpl
    def wheelhouse_artifact_judged(verdict: Verdict) -> None:
        cause = verdict.cause.value if verdict.cause else "no objection"
        logging.getLogger("fetch").info("%s %s: %s", verdict.outcome.value, verdict.name, cause)

    # -- end wheelhouse_artifact_judged --
    return types.SimpleNamespace(**locals())


def test_hooks_page_includes_every_example() -> None:
    marked = re.findall(r"# -- (start|end) (\w+) --$", own_text(), re.MULTILINE)
    names = [name for kind, name in marked if kind == "start"]
    assert [name for kind, name in marked if kind == "end"] == names
    included = re.findall(
        r"literalinclude:: \.\./tests/docs/test_hooks_examples\.py\n"
        r"   :start-after: # -- start (\w+) --\n"
        r"   :end-before: # -- end (\w+) --\n"
        r"   :dedent: 4\n",
        PAGE.read_text("utf-8"),
    )
    assert included == [(name, name) for name in names]


def own_text() -> str:
    return pathlib.Path(__file__).read_text("utf-8")


@pytest.fixture
def released(cli: Cli, dist: pathlib.Path, served: Server) -> Server:
    """A container with one wheel and its hash file, without an index page."""
    make_wheel(dist, A)
    assert upload(cli, "--no-update-index").code == 0
    return served


def test_add_options(cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=add_options())
    body = make_wheel(tmp_path / "made", A).read_bytes()
    file = {"filename": A, "url": A, "hashes": {"sha256": sha256(body)}}
    page = str({"files": [{**file, "size": len(body)}]}).replace("'", '"').encode()

    def simple(handler: Any) -> None:
        respond(handler, 200, page, Content_Type="application/vnd.pypi.simple.v1+json")

    with serving({"/": simple, f"/{A}": body}) as server:
        small = fetch(cli, server.url, "--max-size", 100)
        assert small.code == 5
        said = f"too-large: {len(body)} bytes are more than 100"
        assert small.line("refused").endswith(said)
        assert fetch(cli, server.url, "--max-size", 10_000).code == 0
        assert fetch(cli, server.url).code == 0


def test_run_started(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, example=run_started())
    make_wheel(dist, A)
    monkeypatch.delenv("CI", raising=False)
    ended = upload(cli)
    assert ended.code == 2
    assert ended.err == "wheelhouse-hashes: error: releases are uploaded by CI; push a tag\n"
    monkeypatch.setenv("CI", "true")
    assert upload(cli).code == 0


def test_run_finished(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=run_finished())
    assert fetch(cli, released.url).code == 0
    digest = sha256(pathlib.Path("got", A).read_bytes())
    assert pathlib.Path("SHA256SUMS").read_text() == f"{digest}  {A}\n"


def test_companions(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, example=companions())
    signed: list[list[str]] = []

    def gpg(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        signed.append(command)
        return subprocess.CompletedProcess(command, 0, b"-----BEGIN PGP SIGNATURE-----\n")

    monkeypatch.setattr(subprocess, "run", gpg)
    wheel = make_wheel(dist, A)
    assert upload(cli).line("sent").endswith("+ .asc + .sha256")
    (command,) = signed
    assert (command[0], command[-1]) == ("gpg", str(pathlib.Path("dist", wheel.name)))
    assert (container / f"{A}.asc").read_bytes().startswith(b"-----BEGIN PGP SIGNATURE")
    assert "already there" in upload(cli).line("there")
    assert len(signed) == 1


def test_companion_of(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    container = pathlib.Path("store", "wheels")
    container.joinpath("demo-2.0-py3-none-any.whl.metadata").write_text("Name: demo\n")
    assert fetch(cli, released.url).code == 0
    install(monkeypatch, example=companion_of())
    announced = fetch(cli, released.url)
    assert announced.code == 4
    assert announced.line("refused").split()[1] == "demo-2.0-py3-none-any.whl"


def test_artifact_published(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, example=artifact_published())
    size = make_wheel(dist, A).stat().st_size
    assert upload(cli).line(A) == f"{A}: {size} bytes are public now"
    assert upload(cli).line(A) == f"{A}: {size} bytes are public already"


def test_locate(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    container = pathlib.Path("store", "wheels")
    container.joinpath(HASH_FILE).rename(container / "SHA256SUMS")
    install(monkeypatch, example=locate())
    located = fetch(cli, released.url + "SHA256SUMS")
    assert located.line("ok").split() == ["ok", A, "sha256", "SHA256SUMS", "container"]


def test_claims(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=claims())
    body = pathlib.Path("store", "wheels", A).read_bytes()
    pathlib.Path("pins.txt").write_text(f"{sha256(b'other bytes')}  {A}\n")
    assert "conflict" in fetch(cli, released.url).line("refused")
    pathlib.Path("pins.txt").write_text(f"{sha256(body)}  {A}\n")
    assert fetch(cli, released.url).line("ok").endswith("pin, hash file  pinned")


def test_response_claims(cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=response_claims())
    body = make_wheel(tmp_path / "made", A).read_bytes()
    claimed = {"X_Checksum_SHA256": sha256(body)}
    routes: dict[str, Any] = {
        "/": page(A),
        f"/{A}": lambda handler: respond(handler, 200, body, **claimed),
    }
    with serving(routes) as server:
        assert fetch(cli, server.url).line("ok").endswith("sha256  checksum  container")
        pathlib.Path("got", A).unlink()
        # The claims match the bytes; the hash file is of another version.
        routes[f"/{HASH_FILE}"] = f"{sha256(b'other bytes')}  {A}\n".encode()
        assert "stale" in fetch(cli, server.url).line("refused")
        del routes[f"/{HASH_FILE}"]
        claimed.clear()
        assert "missing-hash" in fetch(cli, server.url).line("refused")


def test_inspect(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = pathlib.Path("dist", A)
    with_record = wheel.read_bytes()
    without_record = with_record.replace(b"dist-info/RECORD", b"dist-info/RECIPE")
    wheel.write_bytes(without_record)
    assert upload(cli, "--no-update-index").code == 0
    install(monkeypatch, example=inspect())
    for refused in (upload(cli, "--no-update-index"), fetch(cli, released.url)):
        assert refused.code == 1
        assert refused.line("refused").startswith(
            f"refused    {A}  not-a-distribution: the wheel has no RECORD"
        )
        assert refused.line("           next").endswith("build it again with a current build tool")
    wheel.write_bytes(with_record)
    assert upload(cli, "--no-update-index").code == 0
    assert fetch(cli, released.url).code == 0


def test_conclude(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=conclude())
    result = fetch(cli, released.url)
    assert result.code == 4
    assert result.out.splitlines()[-3:] == [
        "no-sdist: the release has wheels only",
        "           next      build the sdist and upload it",
        "verified 1 of 1 artifacts (weakest tier: container, over plain HTTP)",
    ]
    make_sdist(pathlib.Path("dist"), "demo-1.0.tar.gz")
    assert upload(cli, "--no-update-index").code == 0
    assert fetch(cli, released.url).code == 0


def test_artifact_judged(
    cli: Cli,
    released: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    install(monkeypatch, example=artifact_judged())
    with caplog.at_level("INFO", "fetch"):
        assert fetch(cli, released.url).code == 0
        pathlib.Path("store", "wheels", HASH_FILE).unlink()
        pathlib.Path("got", A).unlink()
        assert fetch(cli, released.url).code == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"ok {A}: no objection",
        f"refused {A}: missing-hash",
    ]
