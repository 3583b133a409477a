"""The examples of docs/hooks.rst: complete plugins, and commands that use them.

The page includes the code between the markers. Each function returns the names that its
example defines as one plugin, as a module would.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import types
import zipfile
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support import ROOT
from tests.support.artifacts import HASH_FILE, A, make_wheel, sha256
from tests.support.commands import fetch, upload
from tests.support.faulty_archives import wheel as sound_wheel
from tests.support.pages import page
from tests.support.plugins import install
from tests.support.servers import Server, respond, serving
from wheelhouse_hashes.testing import make_sdist

PAGE = ROOT / "docs" / "hooks.rst"


def add_options() -> types.SimpleNamespace:
    # -- start wheelhouse_add_options --
    from collections.abc import Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Finding, ListedArtifact
    from wheelhouse_hashes.causes import Cause
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

    @hookimpl
    def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
        if verb == "fetch":
            parser.add_argument("--limit-size", type=int, metavar="BYTES", environment="LIMIT_SIZE")

    @hookimpl
    def wheelhouse_claims(artifact: ListedArtifact, run: Run) -> Sequence[Finding]:
        limit = run.options.extra["limit_size"]
        if limit is None or artifact.size is None or artifact.size <= limit:
            return []
        return [Finding(Cause.TOO_LARGE, f"{artifact.size} bytes are more than {limit}")]

    # -- end wheelhouse_add_options --
    return types.SimpleNamespace(**locals())


def verbs() -> types.SimpleNamespace:
    # -- start wheelhouse_verbs --
    import pathlib
    from collections.abc import Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.filenames import parse_artifact_name
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup, Verb

    def configure(options: OptionGroup) -> None:
        options.add_argument("folder", help="path to the folder")

    def count(run: Run) -> int:
        folder = pathlib.Path(run.options.extra["folder"])
        found = [path for path in folder.glob("*") if parse_artifact_name(path.name)]
        run.say(f"{folder}: {len(found)} artifacts")
        return 0 if found else 4

    @hookimpl
    def wheelhouse_verbs() -> Sequence[Verb]:
        about = "Count the artifacts in a folder."
        examples = [("before the upload", "count dist")]
        codes = {4: "no artifacts"}
        return [Verb("count", about, configure, count, examples=examples, exit_codes=codes)]

    # -- end wheelhouse_verbs --
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


def tiers() -> types.SimpleNamespace:
    # -- start wheelhouse_tiers --
    import pathlib
    from collections.abc import Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Claim, Digest, ListedArtifact, Tier

    PINS = pathlib.Path("pins.txt")  # noqa: N806 (a constant of the plugin's module)

    @hookimpl
    def wheelhouse_tiers() -> Sequence[Tier]:
        return [Tier.PINNED] if PINS.exists() else []

    @hookimpl
    def wheelhouse_claims(artifact: ListedArtifact) -> Sequence[Claim]:
        pins = PINS.read_text("ascii").splitlines() if PINS.exists() else []
        return [
            Claim(Digest("sha256", digits), "pin", str(PINS), Tier.PINNED)
            for digits, name in map(str.split, pins)
            if name == artifact.name
        ]

    # -- end wheelhouse_tiers --
    return types.SimpleNamespace(**locals())


def prepare() -> types.SimpleNamespace:
    # -- start wheelhouse_prepare --
    import os
    from collections.abc import Sequence

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Finding, ListedArtifact
    from wheelhouse_hashes.causes import Cause
    from wheelhouse_hashes.run import Run

    REVOKED: set[str] = set()  # noqa: N806 (a variable of the plugin's module)

    @hookimpl
    def wheelhouse_prepare(run: Run) -> None:
        url = os.environ["REVOKED_ARTIFACTS"]
        page = run.client.get(url, max_bytes=1_000_000, fresh=run.fresh)
        REVOKED.update(page.body.decode("ascii").split())

    @hookimpl
    def wheelhouse_claims(artifact: ListedArtifact) -> Sequence[Finding]:
        if artifact.name in REVOKED:
            return [Finding(Cause.UNTRUSTED, "it was revoked")]
        return []

    # -- end wheelhouse_prepare --
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
    from wheelhouse_hashes.artifacts import Claim, Digest
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Entry, Listing

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


def read_listing() -> types.SimpleNamespace:
    # -- start wheelhouse_read_listing --
    import json

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.artifacts import Claim, Digest
    from wheelhouse_hashes.transport import Entry, Listing, Page

    @hookimpl
    def wheelhouse_read_listing(page: Page) -> Listing | None:
        """Read a release of a code forge: its assets, with their digests."""
        if page.media_type != "application/json" or b'"assets"' not in page.content:
            return None
        where = page.url.partition("?")[0]
        entries = []
        for asset in json.loads(page.content)["assets"]:
            algorithm, _, digits = asset["digest"].partition(":")
            claim = Claim(Digest(algorithm, digits), "release", where)
            url = asset["browser_download_url"]
            entries.append(Entry(asset["name"], url, asset["size"], claims=(claim,)))
        return Listing(where, tuple(entries), secure=page.secure, companions_listed=True)

    # -- end wheelhouse_read_listing --
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
        digits = headers.get("x-build-sha256")
        if digits is None:
            return []
        return [Claim(Digest("sha256", digits), "checksum", "its answer", travels=True)]

    # -- end wheelhouse_response_claims --
    return types.SimpleNamespace(**locals())


def open_() -> types.SimpleNamespace:
    # -- start wheelhouse_open --
    import zipfile
    from collections.abc import Iterator
    from urllib.parse import unquote, urlsplit

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.causes import Cause
    from wheelhouse_hashes.errors import TransferError
    from wheelhouse_hashes.transport import Opened

    def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
        with archive.open(name) as file:
            while piece := file.read(65536):
                yield piece

    @hookimpl
    def wheelhouse_open(url: str) -> Opened | None:
        """Open ``zip://ARCHIVE/NAME``, and list the names at ``zip://ARCHIVE/``."""
        parts = urlsplit(url)
        if parts.scheme != "zip":
            return None
        archive, name = zipfile.ZipFile(parts.netloc), unquote(parts.path[1:])
        if not name:
            names = "\n".join(archive.namelist())
            return Opened({"Content-Type": "text/plain"}, [names.encode()], secure=True)
        if name not in archive.namelist():
            raise TransferError(Cause.MISSING_ARTIFACT, f"{url}: not in the archive", 404)
        size = archive.getinfo(name).file_size
        return Opened({"Content-Length": str(size)}, pieces(archive, name), secure=True)

    # -- end wheelhouse_open --
    return types.SimpleNamespace(**locals())


