"""The command in progress, as passed to plugins."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.disk.state_folder import StateFolder
from wheelhouse_hashes.errors import ABSENT_STATUSES, TransferError, UsageError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.hash_file import MAX_BYTES
from wheelhouse_hashes.formats.urls import origin, origin_text, scheme_of, shown
from wheelhouse_hashes.lines import waiting_line
from wheelhouse_hashes.masking import forms_of, mask
from wheelhouse_hashes.options import secrets_of
from wheelhouse_hashes.runtime.activity import Activity, State
from wheelhouse_hashes.runtime.retry import Again, another_try, repeat
from wheelhouse_hashes.runtime.screen import Screen
from wheelhouse_hashes.runtime.unlisted import UnlistedHashFiles
from wheelhouse_hashes.workspace import O_co, Workspace

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import ListedArtifact
    from wheelhouse_hashes.http.client import Client
    from wheelhouse_hashes.stores.container import ObjectContainer
    from wheelhouse_hashes.stores.containers import Containers
    from wheelhouse_hashes.stores.requests import StoreRequests

__all__ = ["Activity", "Run", "State", "StateFolder"]

#: The command that installs the requirements of fetching.
INSTALL_FETCH = "python -m pip install 'wheelhouse-hashes[fetch]'"


class Run(Workspace[O_co]):
    """The command in progress: everything that it provides to plugins.

    The type parameter is the class of the options: a ``Run[FetchOptions]`` has those of
    ``fetch``, a plain ``Run`` those common to all verbs.

    :param verb: the name of the verb.
    :param options: the parsed command line.
    :param tracing: whether to print every hook call.
    """

    def __init__(self, verb: str, options: O_co, *, tracing: bool = False) -> None:
        super().__init__(verb, options)
        self._secrets = secrets_of(options)
        #: Whether hook calls are printed.
        self.tracing = tracing
        self._making = threading.Lock()
        #: What the client needs from the plugins, by the names of its parameters.
        self._extensions: dict[str, Any] = {}
        self._client: Client | None = None
        self._containers: Containers | None = None
        #: Which unlisted hash files are requested; filled in once the listing is known.
        self.unlisted = UnlistedHashFiles(self.stop)
        self._screen = Screen()

    def __repr__(self) -> str:
        return f"<Run {self.verb}>"

    def masked(self, text: str) -> str:
        """Return a text in which the values of secret options are masked.

        :meth:`say`, the traces and the reports do this for everything that they print.
        Values of fewer than six characters are left: they may be part of other words.
        """
        return mask(self._secrets, text)

    @property
    def client(self) -> Client:
        """The HTTP client, for additional requests; thread-safe.

        :raises UsageError: if the extra ``fetch`` is not installed.
        """
        client = self._client
        if client is None:
            with self._making:
                client = self._client = self._client or self._make_client()
        return client

    def _make_client(self) -> Client:
        try:
            from wheelhouse_hashes.http.client import Client
            from wheelhouse_hashes.http.settings import TransportSettings
        except ImportError as error:
            raise UsageError(
                f"fetch --verify needs {error.name or 'pycurl'}; install it: {INSTALL_FETCH}"
            ) from None
        settings = TransportSettings(self.options.timeout, verify_tls=self.verify_tls)
        return Client(self.stop, settings, self._moved, throttle=self.throttle, **self._extensions)

    def _moved(self, before: str, after: str) -> None:
        text = f"{origin_text(origin(before))} redirects to {origin_text(origin(after))}"
        self.note_once(text, text)

    @property
    def origins(self) -> frozenset[str]:
        """The origins of all requests and redirects so far, as ``https://host`` (:rfc:`6454`)."""
        # A copy: workers that an interrupted run abandoned may still add to the set.
        return frozenset(map(origin_text, frozenset(self._client.origins if self._client else ())))

    @property
    def verify_tls(self) -> bool:
        """Whether TLS certificates are checked; False with ``--no-ssl-check``."""
        return not self.options.no_ssl_check

    def companion(
        self,
        artifact: ListedArtifact,
        suffix: str,
        *,
        tries: int = 1,
        max_bytes: int = MAX_BYTES,
    ) -> bytes | None:
        """Return the content of an artifact's companion.

        The companion's URL is taken from the listing if it is there; otherwise it is the
        artifact's URL with the suffix.

        :param artifact: the artifact.
        :param suffix: the suffix of the companion's name, with its dot: ``.sha256``.
        :param tries: how often to request it, within ``--wait``, if the server fails; the
            default suits hooks that are called again together with their artifact.
        :param max_bytes: the maximum size of the companion, by default 64 KiB.
        :returns: the content, or None if the companion does not exist (403, 404, 410).
        :raises TransferError: if the request fails in any other way.
        """
        url = self.companion_url(artifact, suffix)
        if url is None:
            return None
        if scheme_of(url) == "file":
            return self.read_local_url(url, max_bytes)

        # Swift then asks all replicas: an old hash file beside a new artifact is seen as stale.
        headers = {**artifact.headers, "X-Newest": "true"}

        def request() -> bytes:
            return self.client.get(url, max_bytes=max_bytes, headers=headers).body

        left = itertools.count(tries - 1, -1)

        def decide(error: Exception) -> Again | None:
            return another_try(error) if next(left) > 0 else None

        waiting = self.waiting(artifact.name + suffix)
        try:
            return repeat(request, self.budget, decide=decide, waiting=waiting)
        except TransferError as error:
            if error.status in ABSENT_STATUSES:
                return None
            raise

    @staticmethod
    def companion_url(artifact: ListedArtifact, suffix: str) -> str | None:
        """Return the URL of a companion, or None if it is unknown.

        It cannot be derived from a signed URL (one with a query), which is valid for one
        object only.  It is unknown, too, if the listing names all companions, but not this one.
        """
        listed = artifact.companions.get(artifact.name + suffix)
        if listed is not None or artifact.companions_listed or "?" in artifact.url:
            return listed
        return artifact.url + suffix

    @staticmethod
    def shown(url: str) -> str:
        """Return a URL, even a malformed one, for display.

        The user, the query and the fragment are removed: they may contain secrets.
        """
        return shown(url)

    def store(self, container: str | None = None) -> ObjectContainer:
        """Return a container of the store that the options name.

        No request is made.  Calls with the same name return the same container.

        :param container: the name of the container; that of the options by default.
        :raises UsageError: if the verb has no store options, or they are not valid.
        """
        with self._making:
            if self._containers is None:
                self._containers = self._make_containers()
        return self._containers.get(container)

    def _make_containers(self) -> Containers:
        # Imported here because Libcloud is slow to import and not every verb uses a store.
        try:
            from wheelhouse_hashes.stores.containers import Containers
        except ImportError as error:
            name = str(error.name).partition(".")[0]
            raise UsageError(f"containers need {name}: install apache-libcloud") from None
        containers = Containers(self.verb, self.options, self.budget, self.store_requests)
        containers.on_secret, containers.on_origin = self._learn_secret, self._learn_endpoint
        return containers

    def _learn_secret(self, secret: str) -> None:
        """Mask a secret that is not in the options, but in the environment."""
        forms = forms_of([secret])
        self._secrets = (*forms, *(each for each in self._secrets if each not in forms))

    def _learn_endpoint(self, origin: str) -> None:
        """Note the origin of a server that answered for the user's own account."""

    def store_requests(self, container: str) -> StoreRequests:
        """Return the limits and retries of requests to a container.

        :param container: the name of the container.
        """
        from wheelhouse_hashes.stores.limits import Limits
        from wheelhouse_hashes.stores.requests import StoreRequests

        limits = Limits(total=self.options.timeout)
        return StoreRequests(self.budget, limits, self.waiting_for_store(container))

    def close(self) -> None:
        """Close the HTTP client, if there is one.

        The client of an interrupted run stays open because a worker that did not end in
        time may still use it.
        """
        if self._client is not None and not self.stop.is_set():
            self._client.close()

    def say(self, text: str, *, command: bool = False, color: str = "") -> None:
        """Print whole lines to standard output; thread-safe.

        Nothing is printed after the end of an interrupted run, because output from
        abandoned worker threads could interfere with interpreter shutdown.

        :param command: print a command such as ``::error::``; otherwise none is printed.
        :param color: ``green``, ``yellow`` or ``red``: the color, on a terminal, of each line
            that is not indented, up to two spaces or a colon.
        """
        self._screen.print(self.masked(text), command=command, color=color)

    def note(self, text: str, *, color: str = "") -> None:
        """Print whole lines as :meth:`say` does, unless ``--quiet`` is given."""
        if not self.options.quiet:
            self.say(text, color=color)

    def note_once(self, topic: str, text: str) -> None:
        """Print a note once per run and topic, unless ``--quiet`` is given.

        :param topic: identifies the note.
        :param text: one sentence.
        """
        if self._screen.is_new(topic):
            self.note(f"{'note':<9}  {printable(text)}")

    def waiting(self, name: str) -> Callable[[Again], None]:
        """Return a function that prints the line of what is tried again.

        :param name: the artifact or address that it is about.
        """

        def note(again: Again) -> None:
            self.note(waiting_line(name, again.cause, again.text, self.budget.seconds))

        return note

    def waiting_for_store(self, container: str) -> Callable[[Again], None]:
        """Return a function that prints :meth:`waiting`'s line for requests to a store.

        It prints one line per artifact, and one for all other requests: an artifact needs
        several requests, and they fail together.

        :param container: the name of the container.
        """

        def note(again: Again) -> None:
            name = self.activity.name or container
            if self._screen.is_new(f"waiting {name}"):
                self.waiting(name)(again)

        return note

    def reserve_output(self) -> None:
        """Print all further lines to standard error: standard output is the verb's result."""
        self._screen.use_standard_error()

    def show_by(self, show: Callable[[str], None] | None) -> None:
        """Set the function that prints all further lines, for a terminal display.

        :param show: prints whole lines to standard output; may be called from any
            thread, but never concurrently.  None restores the default.
        """
        self._screen.show_by(show)

    def end(self) -> None:
        """Suppress all further output if the run was interrupted."""
        if self.stop.is_set():
            self._screen.silence()
