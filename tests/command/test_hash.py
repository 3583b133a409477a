"""``hash``: digests of local artifacts, without a store."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import threading

import pytest

from tests.command.test_standard_streams import Broken, broken, full, run_with
from tests.conftest import LOCAL, Cli
from tests.support.artifacts import SDIST, A, B, flip_a_bit, make_sdist, make_wheel, sha256
from tests.support.faulty_archives import faulty_wheels
from tests.support.plugins import install
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import ALGORITHMS, Finding, LocalArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.digest_list import parse_digest_list
from wheelhouse_hashes.formats.hash_file import format_digest_list, parse_hash_file
from wheelhouse_hashes.options import Options
from wheelhouse_hashes.run import Run

DEV = "demo-1.1.dev0-py3-none-any.whl"


@pytest.fixture
def made(dist: pathlib.Path) -> dict[str, bytes]:
    """The contents of three artifacts in the folder ``dist``, by name."""
    paths = [make_wheel(dist, A), make_sdist(dist, SDIST), make_wheel(dist, DEV)]
    return {path.name: path.read_bytes() for path in sorted(paths)}


def lines(contents: dict[str, bytes]) -> str:
    """Return the digest list of some files."""
    return "".join(f"{sha256(contents[name])}  {name}\n" for name in sorted(contents))


def tree(folder: pathlib.Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def check(tool: str, text: str | bytes, folder: pathlib.Path) -> None:
    """Let a program check a digest list in the folder of its files."""
    data = text.encode() if isinstance(text, str) else text
    subprocess.run([tool, "-c", "--strict"], input=data, cwd=folder, check=True)


def test_hash_prints_what_sha256sum_prints_and_writes_nothing(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes]
) -> None:
    before = tree(dist.parent)
    result = cli("hash", "dist")
    assert (result.code, result.out) == (0, lines(made))
    assert result.err == "hashed 3\n"
    assert tree(dist.parent) == before  # the dev build keeps its name
    check("sha256sum", result.out, dist)


def test_hash_reads_dist_by_default(cli: Cli, made: dict[str, bytes]) -> None:
    result = cli("hash", "--quiet")
    assert (result.code, result.out) == (0, lines(made))


def test_hash_takes_files_and_folders(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], tmp_path: pathlib.Path
) -> None:
    more = tmp_path / "more"
    more.mkdir()
    content = make_wheel(more, B).read_bytes()
    result = cli("hash", "more", f"dist/{A}", f"./dist/../dist/{A}")
    assert (result.code, result.out) == (0, lines({A: made[A], B: content}))


def test_hash_writes_list_to_file(cli: Cli, dist: pathlib.Path, made: dict[str, bytes]) -> None:
    (dist / "SHA256SUMS").write_text("old")
    result = cli("hash", "dist", "--sums", "dist/SHA256SUMS")
    assert (result.code, result.out, result.err) == (0, "", "hashed 3\n")
    assert (dist / "SHA256SUMS").read_text() == lines(made)
    assert tree(dist) == sorted([*made, "SHA256SUMS"])
    check("sha256sum", (dist / "SHA256SUMS").read_bytes(), dist)


def test_hash_writes_the_hash_files_that_upload_writes(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    make_sdist(dist, SDIST)
    algorithms = ("--hash-algorithm", "sha256", "--hash-algorithm", "blake2b")
    for _ in range(2):  # the second time, they are replaced
        result = cli("hash", "dist", "--sidecars", "side/by", *algorithms)
        assert (result.code, result.out) == (0, "")
    upload = ("upload", "--hashfile", *algorithms, "--no-enable-cdn", *LOCAL, "wheels")
    assert cli(*upload).code == 0
    names = [f"{name}.{algorithm}" for name in (A, SDIST) for algorithm in algorithms[1::2]]
    assert tree(pathlib.Path("side/by")) == sorted(names)
    for name in names:
        assert pathlib.Path("side/by", name).read_bytes() == (container / name).read_bytes()


def test_hash_sidecars_beside_the_artifacts_are_not_hashed(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes]
) -> None:
    assert cli("hash", "dist", "--sidecars", "dist").code == 0
    again = cli("hash", "dist", "--sums", "SHA256SUMS", "--sidecars", "dist")
    assert (again.code, again.err) == (0, "hashed 3\n")
    assert pathlib.Path("SHA256SUMS").read_text() == lines(made)
    assert cli("verify", "dist").code == 0


def test_hash_computes_several_algorithms(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes]
) -> None:
    chosen = [word for name in ALGORITHMS for word in ("--hash-algorithm", name)]
    result = cli("hash", "dist", *chosen)
    assert result.code == 0
    read = parse_digest_list(result.out.encode()).digests
    assert read.keys() == made.keys()
    for digests in read.values():
        assert [digest.algorithm for digest in digests] == list(ALGORITHMS)
    assert f"SHA512 ({A}) = {hashlib.sha512(made[A]).hexdigest()}\n" in result.out


def bytes_read() -> int:
    """Return how many bytes this process has read so far (Linux)."""
    lines = pathlib.Path("/proc/self/io").read_text().splitlines()
    return next(int(each.split()[1]) for each in lines if each.startswith("rchar:"))


@pytest.mark.skipif(not pathlib.Path("/proc/self/io").exists(), reason="Linux counts what is read")
def test_hash_reads_each_file_once(cli: Cli, dist: pathlib.Path) -> None:
    """Also for all algorithms; the contents of the archive are not read again."""
    size = 4_000_000
    make_wheel(dist, A, random.Random(1).randbytes(size))
    chosen = [word for name in ALGORITHMS for word in ("--hash-algorithm", name)]
    assert cli("hash", "dist", *chosen).code == 0  # modules are imported here
    before = bytes_read()
    assert cli("hash", "dist", *chosen).code == 0
    assert size < bytes_read() - before < 1.5 * size


class Meeting:
    """Waits until as many artifacts are inspected at once as there are cores."""

    def __init__(self, number: int) -> None:
        self._barrier = threading.Barrier(number, timeout=300)

    @hookimpl
    def wheelhouse_inspect(self) -> None:
        self._barrier.wait()


def test_hash_uses_all_cores(cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = len(os.sched_getaffinity(0))
    for each in range(number):
        make_wheel(dist, f"demo-1.{each}-py3-none-any.whl")
    install(monkeypatch, meeting=Meeting(number))
    assert cli("hash", "dist").code == 0


@pytest.mark.parametrize(
    ("algorithm", "tool"), [("sha512", "sha512sum"), ("blake2b", "b2sum"), ("md5", "cksum")]
)
def test_hash_of_one_algorithm_is_read_by_its_tool(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], algorithm: str, tool: str
) -> None:
    result = cli("hash", "dist", "--hash-algorithm", algorithm)
    assert result.code == 0
    check(tool, result.out, dist)
    pathlib.Path("list").write_text(result.out)
    assert cli("verify", "dist", "--against", "list").code == 0


def test_hash_refuses_unsound_artifact_and_lists_the_others(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes]
) -> None:
    faulty = faulty_wheels()["file not in RECORD"]
    (dist / faulty.name).write_bytes(faulty.content)
    del made[A]
    assert faulty.name == A
    result = cli("hash", "dist")
    assert (result.code, result.out) == (1, lines(made))
    assert f"refused    {A}  unsound: " in result.err
    assert "refused 1, hashed 2" in result.err
    assert cli("hash", "dist", "--check-contents", "none").code == 0


@pytest.mark.parametrize(
    ("content", "cause"), [(b"", "not-a-distribution"), (b"<html>", "not-a-distribution")]
)
def test_hash_of_refused_artifacts_writes_nothing(
    cli: Cli, dist: pathlib.Path, content: bytes, cause: str
) -> None:
    (dist / A).write_bytes(content)
    pathlib.Path("SHA256SUMS").write_text("old")
    result = cli("hash", "dist", "--sums", "SHA256SUMS", "--sidecars", "side")
    assert result.code == 1
    assert f"{cause}: " in result.err
    assert pathlib.Path("SHA256SUMS").read_text() == "old"
    assert not pathlib.Path("side").exists()


def test_hash_refuses_links(cli: Cli, dist: pathlib.Path, made: dict[str, bytes]) -> None:
    (dist / B).symlink_to(dist / A)
    (dist / "demo-3.0.tar.gz").symlink_to("nowhere")
    result = cli("hash", "dist")
    assert (result.code, result.out) == (1, lines(made))
    assert result.err.count("it is a symbolic link; only regular files are accepted") == 2


def test_hash_without_artifacts_is_not_success(cli: Cli, dist: pathlib.Path) -> None:
    (dist / "notes.txt").write_text("x")
    result = cli("hash", "dist")
    assert (result.code, result.out) == (4, "")
    assert "no artifacts found: build them first" in result.err


@pytest.mark.parametrize("name", ["demo-1.0.whl", "demo-latest.tar.gz", f"{A[:-4]} (1).whl"])
def test_hash_names_file_that_looks_like_an_artifact(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], name: str
) -> None:
    (dist / name).write_bytes(made[A])
    (dist / "notes.txt").write_text("x")
    result = cli("hash", "dist", "--quiet")
    assert (result.code, result.out) == (4, lines(made))
    assert f"skipped    {name}" in result.err
    assert "notes.txt" not in result.err
    assert "notes.txt" in cli("hash", "dist").err


@pytest.mark.parametrize(
    "name", ["demo-1.0-py3-none-any\n.whl", "demo\\-1.0-py3-none-any.whl", "\udcff-1.0.whl"]
)
def test_hash_never_prints_hostile_names(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], name: str
) -> None:
    """A name that sha256sum would have to escape is not the name of an artifact."""
    (dist / name).write_bytes(made[A])
    result = cli("hash", "dist")
    assert (result.code, result.out) == (4, lines(made))
    assert "skipped" in result.err
    assert "\n.whl" not in result.err


def test_hash_does_not_print_folders(cli: Cli, tmp_path: pathlib.Path) -> None:
    """Names in the list are those in the artifacts' folder, whatever that is called."""
    folder = tmp_path / "a\nb\\c  d::error::x"
    folder.mkdir()
    content = make_wheel(folder, A).read_bytes()
    result = cli("hash", str(folder))
    assert (result.code, result.out) == (0, lines({A: content}))
    assert cli("hash", f"{folder}/none").code == 2


