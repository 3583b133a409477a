"""A plugin that opens ``mem:`` URLs: objects in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transport import Opened, OpenRequest

#: The URL of its objects.
SHELF = "mem://Shelf/wheels/"

DATE = "Thu, 01 Jan 2026 00:00:00 GMT"


@dataclass(eq=False)
class Opener:
    """Opens the objects at :data:`SHELF`."""

    #: The objects by name; the page has the name "".
    objects: dict[str, bytes]
    headers: dict[str, str] = field(default_factory=dict)
    secure: bool = True
    #: Whether the rest of an object is given when it is requested.
    ranges: bool = True
    #: Byte counts after which successive answers for an artifact end with a transient error.
    cuts: list[int] = field(default_factory=list)
    #: The names and requests so far.
    asked: list[tuple[str, OpenRequest]] = field(default_factory=list)
    #: How many iterators were closed.
    closed: int = 0
    #: The URL of the objects.
    shelf: str = SHELF

    @hookimpl
    def wheelhouse_open(self, url: str, request: OpenRequest, run: Run) -> Opened | None:
        if not url.startswith(self.shelf):
            return None
        name = url.removeprefix(self.shelf)
        self.asked.append((name, request))
        if name not in self.objects:
            raise TransferError(Cause.MISSING_ARTIFACT, f"{url}: not on the shelf", 404)
        body = self.objects[name]
        headers = {"content-length": str(len(body)), "Date": DATE, **self.headers}
        offset = request.offset if self.ranges else 0
        return Opened(headers, self.pieces(name, body[offset:]), self.secure, offset)

    def pieces(self, name: str, body: bytes) -> Iterator[bytes]:
        cut = self.cuts.pop(0) if self.cuts and name.endswith((".whl", ".tar.gz")) else None
        try:
            for start in range(0, len(body[:cut]), 10_000):
                yield body[:cut][start : start + 10_000]
            if cut is not None:
                raise TransferError(Cause.TRUNCATED, f"{name}: the shelf broke down")
        finally:
            self.closed += 1

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.asked]
