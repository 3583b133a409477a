"""The command in progress, as passed to plugins."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, ListedArtifact
from wheelhouse_hashes.disk.files import read_small_file
from wheelhouse_hashes.errors import DiskError, TransferError, UsageError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.hash_file import MAX_BYTES
from wheelhouse_hashes.formats.urls import origin, origin_text
from wheelhouse_hashes.options import mask, secrets_of
from wheelhouse_hashes.runtime.activity import Activities, Activity
from wheelhouse_hashes.runtime.waiting import WaitBudget

if TYPE_CHECKING:
    from wheelhouse_hashes.http.client import Client
    from wheelhouse_hashes.options import Options

#: The command that installs the requirements of fetching.
INSTALL_FETCH = "python -m pip install 'wheelhouse-hashes[fetch]'"

if TYPE_CHECKING:
    # Has a default (PEP 696); type checkers bundle typing_extensions.
    import typing_extensions

    O_co = typing_extensions.TypeVar("O_co", bound=Options, covariant=True, default=Options)
else:
    O_co = TypeVar("O_co", covariant=True)

#: HTTP statuses that mean "no such object".  S3 returns 403 instead of 404 to clients
#: that may not list the container.
_ABSENT = (403, 404, 410)


class Run(Generic[O_co]):
    """The command in progress: everything that it provides to plugins.

    The type parameter is the class of the options: a ``Run[FetchOptions]`` has those of
    ``fetch``, a plain ``Run`` those common to all verbs.

    :param verb: the name of the verb.
    :param options: the parsed command line.
    :param tracing: whether to print every hook call.
    """

    def __init__(self, verb: str, options: O_co, *, tracing: bool = False) -> None:
        #: The verb.
        self.verb = verb
        self._options = options
        self._secrets = secrets_of(options)
        #: Whether hook calls are printed.
        self.tracing = tracing
        #: Set when the run must end (Ctrl-C or SIGTERM).
        self.stop = threading.Event()
        #: The time left to wait for the store.
        self.budget = WaitBudget(options.wait, self.stop)
        #: The current activities of all worker threads.
        self.activities = Activities()
        self._making = threading.Lock()
        self._client: Client | None = None
        self._screen = threading.Lock()
        self._silent = False
        self._noted: set[str] = set()
        self._show: Callable[[str], None] = _print

    def __repr__(self) -> str:
        return f"<Run {self.verb}>"

    @property
    def options(self) -> O_co:
        """The parsed command line; may contain secrets."""
        return self._options

    def masked(self, text: str) -> str:
        """Return a text in which the values of secret options are masked.

        :meth:`say`, the traces and the reports do this for everything that they print.
        Values of fewer than six characters are left: they may be part of other words.
        """
        return mask(self._secrets, text)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that artifacts are hashed with; the default comes first."""
        return tuple(dict.fromkeys((DEFAULT_ALGORITHM, *self.options.hash_algorithm)))

    @property
    def client(self) -> Client:
        """The HTTP client, for additional requests; thread-safe.

        :raises UsageError: if the extra ``fetch`` is not installed.
        """
        with self._making:
            if self._client is None:
                self._client = self._make_client()
            return self._client

    def _make_client(self) -> Client:
        try:
            from wheelhouse_hashes.http.client import Client
            from wheelhouse_hashes.http.settings import TransportSettings
        except ImportError as error:
            raise UsageError(
                f"fetch --verify needs {error.name or 'pycurl'}; install it: {INSTALL_FETCH}"
            ) from None
        settings = TransportSettings(self.options.timeout, verify_tls=self.verify_tls)
        return Client(self.stop, settings, self._moved)

    def _moved(self, before: str, after: str) -> None:
        text = f"{origin_text(origin(before))} redirects to {origin_text(origin(after))}"
        self.note_once(text, text)

    @property
    def origins(self) -> frozenset[str]:
        """The origins of all requests so far, including redirects: ``https://host:port``.

        A default port is left out (:rfc:`6454`).
        """
        # A copy: workers that an interrupted run abandoned may still add to the set.
        return frozenset(map(origin_text, frozenset(self._client.origins if self._client else ())))

    @property
    def verify_tls(self) -> bool:
        """Whether TLS certificates are checked; False with ``--no-ssl-check``."""
        return not self.options.no_ssl_check

    def companion(self, artifact: ListedArtifact, suffix: str) -> bytes | None:
        """Return the content of an artifact's companion, at most 64 KiB.

        The companion's URL is taken from the listing if it is there; otherwise it is the
        artifact's URL with the suffix.

        :param artifact: the artifact.
        :param suffix: the suffix of the companion's name, with its dot: ``.sha256``.
        :returns: the content, or None if the companion does not exist (403, 404, 410).
        :raises TransferError: if the request fails in any other way.
        """
        url = self.companion_url(artifact, suffix)
        if url is None:
            return None
        if urlsplit(url).scheme == "file":
            return _read_local(url)
        try:
            return self.client.get(url, max_bytes=MAX_BYTES, headers=artifact.headers).body
        except TransferError as error:
            if error.status in _ABSENT:
                return None
            raise

    @staticmethod
    def companion_url(artifact: ListedArtifact, suffix: str) -> str | None:
        """Return the URL of a companion, or None if it is unknown.

        It cannot be derived from a signed URL (one with a query), which is valid for one
        object only.
        """
        listed = artifact.companions.get(artifact.name + suffix)
        if listed is not None or "?" in artifact.url:
            return listed
        return artifact.url + suffix

    def close(self) -> None:
        """Close the HTTP client, if there is one.

        The client of an interrupted run stays open because a worker that did not end in
        time may still use it.
        """
        if self._client is not None and not self.stop.is_set():
            self._client.close()

    def say(self, text: str) -> None:
        """Print whole lines to standard output; thread-safe.

        Nothing is printed after the end of an interrupted run, because output from
        abandoned worker threads could interfere with interpreter shutdown.
        """
        with self._screen:
            if not self._silent:
                self._show(self.masked(text))

    def note(self, text: str) -> None:
        """Print whole lines as :meth:`say` does, unless ``--quiet`` is given."""
        if not self.options.quiet:
            self.say(text)

    def note_once(self, topic: str, text: str) -> None:
        """Print a note once per run and topic, unless ``--quiet`` is given.

        :param topic: identifies the note.
        :param text: one sentence.
        """
        with self._screen:
            if topic in self._noted:
                return
            self._noted.add(topic)
        self.note(f"{'note':<9}  {printable(text)}")

    def show_by(self, show: Callable[[str], None] | None) -> None:
        """Set the function that prints all further lines, for a terminal display.

        :param show: prints whole lines to standard output; may be called from any
            thread, but never concurrently.  None restores the default.
        """
        with self._screen:
            self._show = show or _print

    @property
    def activity(self) -> Activity:
        """The activity of the current worker thread; a slow hook may report progress here."""
        return self.activities.mine

    def end(self) -> None:
        """Suppress all further output if the run was interrupted."""
        with self._screen:
            self._silent = self.stop.is_set()


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _read_local(url: str) -> bytes | None:
    """Return the content of a companion in a local folder, None if it does not exist.

    :raises DiskError: if it cannot be read.
    """
    path = url2pathname(urlsplit(url).path)
    try:
        return read_small_file(path, MAX_BYTES)
    except DiskError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