def test_hash_needs_one_file_for_each_name(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], tmp_path: pathlib.Path
) -> None:
    shutil.copytree(dist, tmp_path / "copy")
    result = cli("hash", "dist", "copy")
    assert (result.code, result.out) == (2, "")
    assert "has the same name as" in result.err


def test_hash_does_not_replace_an_artifact_by_a_list(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes]
) -> None:
    """``--sums dist/*`` is a likely slip."""
    result = cli("hash", "--sums", *(f"dist/{name}" for name in made))
    assert result.code == 2
    assert "this is the name of an artifact" in result.err
    assert {path.name: path.read_bytes() for path in dist.iterdir()} == made


@pytest.mark.parametrize("argv", [("hash",), ("hash", "nowhere"), ("hash", "")])
def test_hash_needs_existing_paths(cli: Cli, argv: tuple[str, ...]) -> None:
    assert cli(*argv).code == 2


@pytest.mark.parametrize(
    "where", [("--sums", "none/SHA256SUMS"), ("--sums", "/dev/full"), ("--sidecars", "dist/x")]
)
def test_hash_that_cannot_write_fails(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], where: tuple[str, str]
) -> None:
    (dist / "x").write_text("a file")
    assert cli("hash", "dist", *where).code == 6


@broken
def test_hash_without_standard_output_fails(
    stream: Broken, dist: pathlib.Path, made: dict[str, bytes]
) -> None:
    code, err = run_with(stream, "hash", dist)
    assert code == 6
    assert "error: disk: cannot write to standard output: " in err
    assert "Traceback" not in err


