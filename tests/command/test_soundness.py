"""Uploads refuse files that are not what their names say."""

from __future__ import annotations

import gzip
import io
import pathlib
import tarfile
import zipfile

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, B, make_sdist, make_wheel, wheel_bytes
from tests.support.commands import UPLOAD

DEV = "demo-1.1.dev0-py3-none-any.whl"


def sdist_with(name: str, version: str, *, member: str = "demo-1.0/PKG-INFO") -> bytes:
    """Return an sdist with the given name and version in its metadata."""
    body = io.BytesIO()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\ntext\n".encode()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(metadata)
        archive.addfile(info, io.BytesIO(metadata))
    return body.getvalue()


def wheel_with(name: str, version: str) -> bytes:
    """Return a wheel with the given name and version in its metadata."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr("demo-1.0.dist-info/METADATA", metadata)
    return body.getvalue()


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
        ("Demo_Project-1.0.0-py3-none-any.whl", wheel_with("demo.project", "1")),
        ("demo-1.0+local.1-py3-none-any.whl", wheel_with("Demo", "1.0+local-1")),
        (DEV, wheel_with("demo", "1.1.dev0")),
        ("demo-1.1.dev0+abc-py3-none-any.whl", wheel_with("demo", "1.1.dev0+abc")),
        ("demo-1.0.tar.gz", sdist_with("DEMO", "v1.0")),
        ("demo-1.0.tar.gz", sdist_with("other", "2.0", member="demo-1.0/demo.egg-info/PKG-INFO")),
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
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        info = tarfile.TarInfo("demo-1.0/zeros")
        info.size = 64 * 1024 * 1024
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    (dist / SDIST).write_bytes(gzip.compress(body.getvalue()))
    result = cli(*UPLOAD)
    assert result.code == 0
    assert f"{SDIST}: not unpacked to its end" in result.out


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
