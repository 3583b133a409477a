"""The benchmark suite runs and reports what was and was not measured."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from benchmarks import hashing
from benchmarks.artifacts import flip_a_bit, make_set
from benchmarks.interrupting import AIM, CASE
from benchmarks.measure import Row, Sample
from benchmarks.peers import HOST, OURS, TWO_CORES
from benchmarks.results import BEGIN, END, into_docs
from benchmarks.targets import Judged, Targets
from benchmarks.tracing import moves
from tests.support import ROOT
from tests.support.artifacts import sha256

pytestmark = pytest.mark.thorough

CASES = ("flipped", "contents", "hash", "numpy", "upload", "interrupt")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Results of the smallest run, using only the tools installed here."""
    folder = tmp_path_factory.mktemp("bench")
    where = ("--folder", str(folder), "--cache", str(folder), "--output", str(folder / "out"))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "--scale", "toy", "--no-install"),
            *(*where, "--only", *CASES),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SKIPPED: bare host" in done.stdout  # the folder has no environment for it
    assert sorted(path.name for path in folder.iterdir()) == ["out"]  # everything else is removed
    text = (folder / "out" / "results.rst").read_text()
    assert "Targets" in text
    assert "not measured" in text
    found: dict[str, Any] = json.loads((folder / "out" / "results.json").read_text())
    return found


def test_bench_has_rows_for_each_case(results: dict[str, Any]) -> None:
    rows = {(row["case"], row["tool"]): row for row in results["rows"]}
    ours = rows["fetch, numpy-like", OURS]
    # The page, two artifacts, and a hash file for each.
    assert (ours["notes"]["gets"], ours["notes"]["missing"]) == (5, 0)
    assert rows["fetch again, numpy-like", OURS]["notes"]["gets"] == 3
    assert rows["upload, numpy-like, LOCAL", "ours, --hashfile"]["median"] > 0
    assert not any(tool == HOST for _, tool in rows)
    assert "bare host" in results["about"]["skipped"]


def test_bench_compares_hash_with_two_cores_and_coreutils(results: dict[str, Any]) -> None:
    rows = {row["tool"]: row for row in results["rows"] if row["case"] == hashing.CASE}
    assert set(rows) == {hashing.OURS, TWO_CORES, hashing.SHA256SUM}
    assert all(sample["exit_code"] == 0 for row in rows.values() for sample in row["samples"])
    assert results["facts"][hashing.CASE]["bytes"] == 200_000


def test_bench_rate_of_hash_is_without_the_start() -> None:
    rows = [
        Row(case, tool, False, [Sample(seconds, 0, 0, 10**6, 0)])
        for case, tool, seconds in (
            (hashing.START, hashing.OURS, 0.3),
            (hashing.START, TWO_CORES, 0.1),
            (hashing.CASE, hashing.OURS, 1.3),
            (hashing.CASE, TWO_CORES, 1.05),
            (hashing.CASE, hashing.SHA256SUM, 3.8),
        )
    ]
    judged = {one.target: one for one in Targets(rows, {}).judge()}
    rate = judged[f"{hashing.CASE}: rate without the start / two cores hashing"]
    assert (rate.hit, rate.measured[:4]) == (True, "0.95")
    faster = judged[f"{hashing.CASE}: faster than sha256sum"]
    assert (faster.hit, faster.measured[:4]) == (False, "2.92")


def test_bench_verified_fetch_detects_flipped_bit(results: dict[str, Any]) -> None:
    assert results["facts"]["flipped bit noticed"][OURS] is True


def test_bench_measures_interruptions(results: dict[str, Any]) -> None:
    found = results["facts"][CASE]
    assert set(found) == {"fetch", "verify", "upload, LOCAL", "fetch, server never answers"}
    silent = found["fetch, server never answers"]
    assert 0 < silent["median"] <= silent["max"]
    targets = {one["target"]: one for one in results["targets"]}
    target = targets["Ctrl-C, fetch, server never answers: longest time to the end"]
    assert target["hit"] is (silent["max"] <= AIM)


def test_bench_counts_bytes_in_strace_output() -> None:
    lines = [
        '7 recvfrom(5<socket:[123]>, "HTTP/1.1 200 OK"..., 262144, 0, NULL, NULL) = 1000\n',
        "8 recvfrom(6<TCP:[127.0.0.1:1->127.0.0.1:2]>,  <unfinished ...>\n",
        '7 write(4</got/x.whl>, "PK"..., 900) = 900\n',
        '8 <... recvfrom resumed>"PK"..., 262144, 0, NULL, NULL) = 20\n',
        '7 write(1</dev/null>, "ok", 2) = 2\n',
        "7 recvfrom(5<socket:[123]>, 0x1, 9, 0, NULL, NULL) = -1 EAGAIN (...)\n",
    ]
    calls, moved = moves(lines, "/got")
    assert calls == {"read from sockets": 2, "written to the folder": 1}
    assert moved == {"read from sockets": 1020, "written to the folder": 900}


def _judged(case: str, **seconds: float) -> dict[str, Judged]:
    rows = [
        Row(case, {"ours": OURS, "host": HOST}[tool], True, [Sample(taken, 0, 0, 10**6, 0)] * 3)
        for tool, taken in seconds.items()
    ]
    return {one.target: one for one in Targets(rows, {}).judge()}


def test_bench_target_is_hit_or_missed() -> None:
    case = "fetch, 1 Gbit/s, 20 ms"
    target = f"{case}: verified fetch / bare host, unverified"
    assert _judged(case, ours=1.02, host=1.0)[target].hit is True
    missed = _judged(case, ours=1.03, host=1.0)[target]
    assert (missed.hit, missed.measured) == (False, "1.03 (min 1.03)")
    assert _judged(case, ours=1.0)[target].hit is None


def test_bench_sets_match_their_digests(tmp_path: pathlib.Path) -> None:
    made = make_set(tmp_path / "set", 3, 70_000)
    for name, digest in made.digests.items():
        assert sha256((made.folder / name).read_bytes()) == digest
        assert (made.folder / f"{name}.sha256").read_text() == f"{digest}  {name}\n"
    first = next(iter(made.digests))
    flip_a_bit(made, first)
    assert sha256((made.folder / first).read_bytes()) != made.digests[first]


def test_bench_tables_are_written_between_marks(tmp_path: pathlib.Path) -> None:
    page = tmp_path / "performance.rst"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n")
    into_docs("new", page)
    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}after\n"