def test_hash_without_standard_error(dist: pathlib.Path, made: dict[str, bytes]) -> None:
    code, out = run_with(full, "hash", dist, number=2)
    assert (code, out) == (0, lines(made))


def test_hash_reports_as_json_and_in_the_summary(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    flip_a_bit(dist / SDIST)
    result = cli("hash", "dist", "--report", "report.json")
    assert result.code == 1
    report = json.loads(pathlib.Path("report.json").read_text())
    assert (report["verb"], report["exit_code"]) == ("hash", 1)
    found = {each["name"]: each for each in report["artifacts"]}
    assert {name: each["outcome"] for name, each in found.items()} == {
        A: "hashed",
        SDIST: "refused",
        DEV: "hashed",
    }
    assert found[A]["digests"]["sha256"] == sha256(made[A])
    assert f"::error title={SDIST}::" in result.err
    assert "| hashed |" in pathlib.Path("summary.md").read_text()


class Objector:
    """Objects to one artifact, and records how it was called."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, type, bool]] = []

    @hookimpl
    def wheelhouse_inspect(
        self, artifact: LocalArtifact, path: pathlib.Path, digests: dict[str, str]
    ) -> list[Finding]:
        right = digests["sha256"] == sha256(path.read_bytes())
        self.seen.append((artifact.name, type(artifact), right))
        return [Finding(Cause.UNTRUSTED, "not signed", next="sign it")] * (artifact.name == SDIST)


def test_hash_calls_plugins(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    objector = Objector()
    install(monkeypatch, objector=objector)
    result = cli("hash", "dist")
    del made[SDIST]
    assert (result.code, result.out) == (7, lines(made))
    assert "untrusted: not signed" in result.err
    assert "next      sign it" in result.err
    assert sorted(objector.seen) == [(name, LocalArtifact, True) for name in sorted([*made, SDIST])]


class Changer:
    """Changes the file that it is asked about."""

    @hookimpl
    def wheelhouse_inspect(self, path: pathlib.Path) -> None:
        with path.open("ab") as file:
            file.write(b"x")


def test_hash_refuses_file_that_changes_meanwhile(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    install(monkeypatch, changer=Changer())
    result = cli("hash", "dist")
    assert (result.code, result.out) == (1, "")
    assert "plugin: the file changed in wheelhouse_inspect" in result.err


class Interrupter:
    """Interrupts the run while it inspects an artifact."""

    @hookimpl
    def wheelhouse_inspect(self, run: Run[Options]) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert run.stop.wait(60)


def test_interrupted_hash_writes_nothing(
    cli: Cli, dist: pathlib.Path, made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, interrupter=Interrupter())
    for where in ((), ("--sums", "SHA256SUMS", "--sidecars", "side")):
        result = cli("hash", "dist", *where)
        assert (result.code, result.out) == (130, "")
        assert "interrupted: no digests were written; run the command again" in result.err
    assert tree(dist.parent) == sorted(["dist", *(f"dist/{name}" for name in made)])


def test_hash_imports_no_slow_module(
    python: Cli, dist: pathlib.Path, made: dict[str, bytes]
) -> None:
    code = (
        "import sys, runpy\n"
        "sys.argv = ['wheelhouse_uploader', 'hash', 'dist']\n"
        "runpy.run_module('wheelhouse_hashes', run_name='__main__')\n"
        "slow = {'pycurl', 'rich', 'libcloud', 'requests', 'filelock', 'shtab'}\n"
        "print('loaded:', *sorted(slow & set(sys.modules)))"
    )
    done = python("-c", code)
    assert (done.code, done.out) == (0, f"{lines(made)}loaded:\n")


def test_hash_of_unreadable_file_is_a_disk_error(cli: Cli, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    os.mkfifo(dist / B)
    (dist / A).chmod(0)
    result = cli("hash", "dist")
    assert result.code in (1, 6)  # root can read everything
    assert "it is a special file" in result.err


def test_formats_agree(made: dict[str, bytes]) -> None:
    assert format_digest_list([]) == b""
    for name, content in made.items():
        digest = parse_hash_file(f"{sha256(content)}  {name}\n".encode(), name, "sha256").digest
        assert format_digest_list([(name, digest)]) == f"{sha256(content)}  {name}\n".encode()
