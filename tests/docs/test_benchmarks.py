"""The benchmark suite runs and reports what was and was not measured."""

from __future__ import annotations

import http.client
import json
import pathlib
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from typing import Any

import pytest

from benchmarks import attesting, fetching, hashing, links, logs, private, profiling, startup
from benchmarks.artifacts import flip_a_bit, make_set
from benchmarks.interrupting import AIM, CASE
from benchmarks.judging import Judged
from benchmarks.measure import OTHER_VERSION, Row, Sample
from benchmarks.peers import HOST, OURS, TWO_CORES, UNCHECKED, workers
from benchmarks.results import BEGIN, END, Results, as_json, into_docs
from benchmarks.server import RETRY_AFTER, Limits
from benchmarks.servers import serving
from benchmarks.speed import Speed
from benchmarks.targets import Targets
from benchmarks.tracing import moves
from benchmarks.versions import OtherVersion
from tests.support import ROOT
from tests.support.artifacts import sha256

pytestmark = pytest.mark.thorough

CASES = (
    *("flipped", "contents", "hash", "numpy", "upload", "interrupt", "latency", "paced", "busy"),
    *("tls", "private", "attested", "log", "profile"),
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Results of the smallest run, using only the tools installed here."""
    folder = tmp_path_factory.mktemp("bench")
    where = ("--folder", str(folder), "--cache", str(folder), "--output", str(folder / "out"))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "--scale", "toy", "--no-install"),
            *(*where, "--against", sys.executable, "--only", *CASES),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SKIPPED: bare host" in done.stdout  # the folder has no environment for it
    assert sorted(path.name for path in folder.iterdir()) == ["out"]  # everything else is removed
    text = (folder / "out" / "results.rst").read_text()
    assert "Targets" in text
    assert "not measured" in text
    found: dict[str, Any] = json.loads((folder / "out" / "results.json").read_text())
    return found | {"text": text}


def test_bench_has_rows_for_each_case(results: dict[str, Any]) -> None:
    rows = {(row["case"], row["tool"]): row for row in results["rows"]}
    ours = rows["fetch, numpy-like", OURS]
    # The page, two artifacts, and a hash file for each.
    assert (ours["notes"]["gets"], ours["notes"]["missing"]) == (5, 0)
    assert rows["fetch again, numpy-like", OURS]["notes"]["gets"] == 3
    assert rows["upload, numpy-like, LOCAL", "ours, --hashfile"]["median"] > 0
    assert not any(tool == HOST for _, tool in rows)
    assert "bare host" in results["about"]["skipped"]


@pytest.mark.parametrize(
    "case",
    [
        *map(links.LATENCY.format, links.MILLISECONDS),
        *(links.PACED, links.BUSY, links.TLS),
    ],
)
def test_bench_fetches_over_slow_links_and_tls(results: dict[str, Any], case: str) -> None:
    rows = {row["tool"]: row for row in results["rows"] if row["case"] == case}
    for tool in (OURS, OURS + OTHER_VERSION):
        assert rows[tool]["median"] > 0
        assert rows[tool]["notes"]["missing"] == 0


def test_bench_measures_private_containers_and_logs(results: dict[str, Any]) -> None:
    rows = {(row["case"], row["tool"]): row for row in results["rows"]}
    for kind in ("small", "numpy-like"):
        assert rows[private.CASE.format(kind), private.OURS]["median"] > 0
    for case in (logs.BUILD, logs.APPEND, logs.LIGHT, logs.AUDIT):
        assert rows[case.format(300), logs.OURS]["median"] > 0
    light = rows[logs.LIGHT.format(300), logs.OURS]["notes"]
    assert 0 < light["gets"] <= 8
    if "strace" in results["about"]["versions"]:
        # A bundle, two tiles, and the checkpoint.
        assert results["facts"][logs.PUTS] == 4


def test_bench_measures_attestations_or_skips_them(results: dict[str, Any]) -> None:
    rows = [row for row in results["rows"] if row["case"] == attesting.CASE]
    if attesting.CASE not in results["about"]["skipped"]:
        assert rows[0]["notes"][attesting.AFTER_IMPORT][0] > 0


def test_bench_profile_counts_the_calls_of_each_artifact(results: dict[str, Any]) -> None:
    profiled = results["facts"][profiling.CASE]
    assert set(profiled) == {OURS, OURS + OTHER_VERSION}
    ours = profiled[OURS]
    assert ours["calls of Python functions of each artifact"] > 10
    assert len(ours["functions"]) == profiling.TOP
    assert "Profile of a fetch" in results["text"]


def test_bench_profile_is_the_difference_of_two_runs() -> None:
    few = {("wheelhouse_hashes.run", "f"): (10, 1.0)}
    many = {("wheelhouse_hashes.run", "f"): (30, 2.0), ("json", "loads"): (10, 3.0)}
    costs = profiling.compare(few, many, 10)
    assert costs["calls of Python functions of each artifact"] == 3
    assert costs["calls of Python functions at the start"] == 10
    assert costs["percent of the time by module"] == {"json": 75.0, "wheelhouse_hashes.run": 25.0}
    assert costs["functions"][0]["function"] == "json:loads"


@pytest.fixture
def old_version(tmp_path: pathlib.Path) -> OtherVersion:
    """A version whose fetch knows ``--verify`` only, and which has no ``hash``."""
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\n[ "$3" = fetch ] && echo "usage: [--verify] [--local-folder X]"\n'
    )
    python.chmod(0o755)
    return OtherVersion(str(python))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["fetch", "--verify", "demo"], ["fetch", "--verify", "demo"]),
        (["fetch", "--check-contents", "none", "demo"], ["fetch", "demo"]),
        (["fetch", "--verify", "--against", "SHA256SUMS", "demo"], None),
        (["hash", "dist"], None),
        (["--help"], ["--help"]),
    ],
)
def test_bench_passes_an_old_version_only_what_it_knows(
    old_version: OtherVersion, arguments: list[str], expected: list[str] | None
) -> None:
    command = old_version.command([sys.executable, "-m", "wheelhouse_hashes", *arguments])
    assert (command and command[3:]) == expected
    assert old_version.command(["curl", "-m", "wheelhouse_hashes"]) is None


def test_bench_server_refuses_further_connections(tmp_path: pathlib.Path) -> None:
    (tmp_path / "served").mkdir()
    with serving(tmp_path / "served", Limits(connections=1)) as served:
        address = urllib.parse.urlsplit(served.url)
        assert address.port
        first, second = (http.client.HTTPConnection("127.0.0.1", address.port) for _ in range(2))
        codes = []
        for connection in (first, second):
            connection.request("GET", "/none")
            answer = connection.getresponse()
            answer.read()
            codes.append((answer.status, answer.getheader("Retry-After")))
        first.close()
        second.close()
        assert codes == [(404, None), (503, str(RETRY_AFTER))]
        assert served.counts()["busy"] == 1


def test_bench_server_limits_each_connection(tmp_path: pathlib.Path) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "x").write_bytes(bytes(1_000_000))
    with serving(tmp_path / "served", Limits(connection_rate=4_000_000)) as served:
        began = time.monotonic()
        with urllib.request.urlopen(f"{served.url}/x") as answer:
            assert len(answer.read()) == 1_000_000
        assert time.monotonic() - began > 0.2


def _row(case: str, tool: str, seconds: float, **notes: Any) -> Row:
    return Row(case, tool, True, [Sample(seconds, seconds, 0, 10**6, 0)], notes)


def test_bench_targets_of_speed_are_hit_or_missed() -> None:
    rows = [
        _row(links.PACED, OURS, 1.0),
        _row(links.PACED, OURS + OTHER_VERSION, 2.0),
        _row(links.BUSY, OURS, 2.2),
        _row(links.BUSY, workers(8), 1.0),
        _row(fetching.SMALL, OURS, 1.3, artifacts=2000),
        _row(fetching.SMALL, UNCHECKED, 1.0, artifacts=2000),
        _row(fetching.SMALL, HOST, 1.1, artifacts=2000),
        _row(fetching.SLOPE, "10 artifacts", 0.1),
        _row(fetching.SLOPE, "9000 artifacts, other version", 0.1),
        _row(logs.AUDIT.format(300_000), logs.OURS, 2.1),
        _row(logs.LIGHT.format(1_000_000), logs.OURS, 1.1, gets=8, missing=1),
    ]
    judged = Speed(rows, {logs.PUTS: 8, startup.START: {}}).judge()
    hits = {one.target: one.hit for one in judged}
    assert hits[f"{links.PACED}: verified fetch / the other version's"] is False
    assert hits[f"{links.BUSY}: verified fetch / (ours, 8 workers + 1 s)"] is True
    assert hits[f"{fetching.SMALL}: {UNCHECKED} / bare host, unverified"] is True
    assert hits[f"{fetching.SMALL}: {UNCHECKED}, CPU of each"] is True
    assert hits[f"{fetching.SMALL}: CPU of the check of contents of each"] is True
    assert hits[f"{fetching.SLOPE}: peak memory"] is True
    assert hits["log audit, 300,000 entries: CPU"] is False
    assert hits["verify with a log of 1,000,000 entries: requests"] is False
    assert hits["log append to entries: objects written"] is True
    assert hits[f"{links.TLS}: verified fetch / the other version's"] is None


def test_bench_results_are_read_again(results: dict[str, Any], tmp_path: pathlib.Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results))
    assert json.loads(as_json(Results.load(file), {}))["rows"] == results["rows"]


def test_bench_compares_hash_with_two_cores_and_coreutils(results: dict[str, Any]) -> None:
    rows = {row["tool"]: row for row in results["rows"] if row["case"] == hashing.CASE}
    ours = {hashing.OURS, hashing.OURS + OTHER_VERSION}
    assert set(rows) == {*ours, TWO_CORES, hashing.SHA256SUM}
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


def test_bench_pictures_replace_older_ones(tmp_path: pathlib.Path) -> None:
    page, folder = tmp_path / "performance.rst", tmp_path / "performance"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n")
    folder.mkdir()
    for name in ("old", "fetch-one-wheel"):
        (folder / f"{name}.png").touch()
    into_docs("new", page, [folder / "fetch-one-wheel.png"])
    assert ".. image:: performance/fetch-one-wheel.png\n" in page.read_text()
    assert [path.stem for path in folder.iterdir()] == ["fetch-one-wheel"]
