"""The installed plugin on the command line, with containers of a local folder."""

from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest
import wheelhouse_hashes_sums

from wheelhouse_hashes import testing
from wheelhouse_hashes.testing import FOREIGN, Container, Result, make_sdist, make_wheel

WHEEL = "demo-1.0-py3-none-any.whl"
OTHER = "another-2.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    for name in (*FOREIGN, "WHEELHOUSE_UPLOADER_SUMS_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def container() -> Iterator[Container]:
    """A container with three artifacts and their hash files."""
    with testing.local_container() as container:
        for name in (WHEEL, OTHER):
            make_wheel("dist", name)
        make_sdist("dist", SDIST)
        upload = ("upload", "--hashfile", "--no-update-index", "--no-enable-cdn")
        assert testing.run(*upload, *container.arguments).code == 0
        yield container


def publish(container: Container, *options: object) -> Result:
    return testing.run("publish-sums", "--wait", 0, *options, *container.arguments)


def test_plugin_is_found_by_its_entry_point() -> None:
    (point,) = entry_points(group="wheelhouse_hashes", name="sums")
    assert point.load() is wheelhouse_hashes_sums


def test_list_has_all_artifacts_and_is_sent_once(container: Container) -> None:
    ended = publish(container)
    assert (ended.code, ended.out, ended.err) == (0, "sent       SHA256SUMS  3 artifacts\n", "")
    published = container.path / "SHA256SUMS"
    lines = published.read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == [OTHER, WHEEL, SDIST]
    check = ("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS")
    subprocess.run(check, cwd=container.path, check=True)
    assert testing.run("verify", "--wait", 0, "--against", published, "dist").code == 0
    before = published.stat()
    assert publish(container).line("there").endswith("3 artifacts")
    assert published.stat().st_mtime_ns == before.st_mtime_ns


def test_list_is_replaced_when_an_artifact_is_added(container: Container) -> None:
    assert publish(container).code == 0
    make_wheel("dist", "demo-1.1-py3-none-any.whl")
    upload = ("upload", "--hashfile", "--no-update-index", "--no-enable-cdn")
    assert testing.run(*upload, *container.arguments).code == 0
    assert publish(container).line("replaced").endswith("4 artifacts")
    assert "demo-1.1" in container.path.joinpath("SHA256SUMS").read_text()


def test_artifact_without_hash_file_is_named_and_no_list_is_written(container: Container) -> None:
    container.path.joinpath(f"{WHEEL}.sha256").unlink()
    container.path.joinpath(f"{OTHER}.sha256").write_text("<html>")
    ended = publish(container)
    assert (ended.code, ended.err) == (3, "")
    assert f"missing-hash: {WHEEL}: {WHEEL}.sha256 not found" in ended.out
    assert f"unreadable-hash: {OTHER}: the hash file does not consist of" in ended.out
    assert ended.out.startswith("container wheels: SHA256SUMS not written\n")
    assert not container.path.joinpath("SHA256SUMS").exists()


def test_hash_file_of_another_artifact_is_refused(container: Container) -> None:
    content = container.path.joinpath(f"{OTHER}.sha256").read_bytes()
    container.path.joinpath(f"{WHEEL}.sha256").write_bytes(content)
    ended = publish(container)
    assert ended.code == 3
    assert f"{WHEEL}: the hash file names another file: '{OTHER}'" in ended.out


def test_container_without_artifacts_is_no_success() -> None:
    with testing.local_container() as container:
        container.path.mkdir()
        ended = publish(container)
    assert ended.code == 4
    assert "missing-artifact: no artifacts in container wheels" in ended.out


def test_missing_container_is_one_line() -> None:
    with testing.local_container() as container:
        ended = publish(container)
    assert (ended.code, ended.err.count("\n")) == (5, 1)
    assert not container.path.exists()


def test_name_comes_from_the_environment_and_must_be_that_of_a_list(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SUMS_NAME", "SHA256SUMS.txt")
    assert publish(container).line("sent").split()[1] == "SHA256SUMS.txt"
    refused = publish(container, "--sums-name", "sums.txt")
    assert refused.code == 2
    assert "--sums-name: 'sums.txt': use SHA256SUMS or SHA256SUMS.txt" in refused.err


def test_help_shows_the_exit_codes_in_both_commands() -> None:
    for command in ("wheelhouse_uploader", "wheelhouse_hashes"):
        shown = testing.run_python("-m", command, "publish-sums", "--help")
        assert shown.code == 0
        assert "an artifact without a valid hash file; nothing was written" in shown.out
        assert "WHEELHOUSE_UPLOADER_SUMS_NAME" in " ".join(shown.out.split())
