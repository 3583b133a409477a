"""``verify FOLDER``: the rules of fetch, applied to an existing folder."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, B, flip_a_bit, make_sdist, make_wheel, sha256
from tests.support.servers import Routes, respond, serving, serving_folder

OTHER = "demo-2.0-py3-none-any.whl"
EMPTY = "demo-3.0-py3-none-any.whl"
DIST = pathlib.Path("dist")


def line(path: pathlib.Path) -> str:
    """Return a digest-list line for a file."""
    return f"{sha256(path.read_bytes())}  {path.name}\n"


@pytest.fixture
def paths(dist: pathlib.Path) -> list[pathlib.Path]:
    """Three artifacts of one release in the folder ``dist``."""
    return [make_wheel(dist, A), make_wheel(dist, B), make_sdist(dist, SDIST)]


@pytest.fixture
def sums(paths: list[pathlib.Path]) -> pathlib.Path:
    """A list of their digests outside that folder."""
    file = pathlib.Path("SHA256SUMS")
    file.write_text("".join(map(line, paths)))
    return file


def test_verify_against_digest_list(cli: Cli, sums: pathlib.Path) -> None:
    before = sorted(path.name for path in DIST.iterdir())
    result = cli("verify", "dist", "--against", sums)
    assert (result.code, result.err) == (0, "")
    assert result.out.count("\nok ") + result.out.startswith("ok ") == 3
    assert "verified 3 of 3 artifacts (weakest tier: pinned)" in result.out
    assert sorted(path.name for path in DIST.iterdir()) == before


def test_verify_against_sha256sum_output(cli: Cli, paths: list[pathlib.Path]) -> None:
    made = subprocess.run(["sha256sum", *map(str, paths)], capture_output=True, check=True)
    pathlib.Path("sums.txt").write_bytes(made.stdout)
    assert cli("verify", "dist", "--against", "sums.txt").code == 0


@pytest.mark.parametrize(("name", "tool"), [("SHA512SUMS", "sha512sum"), ("B2SUMS", "b2sum")])
def test_digest_list_name_determines_algorithm(
    cli: Cli, paths: list[pathlib.Path], name: str, tool: str
) -> None:
    made = subprocess.run([tool, *map(str, paths)], capture_output=True, check=True)
    pathlib.Path(name).write_bytes(made.stdout)
    assert cli("verify", "dist", "--against", name).code == 0
    flip_a_bit(paths[0])
    assert cli("verify", "dist", "--against", name).code == 1


def test_damaged_artifact_is_refused_and_kept(
    cli: Cli, paths: list[pathlib.Path], sums: pathlib.Path
) -> None:
    flip_a_bit(paths[0])
    before = paths[0].read_bytes()
    result = cli("verify", "dist", "--against", sums)
    assert result.code == 1
    assert "mismatch" in result.line("refused")
    assert paths[0].read_bytes() == before
    assert not (DIST / ".rejected").exists()


def test_missing_and_extra_artifacts_are_refused(
    cli: Cli, paths: list[pathlib.Path], sums: pathlib.Path, dist: pathlib.Path
) -> None:
    paths[1].unlink()
    make_wheel(dist, OTHER)
    result = cli("verify", "dist", "--against", sums)
    refused = {row.split()[1]: row for row in result.out.splitlines() if row.startswith("refused")}
    assert "missing-artifact" in refused[B]
    assert "not-listed: not in SHA256SUMS" in refused[OTHER]
    assert result.code == 3  # exit code 3 outranks exit code 4


def test_verify_with_hash_files_in_folder(cli: Cli, paths: list[pathlib.Path]) -> None:
    for path in paths:
        path.with_name(f"{path.name}.sha256").write_text(line(path))
    result = cli("verify", "dist")
    assert result.code == 0
    assert result.out.count("  hash file  container\n") == 3
    paths[0].unlink()
    result = cli("verify", "dist")
    assert result.code == 4
    assert A in result.line("refused")


def test_verify_with_digest_list_in_folder(cli: Cli, paths: list[pathlib.Path]) -> None:
    DIST.joinpath("SHA256SUMS").write_text("".join(map(line, paths)))
    result = cli("verify", "dist")
    assert "verified 3 of 3 artifacts (weakest tier: container)" in result.out
    assert result.code == 0


def test_verify_against_folder_of_hash_files(cli: Cli, paths: list[pathlib.Path]) -> None:
    hashes = pathlib.Path("hashes")
    hashes.mkdir()
    for path in paths:
        hashes.joinpath(f"{path.name}.sha256").write_text(line(path))
    assert cli("verify", "dist", "--against", hashes).code == 0
    flip_a_bit(paths[2])
    assert cli("verify", "dist", "--against", hashes).code == 1


def test_verify_without_digests_is_missing_hash(cli: Cli, paths: list[pathlib.Path]) -> None:
    result = cli("verify", "dist")
    assert result.code == 3
    assert result.out.count("missing-hash: ") == 3
    result = cli("verify", "dist", "--missing-hash", "accept")
    assert result.code == 0
    assert "unverified 3" in result.out


def test_verify_against_url(cli: Cli, paths: list[pathlib.Path]) -> None:
    folder = pathlib.Path("served")
    folder.mkdir()
    for path in paths:
        folder.joinpath(path.name).write_bytes(path.read_bytes())
        folder.joinpath(f"{path.name}.sha256").write_text(line(path))
    make_wheel(folder, OTHER)
    with serving_folder(folder) as server:
        result = cli("verify", "dist", "--against", server.url)
        assert result.code == 0
        assert "verified 3 of 3 artifacts (weakest tier: elsewhere, over plain HTTP)" in result.out
        # The bytes are on disk, so no artifact is requested.
        assert not [path for path in server.paths() if path.endswith((".whl", ".gz"))]
        paths[0].unlink()
        result = cli("verify", "dist", "--against", server.url)
    assert result.code == 4
    assert A in result.line("refused")


def test_missing_index_page_is_one_line_error(cli: Cli, paths: list[pathlib.Path]) -> None:
    routes: Routes = {"/": lambda handler: respond(handler, 404, b"")}
    with serving(routes) as server:
        result = cli("verify", "dist", "--against", server.url)
    assert result.code in (4, 5)
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "nowhere: no such folder"),
        (("dist", "--against", "nowhere"), "nowhere: not an http or https URL, and no such file"),
        (
            ("dist", "--against", "ftp://host/"),
            "unsupported URL scheme 'ftp': use http, https or container",
        ),
    ],
)
def test_missing_folder_or_list_is_one_line_error(
    cli: Cli, dist: pathlib.Path, arguments: tuple[str, ...], message: str
) -> None:
    result = cli("verify", *arguments)
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1


def test_contradictory_digest_list_is_refused(
    cli: Cli, paths: list[pathlib.Path], sums: pathlib.Path
) -> None:
    sums.write_text(f"{sums.read_text()}{'0' * 64}  {A}\n")
    result = cli("verify", "dist", "--against", sums)
    assert result.code == 3
    assert "the digest list has two digests for" in result.err


def test_empty_folder_is_exit_4(cli: Cli, dist: pathlib.Path) -> None:
    result = cli("verify", "dist")
    assert result.code == 4
    assert "no artifacts in dist, and none announced by dist" in result.out


def test_other_files_are_noted(cli: Cli, paths: list[pathlib.Path], sums: pathlib.Path) -> None:
    DIST.joinpath("notes.txt").write_text("")
    result = cli("verify", "dist", "--against", sums)
    assert "notes.txt" in result.line("note")
    assert result.code == 0


@pytest.mark.parametrize(
    ("expected", "code"), [((3,), 0), ((4,), 4), ((2,), 4)], ids=["met", "more", "fewer"]
)
def test_expect_number_of_artifacts(
    cli: Cli, sums: pathlib.Path, expected: tuple[int], code: int
) -> None:
    result = cli("verify", "dist", "--against", sums, "--expect", *expected)
    assert result.code == code
    assert (f"expected {expected[0]} good artifacts, found 3" in result.out) == bool(code)


def test_expect_file_of_names(cli: Cli, sums: pathlib.Path) -> None:
    names = pathlib.Path("names.txt")
    names.write_text(f"# the release\n{A}\r\n{B}\n\n{OTHER}\n")
    result = cli("verify", "dist", "--against", sums, "--expect-file", names)
    assert result.code == 4
    assert f"expected, but missing or refused: {OTHER}" in result.out
    assert f"not expected: {SDIST}" in result.out
    names.write_text(f"{A}\n{B}\n{SDIST}\n")
    assert cli("verify", "dist", "--against", sums, "--expect-file", names).code == 0
    names.write_text("numpy>=2\n")
    result = cli("verify", "dist", "--against", sums, "--expect-file", names)
    assert (result.code, "line 1" in result.err) == (2, True)


def test_offline_verify_needs_no_http_library(
    python: Cli, paths: list[pathlib.Path], sums: pathlib.Path
) -> None:
    program = (
        "import sys; sys.modules['pycurl'] = None; "
        "sys.argv = ['x', 'verify', 'dist', '--against', 'SHA256SUMS']; "
        "from wheelhouse_hashes.__main__ import main; main()"
    )
    done = python("-c", program)
    assert (done.code, done.err) == (0, "")
    assert "verified 3 of 3" in done.out


def test_next_steps_do_not_speak_of_fetching(
    cli: Cli, paths: list[pathlib.Path], sums: pathlib.Path
) -> None:
    paths[0].unlink()
    flip_a_bit(paths[1])
    make_wheel(DIST, OTHER)
    (DIST / EMPTY).touch()
    report = pathlib.Path("report.json")
    result = cli("verify", "dist", "--against", sums, "--report", report, "--explain", OTHER)
    assert "not-listed: " in result.out
    assert "missing-artifact: " in result.out
    advice = [row.split("next", 1)[1] for row in result.out.splitlines() if "next  " in row]
    assert len(advice) >= 3
    assert "fetch" not in result.out + report.read_text().lower()
    artifacts = {each["name"]: each for each in json.loads(report.read_text())["artifacts"]}
    assert artifacts[paths[0].name]["next"].startswith("copy it to the folder")
    assert "add its digest to the list" in artifacts[OTHER]["next"]
    assert "browser" not in artifacts[EMPTY]["next"]


@pytest.mark.parametrize("status", [0, 404, 500])
def test_next_step_of_an_unreachable_page_does_not_speak_of_fetching(
    cli: Cli, paths: list[pathlib.Path], status: int
) -> None:
    with serving({"/": lambda handler: respond(handler, status, b"")}) as server:
        url = server.url if status else "http://127.0.0.1:1/"
        result = cli("verify", "dist", "--against", url, "--wait", "0")
    assert result.err.count("; ") >= 1
    assert "verify it again" in result.err
    assert "fetch" not in result.err


def test_next_steps_of_fetch_are_its_own(cli: Cli, paths: list[pathlib.Path]) -> None:
    page = f'<a href="{A}">x</a>'.encode()
    with serving({"/": page, f"/{A}": paths[0].read_bytes()}) as server:
        result = cli("fetch", "--verify", "--wait", "0", "demo", server.url)
    assert "fetch it with --missing-hash accept" in result.out
