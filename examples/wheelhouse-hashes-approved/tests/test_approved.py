"""The installed plugin on the command line, with real servers."""

from __future__ import annotations

import hashlib
import json
import pathlib
import shutil
import ssl
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest
import trustme
import wheelhouse_hashes_approved

from wheelhouse_hashes import testing
from wheelhouse_hashes.testing import FOREIGN, Handler, Result, Server, make_sdist, make_wheel

WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    for name in (*FOREIGN, "WHEELHOUSE_UPLOADER_APPROVED_LIST", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def write_hash_file(path: pathlib.Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")


@pytest.fixture
def dist() -> pathlib.Path:
    """A folder with a wheel, an sdist and their hash files."""
    folder = pathlib.Path("dist")
    for path in (make_wheel(folder, WHEEL), make_sdist(folder, SDIST)):
        write_hash_file(path)
    return folder


@pytest.fixture
def served(dist: pathlib.Path) -> Iterator[Server]:
    with testing.serving_folder(dist) as server:
        yield server


@pytest.fixture
def approved(dist: pathlib.Path) -> pathlib.Path:
    """The list with both artifacts."""
    path = pathlib.Path("approved.txt")
    digests = [
        f"{hashlib.sha256(dist.joinpath(name).read_bytes()).hexdigest()}  {name}\n"
        for name in (WHEEL, SDIST)
    ]
    path.write_text("".join(["# approved by: Jane Doe\n", *digests]))
    return path


def fetch(server: Server, *options: object) -> Result:
    return testing.run(
        *("fetch", "--verify", "--wait", 0, "--local-folder", "got"),
        *(*options, "demo", server.url),
    )


def test_plugin_is_found_by_its_entry_point() -> None:
    (point,) = entry_points(group="wheelhouse_hashes", name="approved")
    assert point.load() is wheelhouse_hashes_approved


def test_approved_artifacts_are_pinned_with_evidence(
    served: Server, approved: pathlib.Path
) -> None:
    options = ("--require", "pinned", "--report", "report.json")
    ended = fetch(served, "--approved-list", approved, *options)
    assert (ended.code, ended.err) == (0, "")
    assert "verified 2 of 2 artifacts (weakest tier: pinned" in ended.out
    report = json.loads(pathlib.Path("report.json").read_text())
    assert '"approved by": "Jane Doe"' in json.dumps(report)
    assert fetch(served, "--require", "pinned").code == 2


def test_plugin_works_in_a_subprocess(dist: pathlib.Path, approved: pathlib.Path) -> None:
    command = ("-m", "wheelhouse_uploader", "verify", "--wait", 0, dist)
    variable = {"WHEELHOUSE_UPLOADER_APPROVED_LIST": str(approved)}
    ended = testing.run_python(*command, **variable)
    assert ended.code == 0
    assert "approved list" in ended.out


def test_artifact_that_nobody_approved_is_refused(served: Server, approved: pathlib.Path) -> None:
    lines = approved.read_text().splitlines(keepends=True)
    approved.write_text("".join(line for line in lines if WHEEL not in line))
    ended = fetch(served, "--approved-list", approved)
    assert ended.code == 3
    assert "not-approved: Jane Doe did not approve it in approved.txt" in ended.line("refused")
    assert not pathlib.Path("got", WHEEL).exists()


def test_replaced_artifact_is_refused(
    dist: pathlib.Path, served: Server, approved: pathlib.Path
) -> None:
    write_hash_file(make_wheel(dist, WHEEL, b"other bytes"))
    ended = fetch(served, "--approved-list", approved)
    assert ended.code == 7
    assert ended.line("refused").split()[1:3] == [WHEEL, "replaced:"]


def test_approved_artifact_of_the_release_that_is_missing_fails_the_run(
    dist: pathlib.Path, served: Server, approved: pathlib.Path
) -> None:
    for name in (WHEEL, f"{WHEEL}.sha256"):
        dist.joinpath(name).unlink()
    older = f"{'0' * 64}  demo-0.9-py3-none-any.whl\n"
    approved.write_text(approved.read_text() + older)
    ended = fetch(served, "--approved-list", approved)
    assert ended.code == 4
    assert f"missing-artifact: {WHEEL}: approved by Jane Doe, but missing" in ended.out
    assert "demo-0.9" not in ended.out
    assert pathlib.Path("got", SDIST).exists()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"{'0' * 64}  {WHEEL}\n", "nobody signed it off"),
        ("# approved by: Jane\n<html>\n", "line 2: expected a SHA-256 digest, two spaces"),
        (f"{'0' * 64}  {WHEEL}\n{'1' * 64}  {WHEEL}\n", f"line 2: another digest for {WHEEL}"),
        ("x" * (wheelhouse_hashes_approved.MAX_BYTES + 1), "larger than 1048576 bytes"),
    ],
)
def test_invalid_list_ends_the_command(served: Server, content: str, text: str) -> None:
    pathlib.Path("list.txt").write_text(content)
    ended = fetch(served, "--approved-list", "list.txt")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith("wheelhouse-hashes: error: --approved-list list.txt")
    assert text in ended.err
    assert served.requests == []


def test_missing_list_and_plain_http_are_one_line(served: Server) -> None:
    gone = fetch(served, "--approved-list", "gone.txt")
    assert (gone.code, gone.err.count("\n")) == (6, 1)
    assert "gone.txt" in gone.err
    plain = fetch(served, "--approved-list", f"{served.url}approved.txt")
    assert plain.code == 2
    assert "use the path of a file or an https URL" in plain.err


# A list at a URL.


@pytest.fixture
def secure(
    dist: pathlib.Path, approved: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An https server with the list and the artifacts; its certificate is trusted."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path("authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(pathlib.Path("authority.pem").absolute()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    shutil.copy(approved, dist)
    files = {f"/{path.name}": path for path in dist.iterdir()}
    page = "".join(f'<a href="{name[1:]}">{name[1:]}</a>\n' for name in files).encode()

    class Files(Handler):
        def do_GET(self) -> None:  # noqa: N802 (http.server's name)
            content = page if self.path == "/" else None
            if path := files.get(self.path):
                content = path.read_bytes()
            self.send_response(200 if content is not None else 404)
            kind = "text/html" if self.path == "/" else "application/octet-stream"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *args: object) -> None:
            pass

    with testing.running(Files, context) as url:
        yield url


def test_list_at_another_origin_is_pinned(served: Server, secure: str) -> None:
    url = f"{secure}/approved.txt"
    assert "weakest tier: pinned" in fetch(served, "--approved-list", url).out
    unchecked = fetch(served, "--no-ssl-check", "--approved-list", url)
    assert unchecked.code == 2
    assert "--approved-list with a URL: remove --no-ssl-check" in unchecked.err
    missing = fetch(served, "--approved-list", f"{secure}/gone.txt")
    assert (missing.code, missing.err.count("\n")) == (5, 1)


def test_list_beside_the_artifacts_is_not_pinned(secure: str) -> None:
    ended = fetch(Server(f"{secure}/"), "--approved-list", f"{secure}/approved.txt")
    assert ended.code == 0
    assert "weakest tier: container" in ended.out


@pytest.mark.parametrize(
    "url", ["https://example.org/a", "HTTPS://Example.org:443/b", "https://me:pw@example.org/c"]
)
def test_same_origin_is_recognized(url: str) -> None:
    assert wheelhouse_hashes_approved._origin(url) == "https://example.org"
