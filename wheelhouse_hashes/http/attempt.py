"""The requests of one try at one artifact: their limits and their responses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wheelhouse_hashes.http.response import Response


@dataclass
class Attempt:
    """The requests of one try at one artifact."""

    #: Whether they bypass caches and stale replicas.
    fresh: bool = False
    #: The time limit of each download, in seconds; None for that of the settings.
    seconds: float | None = None
    #: The duration of the downloads, in seconds.
    downloading: float = 0.0
    #: The good responses.
    responses: list[Response] = field(default_factory=list)

    @property
    def dates(self) -> list[float | None]:
        """The ``Last-Modified`` of each good response, None where it is unknown."""
        return [response.last_modified for response in self.responses]

    @property
    def ages(self) -> list[float | None]:
        """The age of each good response, as in :attr:`Response.age`."""
        return [response.age for response in self.responses]
