"""Ask the sources for the claims about one artifact, the first time ahead of its body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import Refusal

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from wheelhouse_hashes.artifacts import ListedArtifact
    from wheelhouse_hashes.fetch.download import Items
    from wheelhouse_hashes.http.attempt import Attempt
    from wheelhouse_hashes.listing.sources import Heard, Sources
    from wheelhouse_hashes.options import FetchOptions
    from wheelhouse_hashes.plugins.session import Session


class Inquiry:
    """What the sources claim about one artifact.

    :param artifact: the artifact.
    :param run: the command in progress.
    :param sources: the sources of ``--against``.
    """

    def __init__(
        self, artifact: ListedArtifact, run: Session[FetchOptions], sources: Sources
    ) -> None:
        #: What each of the sources claims.
        self.against: list[Heard] = []
        self._artifact = artifact
        self._run = run
        self._sources = sources
        self._ahead: Items | Refusal | None = None
        self._attempt: Attempt | None = None

    def ask_ahead(self, seconds: float) -> None:
        """Ask ahead of the first try, which raises the refusal.

        :param seconds: the time limit of each download, in seconds.
        :raises Interrupted: if the run was interrupted.
        """
        with self._run.client.attempt(fresh=False, seconds=seconds) as self._attempt:
            try:
                self._ahead = self._ask()
            except Refusal as refusal:
                self._ahead = refusal.with_traceback(None)

    def attempt(self, *, fresh: bool, seconds: float) -> AbstractContextManager[Attempt]:
        """Begin a try; the first one goes on with the attempt of :meth:`ask_ahead`.

        :param fresh: whether its requests bypass caches and stale replicas.
        :param seconds: the time limit of each download, in seconds.
        """
        begun, self._attempt = self._attempt, None
        return self._run.client.attempt(fresh=fresh, seconds=seconds, begun=begun)

    def heard(self) -> Items:
        """Return the claims and findings; any further call asks anew.

        :raises Refusal: if a source cannot be asked.
        """
        ahead, self._ahead = self._ahead, None
        if isinstance(ahead, Refusal):
            raise ahead
        return self._ask() if ahead is None else ahead

    def _ask(self) -> Items:
        run, artifact = self._run, self._artifact
        run.activity.begin("asking")
        heard = [*artifact.claims, *run.plugins.claims(artifact, run)]
        if self._sources.sources:
            self.against = self._sources.heard(artifact.name)
            heard = list(dict.fromkeys([*heard, *(i for one in self.against for i in one.items)]))
        return heard
