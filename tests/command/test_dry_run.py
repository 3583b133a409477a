"""``--dry-run`` of ``upload`` and ``fetch``: everything is named, and nothing changes."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
from collections.abc import Iterator

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, B, C, make_sdist, make_wheel, publish
from tests.support.commands import FETCH, UPLOAD
from tests.support.plugins import install
from tests.support.servers import Server
from wheelhouse_hashes import hookimpl

DRY = (*UPLOAD, "--dry-run")
DEV = "demo-1.0.dev0-py3-none-any.whl"


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
    """Check that no file is made, removed, renamed or written."""

    def state() -> dict[str, tuple[int, bytes]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in pathlib.Path().rglob("*")
        }

    before = state()
    yield
    assert state() == before


def outcomes(out: str) -> dict[str, str]:
    """Return the outcomes of artifacts by name."""
    lines = (line.split() for line in out.splitlines() if ".whl" in line or ".tar.gz" in line)
    return {name: word for word, name, *_ in lines if word not in ("note", "skipped")}


class Listener:
    """Records the artifacts that plugins are told about."""

    def __init__(self) -> None:
        self.artifacts: list[object] = []

    @hookimpl
    def wheelhouse_artifact_published(self, artifact: object) -> None:
        self.artifacts.append(artifact)

    @hookimpl
    def wheelhouse_artifact_judged(self, artifact: object) -> None:
        self.artifacts.append(artifact)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    listener = Listener()
    install(monkeypatch, listener=listener)
    return listener


def test_upload_names_everything_and_makes_no_container(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, listener: Listener
) -> None:
    """A dev wheel keeps its name, and the host does not report a publication."""
    make_wheel(dist, A)
    make_wheel(dist, DEV)
    (dist / "notes.txt").write_text("")
    with unchanged():
        result = cli(*DRY)
    assert result.code == 0
    assert outcomes(result.out) == {A: "planned", DEV: "planned"}
    assert f"note       {DEV}  would be renamed to demo-1.0.dev" in result.out
    assert "does not exist yet; an upload creates it" in result.out
    assert result.out.endswith(
        "container wheels: skipped 1, planned 2; dry run: nothing was sent\n"
    )
    assert not container.exists()
    assert listener.artifacts == []


def test_upload_compares_with_container(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    for name in (A, B, C):
        make_wheel(dist, name)
    assert cli(*UPLOAD).code == 0
    make_wheel(dist, B, b"other")
    make_sdist(dist, SDIST)
    (container / f"{C}.sha256").unlink()
    with unchanged():
        result = cli(*DRY, "--expect", 4)
        refused = cli(*DRY, "--no-replace")
        again = cli(*DRY, "--resend", "--quiet")
    assert result.code == 0
    text = {line.split()[1]: line for line in result.out.splitlines() if line.startswith("planned")}
    assert {name: line.rpartition("(")[2] for name, line in text.items()} == {
        B: "would replace different content)",
        C: "artifact already there; its missing companions would be sent)",
        SDIST: "would be sent)",
    }
    assert outcomes(result.out)[A] == "there"
    assert (refused.code, outcomes(refused.out)[B]) == (1, "refused")
    assert again.out.count("would be sent again") == 2


def test_upload_has_exit_codes_of_what_is_known(cli: Cli, dist: pathlib.Path) -> None:
    """An empty folder and a wrong number are 4, unsound artifacts 1."""
    pathlib.Path("store").mkdir()
    assert cli(*DRY).code == 4
    make_wheel(dist, A)
    assert cli(*DRY, "--expect", 2).code == 4
    (dist / B).write_bytes((dist / A).read_bytes())
    assert cli(*DRY).code == 1


def test_upload_names_dev_builds_to_be_deleted(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    container.mkdir()
    stamped = [f"demo-1.0.dev2026010{day}000000-py3-none-any.whl" for day in (1, 2)]
    for name in stamped:
        publish(container, name)
    make_wheel(dist, "demo-1.0.dev20260103000000-py3-none-any.whl")
    with unchanged():
        result = cli(*DRY, "--keep-dev-builds", 2)
    assert result.code == 0
    for name in (stamped[0], f"{stamped[0]}.sha256"):
        assert f"note       {name}  superseded dev build; would be deleted" in result.out
    assert stamped[1] not in result.out


def test_fetch_names_everything_and_requests_the_page_only(
    cli: Cli, container: pathlib.Path, served: Server, listener: Listener
) -> None:
    for name in (A, B):
        publish(container, name)
    assert cli(*FETCH, served.url).code == 0
    pathlib.Path("got", B).unlink()
    pathlib.Path("sums").write_text("kept")
    served.requests.clear()
    listener.artifacts.clear()
    with unchanged():
        result = cli(*FETCH, "--dry-run", "--expect", 2, "--sums", "sums", "--grid", served.url)
    assert result.code == 0
    assert outcomes(result.out) == {A: "planned", B: "planned"}
    assert f"planned    {A}" in result.out
    assert "already in the folder, would be checked" in result.out
    assert "dry run: would fetch 2 of 2 artifacts (over plain HTTP)\n" in result.out
    assert set(served.paths()) == {"/"}
    assert listener.artifacts == []


def test_fetch_has_exit_codes_of_what_is_known(
    cli: Cli, container: pathlib.Path, served: Server
) -> None:
    """Nothing that matches and an incomplete release are 4."""
    assert cli(*FETCH, "--dry-run", served.url).code == 4
    publish(container, A)
    with unchanged():
        assert cli(*FETCH, "--dry-run", served.url).code == 0
        assert cli(*FETCH, "--dry-run", "--expect", 2, served.url).code == 4
    pathlib.Path("names").write_text(f"{A}\n{B}\n")
    result = cli(*FETCH, "--dry-run", "--expect-file", "names", "--grid", served.url)
    assert (result.code, "missing" in result.out) == (4, True)
    assert not os.path.lexists("got")


def test_dry_run_of_fetch_needs_verify(cli: Cli, served: Server) -> None:
    result = cli("fetch", "--dry-run", "demo", served.url)
    assert (result.code, "--dry-run: no effect without --verify" in result.err) == (2, True)


def test_reports_of_dry_run_say_planned(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, served: Server
) -> None:
    """The JSON report and the page have the word; no digest is claimed to be verified."""
    publish(container, A)
    command = (*FETCH, "--dry-run", "--report", "report.json", "--html", "page.html")
    assert cli(*command, "--explain", A, served.url).code == 0
    (artifact,) = json.loads(pathlib.Path("report.json").read_text())["artifacts"]
    assert (artifact["outcome"], artifact["digests"], artifact["tier"]) == ("planned", {}, None)
    assert '<td class="state planned">planned</td>' in pathlib.Path("page.html").read_text()
    make_wheel(dist, B)
    assert cli(*DRY, "--report", "report.json").code == 0
    (artifact,) = json.loads(pathlib.Path("report.json").read_text())["artifacts"]
    assert (artifact["outcome"], artifact["exit_code"]) == ("planned", 0)
