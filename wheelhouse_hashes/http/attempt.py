"""The tries at one artifact or URL: their limits and their responses."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import TransferError

if TYPE_CHECKING:
    import threading

    from wheelhouse_hashes.http.response import Response


@dataclass
class Attempt:
    """The requests of one try at one artifact."""

    #: Whether they bypass caches and stale replicas.
    fresh: bool = False
    #: The time limit of each download, in seconds; None for that of the settings.
    seconds: float | None = None
    #: The duration of the downloads, in seconds, and of failed requests for small objects.
    downloading: float = 0.0
    #: The good responses.
    responses: list[Response] = field(default_factory=list)

    @property
    def dates(self) -> list[float | None]:
        """The ``Last-Modified`` of each good response, None where it is unknown."""
        return [response.last_modified for response in self.responses]

    def ages(self) -> list[float | None]:
        """Return the age of each good response, as in :attr:`Response.age`."""
        return [response.age for response in self.responses]


class Grouping:
    """Groups the requests that a thread makes in a ``with`` block.

    A class, because it is entered often.

    :param local: the client's state of the thread.
    :param attempt: what the requests belong to.
    """

    __slots__ = ("_attempt", "_local", "_outer")

    def __init__(self, local: threading.local, attempt: Attempt) -> None:
        self._local = local
        self._attempt = attempt

    def __enter__(self) -> Attempt:
        self._outer = getattr(self._local, "attempt", None)
        self._local.attempt = self._attempt
        return self._attempt

    def __exit__(self, *_: object) -> None:
        self._local.attempt = self._outer


class TimeSpent:
    """The time that failed requests for small objects took, by URL.

    Without it, a server that sends slowly and drops each connection could keep a run busy for
    as many time limits as there are tries.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def on(self, url: str, attempt: Attempt, limit: float) -> Timing:
        """Count the time of the request that is made in the ``with`` block, if it fails.

        :param url: the URL.
        :param attempt: the try at an artifact that the request belongs to.
        :param limit: the time limit of all requests for the URL together, in seconds.
        :returns: a context manager; it returns the end of the time limit, by the monotonic clock,
            or None if the whole limit is left.
        """
        return Timing(self._seconds, url, attempt, limit)


class Timing:
    """The context manager of :meth:`TimeSpent.on`; a class, because it is entered often."""

    __slots__ = ("_attempt", "_began", "_limit", "_seconds", "_url")

    def __init__(self, seconds: dict[str, float], url: str, attempt: Attempt, limit: float) -> None:
        self._seconds = seconds
        self._url = url
        self._attempt = attempt
        self._limit = limit

    def __enter__(self) -> float | None:
        self._began = time.monotonic()
        left = self._limit - self._seconds.get(self._url, 0.0)
        if self._attempt.seconds is not None:
            left = min(left, self._attempt.seconds)
        return self._began + left if left < self._limit else None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None:
            self._seconds.pop(self._url, None)
        elif isinstance(error, TransferError):
            took = time.monotonic() - self._began
            self._seconds[self._url] = self._seconds.get(self._url, 0.0) + took
            self._attempt.downloading += took
