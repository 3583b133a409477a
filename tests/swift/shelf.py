"""A container that a test fills by hand and fetches from."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.conftest import Cli, Result
from tests.support.artifacts import A, hash_file, sha256
from tests.swift.cluster import NODES, Cluster

DAY = 86400.0


@dataclass(frozen=True)
class Shelf:
    """A container and the command that fetches from it."""

    cluster: Cluster
    name: str
    cli: Cli

    @property
    def url(self) -> str:
        """The URL of its listing."""
        return f"{self.cluster.storage_url}/{self.name}/"

    def put_artifact(
        self, content: bytes, name: str = A, *, header: bool = True, days: float = 0
    ) -> None:
        """Put an artifact, with its digest in the metadata if *header* is set."""
        meta = {"X-Object-Meta-Sha256": sha256(content)} if header else {}
        self._put(name, content, meta, days)

    def put_hash_file(self, content: bytes, name: str = A, *, days: float = 0) -> None:
        """Put a hash file for some bytes."""
        self._put(f"{name}.sha256", hash_file(content, name), {}, days)

    def _put(self, name: str, body: bytes, headers: dict[str, str], days: float) -> None:
        dated = {"X-Timestamp": f"{time.time() - days * DAY:.5f}"} if days else {}
        answer = self.cluster.request("PUT", f"{self.name}/{name}", {**headers, **dated}, body)
        assert answer.status == 201, answer

    def put_pair(self, content: bytes, name: str = A) -> None:
        """Put the hash file, then the artifact."""
        self.put_hash_file(content, name)
        self.put_artifact(content, name)

    def delete(self, name: str) -> None:
        """Delete an object."""
        assert self.cluster.request("DELETE", f"{self.name}/{name}").status == 204

    def get(self, name: str = A) -> tuple[int, bytes]:
        """Read anonymously from one replica, the preferred one if set."""
        answer = self.cluster.request("GET", f"{self.name}/{name}", user=None)
        return answer.status, answer.body

    def fetch(
        self, wait: float = 0, *, page: str = "", project: str = "demo", into: str = "got"
    ) -> Result:
        """Run ``fetch --verify``."""
        options = ("--verify", "--wait", wait, "--local-folder", into)
        return self.cli("fetch", *options, project, f"{self.url}{page}")

    @contextlib.contextmanager
    def missed_by(self, node: int) -> Iterator[None]:
        """Let a node's object server miss the writes in the ``with`` block."""
        self.cluster.kill(node, "object")
        yield
        self.cluster.revive(node, "object")

    def leave_alive(self, node: int) -> None:
        """Kill the object servers of the other nodes."""
        for other in NODES:
            if other != node:
                self.cluster.kill(other, "object")
