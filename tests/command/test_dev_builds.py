"""Dev builds: names that clash, and builds that are kept."""

from __future__ import annotations

import os
import pathlib

import pytest

from tests.command.test_upload import dev, links
from tests.conftest import Cli
from tests.support.artifacts import A, B, C, make_wheel
from tests.support.commands import FETCH, UPLOAD, got, names
from tests.support.servers import serving_folder
from wheelhouse_hashes.disk.atomic_write import rename_new


@pytest.mark.parametrize("runs", [1, 2], ids=["sent", "already there"])
@pytest.mark.parametrize("old", ["demo-1.0.1.dev0", "demo-1.1.dev0", "demo-1.0a1.dev9"])
def test_uploaded_dev_build_is_never_pruned(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, old: str, runs: int
) -> None:
    """Builds of a maintenance branch, of an older commit, and of a pre-release."""
    for minute in range(20, 25):
        make_wheel(dist, dev(minute))
    assert cli(*UPLOAD).code == 0
    for path in dist.iterdir():
        path.unlink()
    name = f"{old}+20260101000000-py3-none-any.whl"
    make_wheel(dist, name)
    for _ in range(runs):
        result = cli(*UPLOAD)
        assert (result.code, "pruned" in result.out) == (0, False), result
    assert name in names(container)
    assert f"{name}.sha256" in names(container)
    assert name in links(container)


@pytest.mark.parametrize("keep", [1, 2, 7])
def test_keep_dev_builds(cli: Cli, dist: pathlib.Path, container: pathlib.Path, keep: int) -> None:
    for minute in range(9):
        make_wheel(dist, dev(minute))
        assert cli(*UPLOAD, "--keep-dev-builds", str(keep)).code == 0
        (dist / dev(minute)).unlink()
    assert [name for name in names(container) if name.endswith(".whl")] == [
        dev(minute) for minute in range(9 - keep, 9)
    ]


@pytest.mark.parametrize("value", ["0", "-1", "all"])
def test_keep_dev_builds_must_be_positive(cli: Cli, dist: pathlib.Path, value: str) -> None:
    result = cli(*UPLOAD, f"--keep-dev-builds={value}")
    assert result.code == 2
    assert "--keep-dev-builds: must be a whole number, at least 1" in result.err


@pytest.mark.parametrize(
    "spellings",
    [
        ("demo-1.1.dev0-py3-none-any.whl", "demo-1.1dev0-py3-none-any.whl"),
        ("demo-1.1.dev0-py3-none-any.whl", "demo-01.1.dev0-py3-none-any.whl"),
        ("demo-1.1.dev0+abc.1-py3-none-any.whl", "demo-1.1.dev0+abc_1-py3-none-any.whl"),
        ("demo-1.1.dev0-py3-none-any.whl", "demo-1.1.dev-py3-none-any.whl"),
        (
            "demo-1.1.dev0-py3-none-any.whl",
            "demo-1.1dev0-py3-none-any.whl",
            "demo-v1.1.dev0-py3-none-any.whl",
        ),
    ],
)
def test_two_spellings_of_one_dev_build_are_refused(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, spellings: tuple[str, ...]
) -> None:
    """Both would get one name, and the renamed file would replace the other one."""
    bodies = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in spellings}
    make_wheel(dist, A)
    result = cli(*UPLOAD)
    assert result.code == 1
    assert {path.name: path.read_bytes() for path in dist.iterdir() if path.name != A} == bodies
    assert [name for name in names(container) if name.endswith(".whl")] == [A]
    refused = [line for line in result.out.splitlines() if line.startswith("refused")]
    assert len(refused) == len(spellings)
    for line, name in zip(refused, sorted(spellings), strict=True):
        assert f" {name} " in line
        for other in {*spellings} - {name}:
            assert other in line
    # The advice works.
    for name in spellings[1:]:
        (dist / name).unlink()
    again = cli(*UPLOAD)
    assert again.code == 0
    assert again.line("sent")


def test_dev_build_never_replaces_a_file_that_appears(
    dist: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """Another job made a file with the new name after the folder was listed."""
    path = make_wheel(dist, A, b"ours")
    appeared = make_wheel(dist, B, b"appeared")
    before = appeared.read_bytes()
    with pytest.raises(FileExistsError):
        rename_new(path, appeared)
    assert path.exists()
    assert appeared.read_bytes() == before
    rename_new(path, dist / C)
    assert sorted(os.listdir(dist)) == sorted([B, C])


BEFORE = "demo-1.1.dev0-py3-none-any.whl"


def uploaded(minute: int, folder: pathlib.Path, content: bytes) -> str:
    """Put a dev build into a folder, under the name that its upload gave it."""
    name = dev(minute)
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return name


@pytest.fixture
def built(cli: Cli, dist: pathlib.Path) -> bytes:
    """A dev build, and ``SHA256SUMS`` made of it by ``hash``; returns its bytes."""
    content = make_wheel(dist, BEFORE).read_bytes()
    assert cli("hash", "dist", "--sums", "SHA256SUMS").code == 0
    (dist / BEFORE).unlink()
    return content


def test_verify_finds_uploaded_dev_build_in_list_of_its_build(
    cli: Cli, dist: pathlib.Path, built: bytes
) -> None:
    name = uploaded(20, dist, built)
    result = cli("verify", "dist", "--against", "SHA256SUMS", "--explain", name)
    assert (result.code, "verified 1 of 1" in result.out) == (0, True), result
    note = f"SHA256SUMS has its digest as {BEFORE}, without the time stamp of the upload"
    assert note in result.line("note")
    assert result.line("ok").endswith("list  pinned")
    assert f"listed as: {BEFORE}" in result.out
    # The digest counts, not the name.
    (dist / name).write_bytes(make_wheel(dist, BEFORE, b"another").read_bytes())
    (dist / BEFORE).unlink()
    assert cli("verify", "dist", "--against", "SHA256SUMS").code == 1


def test_verify_finds_it_in_a_list_of_the_folder_and_beside_other_releases(
    cli: Cli, dist: pathlib.Path, built: bytes
) -> None:
    uploaded(20, dist, built)
    make_wheel(dist, A)
    assert cli("hash", "dist", "--sums", "more").code == 0
    text = pathlib.Path("more").read_text().splitlines()[0] + "\n"
    (dist / "SHA256SUMS").write_text(text + pathlib.Path("SHA256SUMS").read_text())
    result = cli("verify", "dist", "--allow", "SHA256SUMS")
    assert (result.code, "verified 2 of 2" in result.out) == (0, True), result


def test_verify_does_not_choose_among_several_builds(
    cli: Cli, dist: pathlib.Path, built: bytes
) -> None:
    for minute in (20, 21):
        uploaded(minute, dist, built)
    result = cli("verify", "dist", "--against", "SHA256SUMS")
    assert result.code == 3
    assert "SHA256SUMS: not compared: 2 builds have this name" in result.line("note")
    assert "missing-artifact" in result.out


def test_fetch_finds_uploaded_dev_build_in_list_of_its_build(
    cli: Cli, container: pathlib.Path, built: bytes
) -> None:
    name = uploaded(20, container, built)
    with serving_folder(container) as server:
        result = cli(*FETCH, server.url, "--against", "SHA256SUMS")
    assert (result.code, got()) == (0, [name]), result
    assert f"has its digest as {BEFORE}" in result.line("note")
    assert "pinned" in result.line("ok")