def authorize() -> types.SimpleNamespace:
    # -- start wheelhouse_authorize --
    import os
    import subprocess
    from collections.abc import Mapping
    from urllib.parse import urlsplit

    from wheelhouse_hashes import hookimpl
    from wheelhouse_hashes.run import Run

    @hookimpl
    def wheelhouse_authorize(url: str, run: Run) -> Mapping[str, str] | None:
        if urlsplit(url).hostname != os.environ["STORE_HOST"]:
            return None
        command = ["store-token", "--renew"] if run.fresh else ["store-token"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return {"Authorization": f"Bearer {done.stdout.strip()}"}

    # -- end wheelhouse_authorize --
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
            if any(".dist-info/licenses/" in name for name in wheel.namelist()):
                return []
        advice = "name the license files in pyproject.toml and build it again"
        return [Finding(Cause.UNSOUND, "the wheel has no license file", advice)]

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
        small = fetch(cli, server.url, "--limit-size", 100)
        assert small.code == 5
        said = f"too-large: {len(body)} bytes are more than 100"
        assert small.line("refused").endswith(said)
        assert fetch(cli, server.url, "--limit-size", 10_000).code == 0
        assert fetch(cli, server.url).code == 0
        pathlib.Path("got", A).unlink()
        monkeypatch.setenv("LIMIT_SIZE", "100")
        assert fetch(cli, server.url).code == 5


def test_verbs(cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=verbs())
    make_wheel(dist, A)
    make_wheel(dist, "demo-2.0-py3-none-any.whl")
    shown = sections_of_output(PAGE.read_text("utf-8"), "wheelhouse-hashes count")
    for folder, code in (("dist", 0), ("nowhere", 4)):
        counted = cli("count", folder)
        assert (counted.code, counted.err) == (code, "")
        assert counted.out in shown
    page_of_help = cli("count", "--help").out
    assert "  # before the upload\n" in page_of_help
    assert "    4  no artifacts\n" in page_of_help


def sections_of_output(page: str, command: str) -> str:
    """Return the lines of a page from a command to the end of its block, not indented."""
    block = page[page.index(f"   $ {command}") :].partition("\n\n")[0]
    return block.replace("\n   ", "\n") + "\n"


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


def test_tiers(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=tiers())
    ended = fetch(cli, released.url, "--require", "pinned")
    assert (ended.code, released.requests) == (2, [])
    assert f"   {ended.err.strip()}\n" in PAGE.read_text("utf-8")
    body = pathlib.Path("store", "wheels", A).read_bytes()
    pathlib.Path("pins.txt").write_text(f"{sha256(body)}  {A}\n")
    assert fetch(cli, released.url, "--require", "pinned").code == 0


def test_prepare(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=prepare())
    with serving({"/revoked": f"{A}\n".encode()}) as server:
        monkeypatch.setenv("REVOKED_ARTIFACTS", f"{server.url}revoked")
        revoked = fetch(cli, released.url)
    assert revoked.code == 7
    assert revoked.line("refused").endswith("untrusted: it was revoked")


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


def test_read_listing(cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=read_listing())
    body = make_wheel(tmp_path / "made", A).read_bytes()
    routes: dict[str, Any] = {f"/{A}": body}
    with serving(routes) as server:
        asset = {"name": A, "browser_download_url": server.url + A, "size": len(body)}
        release = json.dumps({"assets": [{**asset, "digest": f"sha256:{sha256(body)}"}]}).encode()
        routes["/release"] = lambda handler: respond(
            handler, 200, release, Content_Type="application/json"
        )
        read = fetch(cli, server.url + "release")
        assert read.line("ok").split() == ["ok", A, "sha256", "release", "container"]
        assert server.paths() == ["/release", f"/{A}"]


def test_claims(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=claims())
    body = pathlib.Path("store", "wheels", A).read_bytes()
    pathlib.Path("pins.txt").write_text(f"{sha256(b'other bytes')}  {A}\n")
    assert "replaced" in fetch(cli, released.url).line("refused")
    pathlib.Path("pins.txt").write_text(f"{sha256(body)}  {A}\n")
    assert fetch(cli, released.url).line("ok").endswith("pin, hash file  pinned+container")


def test_response_claims(cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=response_claims())
    body = make_wheel(tmp_path / "made", A).read_bytes()
    claimed = {"X_Build_SHA256": sha256(body)}
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


def test_open(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=open_())
    with zipfile.ZipFile("dist.zip", "w") as archive:
        for name in (A, HASH_FILE):
            archive.write(pathlib.Path("store", "wheels", name), name)
    opened = fetch(cli, "zip://dist.zip/")
    assert opened.line("ok").split() == ["ok", A, "sha256", "hash", "file", "container"]
    assert "plain HTTP" not in opened.out
    assert released.requests == []


def test_authorize(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, example=authorize())
    monkeypatch.setenv("STORE_HOST", "127.0.0.1")
    commands: list[list[str]] = []

    def store_token(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "abc\n")

    monkeypatch.setattr(subprocess, "run", store_token)
    assert fetch(cli, released.url).code == 0
    assert {headers["authorization"] for _, _, headers in released.requests} == {"Bearer abc"}
    assert commands == [["store-token"]] * len(released.requests)


def test_inspect(cli: Cli, released: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = pathlib.Path("dist", A)
    assert upload(cli, "--no-update-index").code == 0
    install(monkeypatch, example=inspect())
    for refused in (upload(cli, "--no-update-index"), fetch(cli, released.url)):
        assert refused.code == 1
        assert refused.line("refused").startswith(
            f"refused    {A}  unsound: the wheel has no license file"
        )
        assert refused.line("           next").endswith("in pyproject.toml and build it again")
    wheel.write_bytes(sound_wheel(extra=[("demo-1.0.dist-info/licenses/LICENSE", b"free")]))
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
