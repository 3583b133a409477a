"""A container in memory that fails on demand, shared by jobs that take turns."""

from __future__ import annotations

import enum
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from wheelhouse_hashes.artifacts import LocalArtifact, new_hasher
from wheelhouse_hashes.disk.files import LocalFile
from wheelhouse_hashes.errors import AlreadyExists, StoreError
from wheelhouse_hashes.runtime.activity import ByteCount
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.base import BINARY, Store
from wheelhouse_hashes.stores.driver import Account
from wheelhouse_hashes.stores.requests import StoreRequests
from wheelhouse_hashes.stores.stored import Stored

T = TypeVar("T")


class Fault(enum.Enum):
    """What happens to a request."""

    REFUSED = "refused"  #: an error, and nothing is done
    DROPPED = "dropped"  #: it is done, and the answer is lost
    KILLED = "killed"  #: the job is killed before it
    KILLED_AFTER = "killed after"  #: the job is killed right after it


class Killed(BaseException):
    """The end of a job that is killed."""


@dataclass(frozen=True)
class Kind:
    """What a store tells of its objects."""

    #: Whether objects may be invisible right after their put, so that jobs look again.
    eventually_consistent: bool
    #: Whether objects carry their SHA-256.
    metadata: bool
    #: Whether the etag is the MD5.
    md5: bool


SWIFT = Kind(eventually_consistent=True, metadata=True, md5=True)
ENCRYPTED = Kind(eventually_consistent=True, metadata=True, md5=False)
MD5_ONLY = Kind(eventually_consistent=True, metadata=False, md5=True)
OPAQUE = Kind(eventually_consistent=True, metadata=False, md5=False)
FOLDER = Kind(eventually_consistent=False, metadata=True, md5=False)


class Turns:
    """Lets jobs make one request each in a given order.

    :param order: the numbers of the jobs; when it is used up, one job after the other ends.
    :param jobs: the number of jobs.
    """

    def __init__(self, order: Sequence[int] = (), jobs: int = 1) -> None:
        self._order = [*order, *range(jobs)]
        self._jobs = jobs
        self._changed = threading.Condition()

    def take(self, job: int, request: Callable[[], T]) -> T:
        """Wait for a job's turn, and make its request."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._order[0] == job, 20)
            if len(self._order) > self._jobs:
                self._order.pop(0)
            try:
                return request()
            finally:
                self._changed.notify_all()

    def end(self, job: int) -> None:
        """Note that a job makes no more requests."""
        with self._changed:
            self._order = [each for each in self._order if each != job]
            self._jobs -= 1
            self._changed.notify_all()


@dataclass
class Objects:
    """The objects of the container."""

    kind: Kind
    contents: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def put(self, name: str, content: bytes, sha256: str = "") -> Stored:
        """Store an object."""
        hasher = new_hasher("md5")
        hasher.update(content)
        self.contents[name] = content
        self.etags[name] = hasher.hexdigest() if self.kind.md5 else f"v{next(self.numbers)}"
        self.metadata[name] = sha256 if self.kind.metadata else ""
        return self.stored(name)

    def stored(self, name: str) -> Stored:
        """Return an object's description."""
        size, etag = len(self.contents[name]), self.etags[name]
        return Stored(name, size, etag, self.metadata[name], 0.0, self.kind.md5)


class MemoryStore(Store):
    """One job's view of the container.

    :param objects: the objects.
    :param faults: what happens to this job's requests, by their number; and to its puts,
        by the object's name.
    :param job: the job's number.
    :param turns: the order of the requests of all jobs.
    """

    def __init__(
        self,
        objects: Objects,
        faults: dict[int | str, Fault] | None = None,
        job: int = 0,
        turns: Turns | None = None,
    ) -> None:
        requests = StoreRequests(WaitBudget(0.0, threading.Event()))
        super().__init__(Account("LOCAL", "store", "none", None), "wheels", requests)
        self.eventually_consistent = objects.kind.eventually_consistent
        self._objects = objects
        self._faults = faults or {}
        self._job = job
        self._turns = turns or Turns()
        #: The requests so far.
        self.requests: list[str] = []

    def _request(self, doing: str, name: str, call: Callable[[], T]) -> T:
        def request() -> T:
            number = len(self.requests)
            self.requests.append(f"{doing} {name}")
            put = self._faults.get(name) if doing == "put" else None
            fault = self._faults.get(number, put)
            if fault is Fault.KILLED:
                raise Killed
            if fault is Fault.REFUSED:
                raise StoreError(f"cannot {doing} {name}: refused")
            result = call()
            if fault is Fault.DROPPED:
                raise StoreError(f"cannot {doing} {name}: no answer")
            if fault is Fault.KILLED_AFTER:
                raise Killed
            return result

        return self._turns.take(self._job, request)

    def open(self, *, create: bool = True) -> None:
        """Do nothing."""

    def objects(self, *, nested: bool = False) -> dict[str, Stored]:
        """Return the listing."""
        names = list(self._objects.contents)
        return {name: self._without_metadata(self._objects.stored(name)) for name in names}

    @staticmethod
    def _without_metadata(stored: Stored) -> Stored:
        return Stored(stored.name, stored.size, stored.etag, etag_is_md5=stored.etag_is_md5)

    def stat(self, name: str) -> Stored | None:
        """Return the object."""
        known = self._objects
        return self._request(
            "stat", name, lambda: known.stored(name) if name in known.contents else None
        )

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the content."""

        def content() -> bytes | None:
            found = self._objects.contents.get(name)
            return None if found is None else found[:max_bytes]

        return self._request("read", name, content)

    def put(
        self,
        artifact: LocalArtifact,
        file: LocalFile,
        counter: ByteCount | None = None,
        *,
        create_only: bool = False,
    ) -> Stored:
        """Store an artifact."""
        content = file.rewound().read()
        return self._store(artifact.name, content, artifact.digests["sha256"], create_only)

    def put_bytes(
        self,
        name: str,
        content: bytes,
        media_type: str = BINARY,
        *,
        create_only: bool = False,
    ) -> Stored:
        """Store a companion."""
        return self._store(name, content, "", create_only)

    def _store(self, name: str, content: bytes, sha256: str, create_only: bool) -> Stored:
        def put() -> Stored:
            if create_only and name in self._objects.contents:
                raise AlreadyExists(name)
            return self._objects.put(name, content, sha256)

        return self._request("put", name, put)

    def has_bytes_of(self, stored: Stored, artifact: LocalArtifact) -> bool | None:
        """Return whether an object has an artifact's bytes; a listing has no metadata."""
        if self._objects.kind.metadata and not stored.sha256:
            found = self.stat(stored.name)
            return found is not None and super().has_bytes_of(found, artifact)
        return super().has_bytes_of(stored, artifact)

    def delete(self, name: str) -> None:
        """Delete an object."""
        self._request("delete", name, lambda: self._objects.contents.pop(name, None))
