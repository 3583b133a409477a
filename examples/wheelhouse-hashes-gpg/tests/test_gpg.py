"""The installed plugin on the command line, with the real gpg and throw-away keys."""

from __future__ import annotations

import hashlib
import http.server
import os
import pathlib
import re
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points

import pytest
import wheelhouse_hashes_gpg
from conftest import YOUTH, Gpg

from wheelhouse_hashes import testing
from wheelhouse_hashes.testing import Container, Result, Server, make_sdist, make_wheel

KEY = "release@example.org"
WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"


@pytest.fixture
def container() -> Iterator[Container]:
    with testing.local_container() as container:
        yield container


@pytest.fixture
def served(container: Container) -> Iterator[Server]:
    container.path.mkdir()
    with testing.serving_folder(container.path) as server:
        yield server


def upload(container: Container, *options: object) -> Result:
    """Upload ``dist`` without an index page, which would contain digests, too."""
    return testing.run(
        *("upload", "--hashfile", "--no-enable-cdn", "--no-update-index"),
        *(*options, *container.arguments),
    )


def fetch(server: Server, *options: object) -> Result:
    """Fetch the project ``demo`` into ``got`` without retries."""
    return testing.run(
        *("fetch", "--verify", "--wait", 0, "--local-folder", "got"),
        *(*options, "demo", server.url),
    )


def kept() -> list[str]:
    return sorted(path.name for path in pathlib.Path("got").glob("demo*"))


# Installation.


def test_plugin_is_found_by_its_entry_point_only() -> None:
    (point,) = entry_points(group="wheelhouse_hashes", name="gpg")
    assert point.dist is not None
    assert (point.dist.name, point.load()) == ("wheelhouse-hashes-gpg", wheelhouse_hashes_gpg)
    package = pathlib.Path(testing.__file__).parent
    naming = [
        p.name for p in package.rglob("*.py") if re.search(r"hashes.gpg|gpg-sign", p.read_text())
    ]
    assert naming == []


