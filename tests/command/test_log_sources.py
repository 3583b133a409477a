"""What ``log append --from`` reads: lists, lock files, reports, addresses, lagging containers."""

from __future__ import annotations

import json
import pathlib
from hashlib import sha256

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.logs import KEY, VKEY, files, wheel
from tests.support.servers import Handler, respond, serving, serving_folder
from wheelhouse_hashes.builtin.logs.sources import read_source
from wheelhouse_hashes.options import AccountOptions
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.testing import make_wheel
from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.tiles import decode_bundle

LOG = pathlib.Path("log")
A, B = wheel(1), wheel(2)
ONE, TWO = "1" * 64, "2" * 64

JSON_TYPE = "application/vnd.pypi.simple.v1+json"


@pytest.fixture(autouse=True)
def key(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key in ``log.key``, its public key in the environment, and a state folder."""
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_LOG_KEY", VKEY)
    (tmp_path / "log.key").write_text(f"{KEY.encode()}\n")
    (tmp_path / "log.key").chmod(0o600)


def append(cli: Cli, source: object, *options: object) -> Result:
    return cli("log", "append", LOG, "--key", "log.key", "--wait", 0, "--from", source, *options)


def logged(size: int) -> list[Entry]:
    """Return the entries of the log."""
    bundle = files(LOG)[f"tile/entries/000.p/{size}"]
    return [Entry.parse(each) for each in decode_bundle(bundle, size)]


UV = f"""version = 1
[[package]]
name = "demo"
version = "1.1"
sdist = {{ url = "https://example.org/{A}", hash = "sha256:{ONE}", size = 7 }}
"""

PYLOCK = f"""lock-version = "1.0"
created-by = "test"
[[packages]]
name = "demo"
version = "1.1"
[[packages.wheels]]
name = "{A}"
url = "https://example.org/{A}"
size = 7
hashes = {{ sha256 = "{ONE}" }}
"""

REPORT = json.dumps(
    {
        "schema": 2,
        "verb": "verify",
        "artifacts": [
            {"name": A, "outcome": "ok", "size": 7, "digests": {"sha256": ONE}},
            {"name": B, "outcome": "refused", "size": 7, "digests": {"sha256": TWO}},
        ],
    }
)

INDEX = json.dumps(
    {
        "meta": {"api-version": "1.1"},
        "name": "demo",
        "files": [
            {
                "filename": A,
                "url": f"https://example.org/{A}",
                "size": 7,
                "hashes": {"sha256": ONE, "blake2b_256": TWO},
            }
        ],
    }
)

RELEASE = json.dumps(
    {
        "assets": [
            {
                "name": A,
                "size": 7,
                "state": "uploaded",
                "digest": f"sha256:{ONE}",
                "browser_download_url": f"https://example.org/{A}",
            }
        ]
    }
)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("SHA256SUMS", f"{ONE}  {A}\n", Entry(A, ONE)),
        ("checksums.txt", f"SHA256 ({A}) = {ONE}\n", Entry(A, ONE)),
        (f"{A}.sha256", f"{ONE}\n", Entry(A, ONE)),
        (
            "both.txt",
            f"SHA256 ({A}) = {ONE}\nBLAKE2b-256 ({A}) = {TWO}\n",
            Entry(A, ONE, None, TWO),
        ),
        ("uv.lock", UV, Entry(A, ONE, 7)),
        ("pylock.toml", PYLOCK, Entry(A, ONE, 7)),
        ("report.json", REPORT, Entry(A, ONE, 7)),
        ("index.json", INDEX, Entry(A, ONE, 7, TWO)),
        ("release.json", RELEASE, Entry(A, ONE, 7)),
    ],
)
def test_document(cli: Cli, name: str, content: str, expected: Entry) -> None:
    pathlib.Path(name).write_text(content)
    done = append(cli, name)
    assert (done.code, done.err) == (0, "")
    assert logged(1) == [expected]


def test_index_page_and_hash_files_at_an_address(cli: Cli) -> None:
    wheels = {A: b"one", B: b"two"}
    digests = {name: sha256(content).hexdigest() for name, content in wheels.items()}
    page = f'<a href="{A}#sha256={digests[A]}">a</a> <a href="{B}">b</a> <a href="demo-3.zip">c</a>'
    routes = {
        "/": page.encode(),
        f"/{B}.sha256": f"{digests[B]}  {B}\n".encode(),
    }
    with serving(routes) as server:
        done = append(cli, server.url)
    assert (done.code, done.err) == (0, "")
    assert "1 artifacts without a digest, such as demo-3.zip" in done.out
    assert "read over plain HTTP" in done.out
    assert logged(2) == [Entry(A, digests[A]), Entry(B, digests[B])]


@pytest.mark.parametrize(
    ("path", "media_type", "content"),
    [
        ("simple/demo/", JSON_TYPE, INDEX),
        ("SHA256SUMS", "text/plain", f"{ONE}  {A}\n"),
        ("demo-1.1-downloads.html", "text/html", ""),
    ],
)
def test_documents_at_an_address(cli: Cli, path: str, media_type: str, content: str) -> None:
    body = content.encode()

    def answer(handler: Handler) -> None:
        respond(handler, 200, body, Content_Type=media_type)

    with serving({f"/{path}": answer}) as server:
        link = f'<a href="{server.url}{A}#sha256={ONE}">{A}</a><br>\n'
        head = '<meta name="pypi:repository-version" content="1.0">'
        page = f"<!DOCTYPE html><html><head>{head}</head><body>{link}</body></html>"
        body = body or page.encode()
        pin = "" if content else f"#sha256={sha256(body).hexdigest()}"
        done = append(cli, f"{server.url}{path}{pin}")
        assert (done.code, done.err) == (0, "")
        assert [(each.name, each.sha256) for each in logged(1)] == [(A, ONE)]
        if pin:
            wrong = append(cli, f"{server.url}{path}#sha256={TWO}")
            assert (wrong.code, "not-the-page" in wrong.err) == (7, True)


def test_link_and_hash_file_that_differ(cli: Cli) -> None:
    page = f'<a href="{A}#sha256={ONE}">a</a> <a href="{A}.sha256">h</a>'
    routes = {
        "/": page.encode(),
        f"/{A}.sha256": f"{TWO}  {A}\n".encode(),
    }
    with serving(routes) as server:
        done = append(cli, server.url)
    assert (done.code, LOG.exists()) == (7, False)
    assert "the sources have two digests" in done.out


def test_container_and_its_address_make_the_same_log(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    for name in (A, B):
        make_wheel(dist, name)
    assert cli("upload", "--hashfile", *LOCAL, "--local-folder", "dist", "wheels").code == 0
    assert append(cli, "container://wheels", *LOCAL).code == 0
    with serving_folder(container) as server:
        done = append(cli, f"{server.url}index.html")
    assert (done.code, "appended 0, there 2" in done.out) == (0, True)


def test_objects_that_a_lagging_listing_lacks(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (A, B):
        make_wheel(dist, name)
    assert cli("upload", "--hashfile", *LOCAL, "--local-folder", "dist", "wheels").code == 0
    options = AccountOptions(provider_name="LOCAL", username=LOCAL[3], secret=LOCAL[5], wait=0)
    run: Run = Run("log append", options)
    lagging = run.store("wheels")
    complete = dict(lagging.list())
    for lacks in ({f"{A}.sha256"}, {A}, {A, f"{B}.sha256"}):
        listed = {name: each for name, each in complete.items() if name not in lacks}
        monkeypatch.setattr(lagging, "list", lambda listed=listed: listed)
        assert [each.name for each in read_source(run, "container://wheels")] == [A, B]
