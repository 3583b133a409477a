"""Names that differ only in case, and several sdists of one version."""

from __future__ import annotations

import io
import pathlib
import tarfile
import zipfile

import pytest

from tests.conftest import Cli
from tests.support.artifacts import make_sdist, make_wheel
from tests.support.commands import names, upload

PAIRS = [
    ("PyDemo-1.0.tar.gz", "pydemo-1.0.tar.gz"),
    ("Demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl"),
    ("demo-1.0+LOCAL.1-py3-none-any.whl", "demo-1.0+local.1-py3-none-any.whl"),
]


def make(folder: pathlib.Path, name: str) -> None:
    """Write an artifact."""
    (make_wheel if name.endswith(".whl") else make_sdist)(folder, name)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_changed_case_names_the_objects_to_delete(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, old: str, new: str
) -> None:
    """Newer build backends write the project's name in lower case."""
    make(dist, old)
    assert upload(cli).code == 0
    (dist / old).unlink()
    make(dist, new)
    result = upload(cli)
    assert result.code == 1
    assert f"unsafe-name: the name differs from {old} only in case" in result.line("refused")
    advice = f"delete {old}, {old}.sha256 from the container, then upload it again"
    assert advice in result.line(" " * 11 + "next")
    for name in (old, f"{old}.sha256"):
        (container / name).unlink()
    again = upload(cli)
    assert (again.code, names(container)) == (0, sorted([new, f"{new}.sha256", "index.html"]))


def test_both_spellings_in_the_container(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    """The one in the folder is there already, and the other one is the outdated one."""
    for name in PAIRS[0]:
        make_sdist(container, name)
    make_sdist(dist, "pydemo-1.0.tar.gz")
    result = upload(cli)
    assert result.code == 1
    assert "delete PyDemo-1.0.tar.gz from the container" in result.line(" " * 11 + "next")


def test_spellings_in_the_folder(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    for name in ("demo-1.0.tar.gz", "Demo-1.0.tar.gz", "DEMO-1.0.tar.gz"):
        make_sdist(dist, name)
    result = upload(cli)
    assert result.code == 1
    assert "differs from DEMO-1.0.tar.gz, Demo-1.0.tar.gz only in case" in result.out
    assert result.out.count("next      remove all but one of them from the folder") == 3
    assert names(container) == ["index.html"]


SPELLINGS = [
    ("my-pkg-1.0.tar.gz", "my_pkg-1.0.tar.gz"),
    ("my_pkg-1.0.tar.gz", "my_pkg-1.0.zip"),
    ("my_pkg-1.0.0.tar.gz", "my_pkg-1.0.tar.gz"),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_several_sdists_of_one_version_are_named(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, one: str, other: str
) -> None:
    for name in (one, other):
        make_archive(dist, name)
    make_wheel(dist, "my_pkg-1.0-py3-none-any.whl")
    result = upload(cli)
    assert (result.code, result.out.count("sent   ")) == (0, 3)
    note = f"{one}  other sdists of this version: {other}; the package index accepts only one"
    assert note in result.line("note")


def test_sdist_beside_another_one_in_the_container_is_named(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_archive(dist, "my-pkg-1.0.tar.gz")
    assert "note" not in upload(cli).out
    (dist / "my-pkg-1.0.tar.gz").unlink()
    make_archive(dist, "my_pkg-1.0.tar.gz")
    note = upload(cli).line("note")
    assert "my_pkg-1.0.tar.gz  other sdists of this version: my-pkg-1.0.tar.gz" in note
    (dist / "my_pkg-1.0.tar.gz").unlink()
    make_archive(dist, "my_pkg-2.0.tar.gz")
    assert "note" not in upload(cli).out


def make_archive(folder: pathlib.Path, name: str) -> None:
    """Write an sdist of ``my_pkg``, with any spelling of its name and version."""
    stem = name.removesuffix(".zip").removesuffix(".tar.gz")
    version = stem.rpartition("-")[2]
    info = f"Metadata-Version: 2.1\nName: my-pkg\nVersion: {version}\n".encode()
    if name.endswith(".zip"):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(f"{stem}/PKG-INFO", info)
        return
    with tarfile.open(folder / name, "w:gz") as archive_of_files:
        member = tarfile.TarInfo(f"{stem}/PKG-INFO")
        member.size = len(info)
        archive_of_files.addfile(member, io.BytesIO(info))
