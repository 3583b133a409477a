"""Files that are not what their names say are refused: ``--check-contents``."""

from __future__ import annotations

import gzip
import hashlib
import io
import pathlib
import zipfile

import pytest

from tests.conftest import Cli
from tests.support.artifacts import (
    SDIST,
    A,
    B,
    hash_file,
    make_sdist,
    make_wheel,
    wheel_bytes,
)
from tests.support.commands import FETCH, UPLOAD, got
from tests.support.faulty_archives import (
    Faulty,
    bomb,
    faulty_sdists,
    faulty_wheels,
    metadata,
    sdist,
    wheel,
)
from tests.support.servers import serving

DEV = "demo-1.1.dev0-py3-none-any.whl"


def wheel_with(name: str, version: str, folder: str = "demo-1.0") -> bytes:
    """Return a wheel with the given name and version in its metadata."""
    return wheel(info=f"{folder}.dist-info", meta=metadata(name, version))


def sdist_with(name: str, version: str, folder: str = "demo-1.0") -> bytes:
    """Return an sdist with the given name and version in its metadata."""
    return sdist([], top=folder, meta=metadata(name, version))


def zip_sdist_with(name: str, version: str) -> bytes:
    """Return a zipped sdist with the given name and version in its metadata."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr("demo-1.0/PKG-INFO", metadata)
    return body.getvalue()


NOT_A_DISTRIBUTION = {
    "empty wheel": (A, b""),
    "empty sdist": (SDIST, b""),
    "HTML instead of a wheel": (A, b"<html><title>login</title></html>"),
    "HTML instead of an sdist": (SDIST, b"\r\n<!doctype html>"),
    "wheel cut before its central directory": (A, wheel_bytes()[:400]),
    "wheel with the name of an sdist": (SDIST, wheel_bytes()),
    "sdist with the name of a wheel": (A, sdist_with("demo", "1.0")),
    "cut sdist": (SDIST, sdist_with("demo", "1.0")[:-20]),
    "sdist with a flipped bit": (SDIST, sdist_with("demo", "1.0")[:-6] + b"\xff" * 6),
    "gzip of a text": (SDIST, gzip.compress(b"not an archive" * 100)),
    "empty zip": ("demo-1.0.zip", b""),
    "HTML instead of a zip": ("demo-1.0.zip", b"<html><title>login</title></html>"),
    "cut zip": ("demo-1.0.zip", zip_sdist_with("demo", "1.0")[:-20]),
}

UNSOUND = {
    "wheel of another project": (A, wheel_with("other", "1.0")),
    "wheel of another version": (A, wheel_with("demo", "1.1")),
    "wheel with a malformed version": (A, wheel_with("demo", "one")),
    "sdist of another project": (SDIST, sdist_with("demolition", "1.0")),
    "sdist of another version": (SDIST, sdist_with("demo", "0.9")),
    "zipped sdist of another project": ("demo-1.0.zip", zip_sdist_with("other", "1.0")),
    "zipped sdist of another version": ("demo-1.0.zip", zip_sdist_with("demo", "2.0")),
}


@pytest.mark.parametrize(
    ("cause", "name", "content"),
    [
        pytest.param(cause, *case, id=title)
        for cause, cases in (("not-a-distribution", NOT_A_DISTRIBUTION), ("unsound", UNSOUND))
        for title, case in cases.items()
    ],
)
def test_file_that_is_not_what_its_name_says_is_not_sent(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, cause: str, name: str, content: bytes
) -> None:
    make_wheel(dist, B)
    (dist / name).write_bytes(content)
    result = cli(*UPLOAD)
    assert result.code == 1
    line = result.line("refused")
    assert line.split()[1] == name
    assert f"{cause}: " in line
    assert "build it again" in result.out
    assert sorted(p.name for p in container.glob("*demo*")) == [B, f"{B}.sha256"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Demo_Project-1.0.0-py3-none-any.whl", wheel_with("demo.project", "1", "demo.project-1")),
        (
            "demo-1.0+local.1-py3-none-any.whl",
            wheel_with("Demo", "1.0+local-1", "Demo-1.0+local.1"),
        ),
        (DEV, wheel_with("demo", "1.1.dev0", "demo-1.1.dev0")),
        (
            "demo-1.1.dev0+abc-py3-none-any.whl",
            wheel_with("demo", "1.1.dev0+abc", "demo-1.1.dev0+abc"),
        ),
        ("demo-1.0.tar.gz", sdist_with("DEMO", "v1.0", "DEMO-1.0.0")),
        ("demo-1.0.tar.gz", sdist([("demo-1.0/demo.egg-info/PKG-INFO", b"Name: other", {})])),
    ],
)
def test_other_spellings_are_the_same(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, name: str, content: bytes
) -> None:
    (dist / name).write_bytes(content)
    assert cli(*UPLOAD).code == 0
    # Again, with the name that a dev build got.
    assert cli(*UPLOAD).code == 0


def test_sdist_that_unpacks_to_too_much_is_not_read_to_its_end(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    (dist / SDIST).write_bytes(sdist([("demo-1.0/zeros", bytes(64 * 1024 * 1024), {})]))
    result = cli(*UPLOAD)
    assert result.code == 0
    assert f"{SDIST}: not read to its end" in result.out


def test_check_is_a_plugin_that_can_be_disabled(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dist / A).write_bytes(wheel_with("other", "1.0"))
    monkeypatch.setenv("WHEELHOUSE_HASHES_DISABLED_PLUGINS", "soundness")
    assert cli(*UPLOAD).code == 0


def test_real_artifacts_of_the_tests_are_sound(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    make_sdist(dist, SDIST)
    assert cli(*UPLOAD).code == 0


WHEELS = faulty_wheels()
RENAMED = WHEELS["renamed to another version"]
NOT_LISTED = WHEELS["file not in RECORD"]
WRONG_DIGEST = WHEELS["wrong digest"]


def announced(name: str, content: bytes) -> dict[str, bytes]:
    """Return the routes of a container with one artifact, and a hash file that matches."""
    page = f'<a href="{name}">{name}</a><a href="{name}.sha256">{name}.sha256</a>'.encode()
    return {"/": page, f"/{name}": content, f"/{name}.sha256": hash_file(content, name)}


@pytest.mark.parametrize("faulty", [RENAMED, NOT_LISTED, faulty_sdists()["cut off"]])
def test_fetch_refuses_unsound_artifact_that_matches_its_digest(cli: Cli, faulty: Faulty) -> None:
    with serving(announced(faulty.name, faulty.content)) as server:
        result = cli(*FETCH[:2], "--local-folder", "got", "demo", server.url)
        assert server.paths().count(f"/{faulty.name}") == 1
    assert result.code == 1
    assert "unsound: " in result.line("refused")
    assert faulty.words in result.line("refused")
    assert got() == []


def test_verify_refuses_unsound_artifact_that_matches_its_digest(
    cli: Cli, dist: pathlib.Path
) -> None:
    (dist / RENAMED.name).write_bytes(RENAMED.content)
    (dist / f"{RENAMED.name}.sha256").write_bytes(hash_file(RENAMED.content, RENAMED.name))
    result = cli("verify", "dist")
    assert result.code == 1
    assert "unsound: " in result.line("refused")
    assert (dist / RENAMED.name).read_bytes() == RENAMED.content


@pytest.mark.parametrize(("option", "code"), [("quick", 0), ("full", 1), ("none", 0)])
def test_only_full_check_reads_all_files(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, option: str, code: int
) -> None:
    (dist / A).write_bytes(WRONG_DIGEST.content)
    (dist / f"{A}.sha256").write_bytes(hash_file(WRONG_DIGEST.content, A))
    assert cli("verify", "dist", "--check-contents", option).code == code
    assert cli(*UPLOAD, "--check-contents", option).code == code
    with serving(announced(A, WRONG_DIGEST.content)) as server:
        assert cli(*FETCH, server.url, "--check-contents", option).code == code


def test_contents_are_not_checked_with_none(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    (dist / A).write_bytes(wheel_with("other", "1.0"))
    assert cli(*UPLOAD, "--check-contents", "none").code == 0


@pytest.mark.parametrize("faulty", [NOT_LISTED, WHEELS["no RECORD"], WRONG_DIGEST])
def test_faults_of_record_are_a_note_if_a_list_of_the_user_matches(
    cli: Cli, dist: pathlib.Path, faulty: Faulty
) -> None:
    """Two such wheels are on the package index."""
    (dist / A).write_bytes(faulty.content)
    pathlib.Path("SHA256SUMS").write_bytes(hash_file(faulty.content, A))
    pathlib.Path("MD5SUMS").write_text(
        f"{hashlib.md5(faulty.content, usedforsecurity=False).hexdigest()}  {A}\n"
    )
    check = ("verify", "dist", "--check-contents", "full", "--against")
    result = cli(*check, "SHA256SUMS")
    assert result.code == 0
    assert faulty.words in result.line("note")
    assert cli(*check, "MD5SUMS").code == 1  # MD5 earns no more than the tier container


def test_other_faults_are_refused_whatever_list_matches(cli: Cli, dist: pathlib.Path) -> None:
    (dist / RENAMED.name).write_bytes(RENAMED.content)
    pathlib.Path("SHA256SUMS").write_bytes(hash_file(RENAMED.content, RENAMED.name))
    result = cli("verify", "dist", "--against", "SHA256SUMS")
    assert result.code == 1
    assert "unsound: " in result.line("refused")


def test_bomb_is_named_and_not_read_to_its_end(cli: Cli, dist: pathlib.Path) -> None:
    content = bomb()
    (dist / A).write_bytes(content)
    (dist / f"{A}.sha256").write_bytes(hash_file(content, A))
    result = cli("verify", "dist", "--check-contents", "full")
    assert result.code == 0
    assert f"{A}: not read to its end: with demo/zeros.bin" in result.out


def test_long_and_hostile_names_are_shown_escaped_and_cut(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    (dist / A).write_bytes(wheel(extra=[(f"demo/\x1b[2J{'x' * 5000}{n}", b"") for n in range(9)]))
    result = cli(*UPLOAD)
    line = result.line("refused")
    assert "\\x1b[2J" in line
    assert "; and 6 more" in line
    assert len(line) < 1500
