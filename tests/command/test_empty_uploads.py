"""An upload that leaves out artifacts is not a success."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, B, make_sdist, make_wheel
from tests.support.commands import UPLOAD


def test_empty_folder_is_exit_4(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    result = cli(*UPLOAD)
    assert result.code == 4
    assert "no artifacts in dist: build them first, choose another folder" in result.out
    assert "successfully published" not in result.out
    assert (container / "index.html").exists()


def test_folders_with_artifacts_are_named(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    for folder, name in (("wheels-linux", A), ("wheels-mac", A), ("wheels-mac", B)):
        (dist / folder).mkdir(exist_ok=True)
        make_wheel(dist / folder, name)
    result = cli(*UPLOAD)
    assert result.code == 4
    lines = [line for line in result.out.splitlines() if line.startswith("skipped")]
    assert [line.split()[1] for line in lines] == ["wheels-linux", "wheels-mac"]
    assert "a folder with 1 artifact;" in lines[0]
    assert "a folder with 2 artifacts; only files of the folder itself are used" in lines[1]
    make_wheel(dist, A)
    assert cli(*UPLOAD).code == 0


@pytest.mark.parametrize("way", ["option", "variable"])
def test_allow_empty_accepts_an_empty_folder(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    (dist / "notes.txt").write_text("x")
    if way == "variable":
        monkeypatch.setenv("WHEELHOUSE_UPLOADER_ALLOW_EMPTY", "1")
    result = cli(*UPLOAD, *(["--allow-empty"] if way == "option" else []))
    assert result.code == 0
    assert "no artifacts" not in result.out


@pytest.mark.parametrize(
    "name",
    [
        "demo-1.0-SNAPSHOT-py3-none-any.whl",
        "demo-1.0-py3-none-any (1).whl",
        "demo-1.0-py3-none-any.WHL",
        "demo-1.0-SNAPSHOT.tar.gz",
        "Demo-1.0.final-x.zip",
        "demo-1.1.dev0.tar.gz",
        "other-one-py3-none-any.whl",
    ],
)
@pytest.mark.parametrize("option", [[], ["--allow-empty"]], ids=["", "allow-empty"])
def test_skipped_file_that_looks_like_an_artifact_is_exit_4(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, name: str, option: list[str]
) -> None:
    make_wheel(dist, A)
    (dist / name).write_bytes(b"x")
    result = cli(*UPLOAD, *option)
    assert result.code == 4
    assert f"{name}  " in result.out
    assert "it looks like an artifact: rename it, or remove it from the folder" in result.out
    assert (container / A).exists()
    assert A in (container / "index.html").read_text()


@pytest.mark.parametrize("name", ["demo-1.0-py3.11.egg", "demolition-1.0-x.tar.gz", "SHA256SUMS"])
def test_other_skipped_files_are_notes(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, name: str
) -> None:
    make_sdist(dist, "demo-1.0.tar.gz")
    (dist / name).write_bytes(b"x")
    assert cli(*UPLOAD).code == 0


def test_folder_that_looks_like_an_artifact_is_exit_4(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    # As some CI services save the artifact "x.whl" of a job: a folder with the file in it.
    make_wheel(dist, A)
    (dist / B).mkdir()
    make_wheel(dist / B, B)
    result = cli(*UPLOAD)
    assert result.code == 4
    assert "a folder with 1 artifact;" in result.line("skipped")


def test_dangling_link_is_refused(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    (dist / A).symlink_to(dist / "gone")
    result = cli(*UPLOAD)
    assert result.code == 1
    assert "a symbolic link" in result.line("refused")


def test_empty_local_folder_is_a_usage_error(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    result = cli(*UPLOAD, "--local-folder", "")
    assert result.code == 2
    assert "--local-folder ''" in result.err


def test_expected_number_of_uploaded_artifacts(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    assert cli(*UPLOAD, "--expect", "1").code == 0
    make_wheel(dist, B)
    (dist / "demo-1.0.tar.gz").write_bytes(b"")  # refused
    assert cli(*UPLOAD, "--expect", "2").code == 1
    (dist / "demo-1.0.tar.gz").unlink()
    assert cli(*UPLOAD, "--expect", "2").code == 0  # all are there already
    few = cli(*UPLOAD, "--expect", "3")
    assert few.code == 4
    assert "incomplete: expected 3 uploaded artifacts, found 2" in few.out
    assert "next      build and upload the missing artifacts" in few.out
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_EXPECT", "3")
    assert cli(*UPLOAD).code == 4
    assert cli(*UPLOAD, "--expect", "2").code == 0
