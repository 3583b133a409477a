"""Sixteen uploaders at the same moment, through Swift's own API and the S3 API.

Swift checks ``If-None-Match`` on each replica separately, so two jobs may both create the same
object; the assertions here must hold anyway.
"""

from __future__ import annotations

import io
import pathlib
import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.uploaders import Command, extended, outcomes, run_side_by_side
from tests.swift.cluster import Cluster
from tests.swift.containers import check_pairs, content, store_options

JOBS = 16
ROUNDS = 3


class LateBody(io.BytesIO):
    """A body that delays the upload after the store has checked for an existing object."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() == 0:
            time.sleep(random.uniform(0, 0.5))
        return super().read(size)


def slow() -> Command:
    """Return the extended command line of the host, on a slow connection."""
    command = extended()
    from libcloud.http import LibcloudConnection

    kind: Any = LibcloudConnection
    original = kind.prepared_request

    def request(connection: object, method: str, url: str, body: Any = None, **kw: Any) -> object:
        if method == "PUT" and body is not None:
            body = LateBody(body.read())
        return original(connection, method, url, body=body, **kw)

    kind.prepared_request = request
    return command


@pytest.fixture
def race(cluster: Cluster, api: str, tmp_path: pathlib.Path) -> Race:
    """A race into new containers that anyone may read."""
    return Race(cluster, api, tmp_path)


class Race:
    """Uploaders that start at the same moment, and their results."""

    def __init__(self, cluster: Cluster, api: str, folder: pathlib.Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._options = ["--hashfile", "--no-update-index", *store_options(cluster, api)]

    def run(
        self, *options: str, kind: Callable[[], Command] = extended
    ) -> Iterator[tuple[str, list[tuple[int, str]]]]:
        """Run them; yield the container, exit codes and outputs of each round."""
        prefix = f"race-{uuid.uuid4().hex[:8]}"
        for turn in range(ROUNDS):
            self._cluster.create(f"{prefix}-{turn}", public=True)
        given = [*self._options, *options]
        codes = run_side_by_side(kind, self._folder, JOBS, ROUNDS, given, prefix, 1200)
        assert None not in codes
        for turn in range(ROUNDS):
            ended = outcomes(self._folder, f"{prefix}-{turn}")
            assert len(ended) == JOBS
            yield f"{prefix}-{turn}", ended

    def pair(self, container: str) -> tuple[bytes, str]:
        """Return the final artifact and the announced digest."""
        hash_file = content(self._cluster, f"{container}/{A}.sha256")
        return content(self._cluster, f"{container}/{A}"), hash_file.decode().split()[0]


def test_race_with_distinct_wheels_loses_nothing(
    race: Race, cluster: Cluster, tmp_path: pathlib.Path
) -> None:
    names = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(JOBS)]
    wheels = {
        name: make_wheel(tmp_path / f"dist-{number}", name, name.encode()).read_bytes()
        for number, name in enumerate(names)
    }
    for container, ended in race.run():
        assert [code for code, _ in ended] == [0] * JOBS
        check_pairs(cluster, container, wheels)


def test_race_with_equal_bytes_succeeds_for_all(race: Race, tmp_path: pathlib.Path) -> None:
    for number in range(JOBS):
        body = make_wheel(tmp_path / f"dist-{number}", A, b"same").read_bytes()
    for container, ended in race.run():
        assert [code for code, _ in ended] == [0] * JOBS, ended
        assert race.pair(container) == (body, sha256(body))


@pytest.mark.parametrize(
    ("options", "kind"),
    [((), extended), (("--no-replace",), extended), (("--no-replace",), slow)],
    ids=["replacing", "no-replace", "no-replace, slow"],
)
def test_race_with_other_bytes_fails_for_losers(
    race: Race,
    cluster: Cluster,
    cli: Cli,
    tmp_path: pathlib.Path,
    options: tuple[str, ...],
    kind: Callable[[], Command],
) -> None:
    bodies = [
        make_wheel(tmp_path / f"dist-{number}", A, str(number).encode()).read_bytes()
        for number in range(JOBS)
    ]
    for container, ended in race.run(*options, kind=kind):
        body, announced = race.pair(container)
        winners = [number for number, (code, _) in enumerate(ended) if code == 0]
        for code, out in ended:
            assert code in (0, 1), out
            # The messages identify the published bytes by their digest, if a hash file has it.
            assert code == 0 or "sha256:" in out or "has different content" in out, out
        assert len(winners) < JOBS  # at least one of several overlapping jobs must notice
        if options:
            assert [bodies[number] for number in winners] == [body], ended
        url = f"{cluster.storage_url}/{container}/"
        into = f"got-{container}"
        fetched = cli("fetch", "--verify", "--wait", "0", "--local-folder", into, "demo", url)
        kept = tmp_path / into / A
        assert (fetched.code == 0) == (announced == sha256(body)), fetched
        assert kept.exists() == (fetched.code == 0)