def test_plugin_can_be_disabled(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEELHOUSE_HASHES_DISABLED_PLUGINS", "gpg")
    ended = upload(container, "--gpg-sign", KEY)
    assert ended.code == 2
    assert "unrecognized arguments: --gpg-sign" in ended.err


def test_plugin_does_nothing_without_its_options(
    container: Container, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # gpg is not needed
    make_wheel("dist", WHEEL)
    assert upload(container).code == 0
    assert sorted(path.name for path in container.path.glob("demo*")) == [WHEEL, f"{WHEEL}.sha256"]
    assert fetch(served).code == 0
    assert f"/{WHEEL}.asc" not in served.paths()


# Signing.


def test_each_artifact_gets_a_signature_that_gpg_verifies(container: Container, gpg: Gpg) -> None:
    names = [SDIST, *(f"demo-1.{minor}-py3-none-any.whl" for minor in range(8))]
    make_sdist("dist", SDIST)
    for name in names[1:]:
        make_wheel("dist", name, name.encode())
    assert upload(container, "--gpg-sign", KEY, "--max-workers", 4).code == 0
    for name in names:
        assert b"VALIDSIG" in gpg.verify(container.path / name)


def test_rerun_signs_only_artifacts_without_signature(container: Container) -> None:
    make_wheel("dist", WHEEL)
    assert upload(container, "--gpg-sign", KEY).code == 0
    signature = container.path / f"{WHEEL}.asc"
    before = signature.read_bytes()
    assert upload(container, "--gpg-sign", KEY).line("there").endswith("already there")
    assert signature.read_bytes() == before
    signature.unlink()
    assert "sent its missing companions" in upload(container, "--gpg-sign", KEY).line("sent")
    assert signature.exists()


def test_signature_is_not_listed_on_the_index_page(container: Container) -> None:
    make_wheel("dist", WHEEL)
    options = ("--hashfile", "--no-enable-cdn", "--gpg-sign", KEY)
    assert testing.run("upload", *options, *container.arguments).code == 0
    links = re.findall('href="([^"#]*)', container.path.joinpath("index.html").read_text())
    assert links == [WHEEL]


@pytest.mark.parametrize("name", ["notes.txt.asc", ".asc", f"{WHEEL}.sig", WHEEL])
def test_other_objects_are_not_signatures_of_artifacts(name: str) -> None:
    assert wheelhouse_hashes_gpg.wheelhouse_companion_of(name) is None


def test_missing_key_ends_the_upload_before_the_first_request(container: Container) -> None:
    make_wheel("dist", WHEEL)
    ended = upload(container, "--gpg-sign", "nobody@example.org")
    assert ended.code == 2
    assert ended.err == (
        "wheelhouse-hashes: error: --gpg-sign nobody@example.org: no such secret key; "
        "see gpg --list-secret-keys\n"
    )
    assert not container.path.exists()


def test_artifact_that_cannot_be_signed_is_not_published(container: Container) -> None:
    make_wheel("dist", WHEEL)
    ended = upload(container, "--gpg-sign", "expired@example.org")
    assert ended.code == 1
    assert "cannot sign with key 'expired@example.org': gpg: " in ended.line("refused")
    assert "Traceback" not in ended.out + ended.err
    assert list(container.path.glob("demo*")) == []


# Verifying.


def signed_by(key: str, *options: str, at: str | None = None) -> Callable[[Gpg, str], bytes]:
    return lambda gpg, name: gpg.sign(pathlib.Path("dist", name), key, *options, at=at)


def of_another_file(gpg: Gpg, name: str) -> bytes:
    return gpg.sign(make_wheel("other", name, b"other bytes"), KEY)


def cut_in_the_middle(gpg: Gpg, name: str) -> bytes:
    signature = signed_by(KEY)(gpg, name)
    return signature[: len(signature) // 2]


def cut_at_a_line(gpg: Gpg, name: str) -> bytes:
    return b"\n".join(signed_by(KEY)(gpg, name).splitlines()[:3])


def good_and_strange(gpg: Gpg, name: str) -> bytes:
    return signed_by(KEY)(gpg, name) + signed_by("stranger@example.org")(gpg, name)


def good_and_expired(gpg: Gpg, name: str) -> bytes:
    return signed_by("expired@example.org", at=YOUTH)(gpg, name) + signed_by(KEY)(gpg, name)


def signed_copy(gpg: Gpg, name: str) -> bytes:
    """Make a signed file that contains its own data: ``gpg --verify X.asc`` alone accepts it."""
    path = str(make_wheel("other", name, b"other bytes"))
    return gpg("--armor", "--output", "-", "--local-user", KEY, "--sign", path)


def clear_text(gpg: Gpg, _name: str) -> bytes:
    return gpg("--output", "-", "--local-user", KEY, "--clear-sign", stdin=b"this wheel is good")


NOT_DETACHED = "signature is truncated or is not a detached signature"

#: Bad contents of a signature file, and the expected objection.
CASES: dict[str, tuple[Callable[[Gpg, str], bytes], str]] = {
    "of another file": (of_another_file, "signature does not match the file"),
    "unknown key": (
        signed_by("stranger@example.org"),
        r"signed with key [0-9A-F]{16}, which is not in the keyring",
    ),
    "expired key": (
        signed_by("expired@example.org", at=YOUTH),
        r"signed with the expired key [0-9A-F]{16}",
    ),
    "revoked key": (
        signed_by("revoked@example.org"),
        r"signed with the revoked key [0-9A-F]{16}",
    ),
    "expired signature": (
        signed_by(KEY, "--default-sig-expire", "1d", at=YOUTH),
        r"signature by key [0-9A-F]{16} has expired",
    ),
    "cut in the middle": (cut_in_the_middle, NOT_DETACHED),
    "cut at a line": (cut_at_a_line, NOT_DETACHED),
    "empty": (lambda _gpg, _name: b"", NOT_DETACHED),
    "page": (lambda _gpg, _name: b"<html>not here</html>", NOT_DETACHED),
    "signed copy": (signed_copy, NOT_DETACHED),
    "clear text": (clear_text, NOT_DETACHED),
    "good and strange": (
        good_and_strange,
        r"signed with key [0-9A-F]{16}, which is not in the keyring",
    ),
    "good and expired": (good_and_expired, r"signed with the expired key [0-9A-F]{16}"),
}


def test_artifacts_without_a_good_signature_are_refused(
    container: Container, served: Server, gpg: Gpg, keyring: pathlib.Path
) -> None:
    names = {case: f"demo-2.{i}-py3-none-any.whl" for i, case in enumerate(CASES)}
    for name in (*names.values(), WHEEL):
        make_wheel("dist", name, name.encode())
    assert upload(container).code == 0
    for case, name in names.items():
        container.path.joinpath(f"{name}.asc").write_bytes(CASES[case][0](gpg, name))
    container.path.joinpath(f"{WHEEL}.asc").write_bytes(signed_by(KEY)(gpg, WHEEL))

    result = fetch(served, "--gpg-keyring", keyring)
    assert (result.code, result.err) == (7, "")
    for case, name in names.items():
        line = result.line(f"refused    {name}")
        assert re.search(rf"  untrusted: {CASES[case][1]}$", line), (case, line)
    assert result.line("ok").split()[1] == WHEEL
    assert kept() == [WHEEL]
    fingerprint = gpg("--with-colons", "--list-keys", KEY).decode().partition("\nfpr:")[2]
    assert result.out.endswith(f"\nsigned by {fingerprint.split(':')[8]}\n")


def test_file_in_the_folder_must_be_signed_too(
    container: Container, served: Server, keyring: pathlib.Path
) -> None:
    make_wheel("dist", WHEEL)
    assert upload(container).code == 0
    assert fetch(served).code == 0
    assert kept() == [WHEEL]
    refused = fetch(served, "--gpg-keyring", keyring)
    assert refused.code == 7
    assert "the copy in the folder was bad" in refused.line("refused")
    assert kept() == []
    assert upload(container, "--gpg-sign", KEY).code == 0
    assert fetch(served, "--gpg-keyring", keyring).code == 0
    assert "already in the folder" in fetch(served, "--gpg-keyring", keyring).line("ok")


def test_unreadable_signature_is_not_reported_as_missing(
    keyring: pathlib.Path,
) -> None:
    body = make_wheel("made", WHEEL).read_bytes()
    page = f'<a href="{WHEEL}#sha256={hashlib.sha256(body).hexdigest()}">{WHEEL}</a>'.encode()

    class Troubled(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers = {"/": page, f"/{WHEEL}": body}
            content = answers.get(self.path.partition("?")[0], b"")
            missing = 503 if ".asc" in self.path else 404
            self.send_response(200 if content else missing)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with testing.running(Troubled) as url:
        refused = fetch(Server(f"{url}/"), "--gpg-keyring", keyring)
    assert refused.code == 5
    assert f"unreachable: {url}/{WHEEL}.asc: HTTP status 503" in refused.line("refused")
    assert kept() == []


def test_late_signature_is_retried_and_expired_key_is_not(gpg: Gpg, keyring: pathlib.Path) -> None:
    wheel = make_wheel("made", WHEEL)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    page = f'<a href="{WHEEL}#sha256={digest}">{WHEEL}</a>'.encode()
    signature = gpg.sign(wheel, KEY)
    shown: list[bytes | None] = []

    class Behind(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = {"/": page, f"/{WHEEL}": wheel.read_bytes()}.get(self.path.partition("?")[0])
            if ".asc" in self.path:
                content = shown.pop(0) if len(shown) > 1 else shown[0]
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *args: object) -> None:
            pass

    with testing.running(Behind) as url:
        server = Server(f"{url}/")
        for late in (None, of_another_file(gpg, WHEEL), signature[:100]):
            shown[:] = [late, late, late, signature]
            fetched = fetch(server, "--gpg-keyring", keyring, "--wait", 60)
            assert (fetched.code, shown) == (0, [signature])
            pathlib.Path("got", WHEEL).unlink()
        shown[:] = [gpg.sign(wheel, "expired@example.org", at=YOUTH), signature]
        assert fetch(server, "--gpg-keyring", keyring, "--wait", 60).code == 7
        assert shown == [signature]


@pytest.mark.parametrize("content", [b"", b"no key", b"secret"])
def test_invalid_keyring_ends_the_fetch_before_the_first_request(
    served: Server, gpg: Gpg, content: bytes
) -> None:
    if content == b"secret":
        content = gpg("--armor", "--export-secret-keys", KEY)
    pathlib.Path("keys.asc").write_bytes(content)
    ended = fetch(served, "--gpg-keyring", "keys.asc")
    assert ended.code == 2
    assert ended.err == (
        "wheelhouse-hashes: error: --gpg-keyring keys.asc: not a file of public keys; "
        "create one with gpg --armor --export KEY > FILE\n"
    )
    assert served.requests == []


def test_unreadable_keyring_ends_the_fetch_before_the_first_request(served: Server) -> None:
    ended = fetch(served, "--gpg-keyring", "nowhere.asc")
    assert ended.code == 2
    assert ended.err == (
        "wheelhouse-hashes: error: --gpg-keyring nowhere.asc: No such file or directory\n"
    )
    assert served.requests == []


def test_keyring_leaves_no_files_behind(
    container: Container,
    served: Server,
    keyring: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    make_wheel("dist", WHEEL)
    assert upload(container, "--gpg-sign", KEY).code == 0
    assert fetch(served, "--gpg-keyring", keyring).code == 0
    assert fetch(served, "--gpg-keyring", "dist/" + WHEEL).code == 2
    assert list(private.iterdir()) == []
    assert wheelhouse_hashes_gpg._keyrings == {}


def test_keyring_without_verify_is_an_error(served: Server) -> None:
    ended = testing.run("fetch", "--gpg-keyring", "keys.asc", "demo", served.url)
    assert ended.code == 2
    assert "--gpg-keyring: no effect without --verify" in ended.err


@pytest.mark.parametrize("command", [("upload", "--gpg-sign"), ("fetch", "--gpg-keyring")])
def test_empty_value_is_an_error(served: Server, command: tuple[str, str]) -> None:
    verb, option = command
    switch = "--hashfile" if verb == "upload" else "--verify"
    ended = testing.run(verb, switch, option, "", "demo", *[served.url][: verb == "fetch"])
    assert ended.code == 2
    assert f"argument {option}: must not be empty" in ended.err


# gpg itself, and the environment.


@pytest.mark.parametrize("verb", ["upload", "fetch"])
def test_without_gpg_a_command_that_needs_it_ends_before_the_first_request(
    container: Container,
    served: Server,
    keyring: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
) -> None:
    make_wheel("dist", WHEEL)
    monkeypatch.setenv("PATH", os.fspath(pathlib.Path("dist").absolute()))
    if verb == "upload":
        ended = upload(container, "--gpg-sign", KEY)
    else:
        ended = fetch(served, "--gpg-keyring", keyring)
    assert ended.code == 2
    assert ended.err == (
        "wheelhouse-hashes: error: cannot run gpg (No such file or directory): install GnuPG "
        "(apt-get install gnupg) or omit --gpg-sign and --gpg-keyring\n"
    )
    assert (list(container.path.iterdir()), served.requests) == ([], [])


def test_environment_variables_set_the_options(
    container: Container,
    served: Server,
    keyring: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_wheel("dist", WHEEL)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_GPG_KEYRING", str(keyring))
    assert upload(container).code == 0
    assert fetch(served).code == 7
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_GPG_SIGN", KEY)
    assert upload(container).line("sent").endswith("sent its missing companions)")
    assert fetch(served).code == 0
    assert fetch(served, "--gpg-keyring", "nowhere.asc").code == 2  # the option wins


@pytest.mark.parametrize("text", ["", " ", "0", "false", "FALSE"])
def test_environment_variable_that_is_off_has_no_effect(
    container: Container, served: Server, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_GPG_KEYRING", text)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_GPG_SIGN", text)
    make_wheel("dist", WHEEL)
    assert upload(container).code == 0
    assert fetch(served).code == 0
    assert not container.path.joinpath(f"{WHEEL}.asc").exists()


def test_commands_of_the_host_alone_do_not_sign(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_GPG_SIGN", KEY)
    make_wheel("dist", WHEEL)
    done = testing.run("upload", "--no-enable-cdn", *container.arguments)
    assert done.code == 0
    assert not container.path.joinpath(f"{WHEEL}.asc").exists()


def test_plugin_works_in_a_subprocess(
    container: Container, served: Server, keyring: pathlib.Path
) -> None:
    make_wheel("dist", WHEEL)
    command = ("-m", "wheelhouse_uploader")
    options = ("--hashfile", "--gpg-sign", KEY)
    sent = testing.run_python(*command, "upload", *options, *container.arguments)
    assert (sent.code, sent.err) == (0, "")
    options = ("--verify", "--gpg-keyring", str(keyring))
    fetched = testing.run_python(*command, "fetch", *options, "demo", served.url)
    assert (fetched.code, fetched.err) == (0, "")
    assert "\nsigned by " in fetched.out


# The verb.


def test_gpg_check_accepts_good_signatures_only(
    container: Container, keyring: pathlib.Path
) -> None:
    make_wheel("dist", WHEEL)
    assert upload(container, "--gpg-sign", KEY).code == 0
    check = ("gpg-check", "--gpg-keyring", keyring)
    good = testing.run(*check, container.path)
    said = f"{container.path}: 1 of 1 artifacts have a good signature\n"
    assert (good.code, good.out, good.err) == (0, said, "")

    make_wheel(container.path, WHEEL, b"other bytes")
    bad = testing.run(*check, container.path)
    assert bad.code == 7
    assert bad.line("refused").endswith("signature does not match the file")
    container.path.joinpath(f"{WHEEL}.asc").unlink()
    assert f"not signed: {WHEEL}.asc not found" in testing.run(*check, container.path).out


def test_gpg_check_without_artifacts_is_no_success(
    keyring: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_GPG_KEYRING", str(keyring))
    pathlib.Path("empty").mkdir()
    assert testing.run("gpg-check", "empty").code == 4
    gone = testing.run("gpg-check", "gone")
    assert (gone.code, gone.err.count("\n")) == (6, 1)
    assert "cannot read gone" in gone.err
    monkeypatch.delenv("WHEELHOUSE_UPLOADER_GPG_KEYRING")
    assert testing.run("gpg-check", "empty").code == 2
