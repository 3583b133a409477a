"""The command in progress, as plugins see it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, ListedArtifact
from wheelhouse_hashes.disk.files import read_small_file
from wheelhouse_hashes.errors import DiskError, TransferError, UsageError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.hash_file import MAX_BYTES
from wheelhouse_hashes.formats.urls import shown
from wheelhouse_hashes.runtime.activity import Activities, Activity
from wheelhouse_hashes.runtime.waiting import WaitBudget

if TYPE_CHECKING:
    from wheelhouse_hashes.http.client import Client
    from wheelhouse_hashes.options import Options

#: How to get what fetching needs.
INSTALL_FETCH = "python -m pip install 'wheelhouse-hashes[fetch]'"

if TYPE_CHECKING:
    # With a default (PEP 696); type checkers bring it.
    import typing_extensions

    O_co = typing_extensions.TypeVar("O_co", bound=Options, covariant=True, default=Options)
else:
    O_co = TypeVar("O_co", covariant=True)

#: The statuses that mean "there is no such object".  S3 answers 403 to those
#: who may not list the container.
_ABSENT = (403, 404, 410)


class Run(Generic[O_co]):
    """Everything that a plugin may use of the command in progress.

    Its type says which options there are: a ``Run[FetchOptions]`` has those of
    ``fetch``, a ``Run`` those that all verbs have in common.

    :param verb: ``upload``, ``fetch``, ``index`` or ``verify``.
    :param options: the parsed command line.
    :param tracing: whether every hook call is printed.
    """

    def __init__(self, verb: str, options: O_co, *, tracing: bool = False) -> None:
        #: The verb.
        self.verb = verb
        self._options = options
        #: Whether every hook call is printed.
        self.tracing = tracing
        #: Set when the run must end: Ctrl-C, SIGTERM.
        self.stop = threading.Event()
        #: The time that may be spent on waiting for the store.
        self.budget = WaitBudget(options.wait, self.stop)
        #: What the workers are at.
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
        """The parsed command line; it may hold secrets."""
        return self._options

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that artifacts are hashed with: the default first."""
        return tuple(dict.fromkeys((DEFAULT_ALGORITHM, *self.options.hash_algorithm)))

    @property
    def client(self) -> Client:
        """The HTTP client, for further requests; safe to use from any thread.

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
        here, there = (urlunsplit((*urlsplit(url)[:2], "", "", "")) for url in (before, after))
        text = f"{shown(here)} redirects to {shown(there)}"
        self.note_once(text, text)

    @property
    def schemes(self) -> frozenset[str]:
        """The schemes of all requests up to now, those of redirects too."""
        return frozenset(self._client.schemes if self._client is not None else ())

    @property
    def verify_tls(self) -> bool:
        """Whether certificates are checked: not with ``--no-ssl-check``."""
        return not self.options.no_ssl_check

    def companion(self, artifact: ListedArtifact, suffix: str) -> bytes | None:
        """Read a companion of an artifact, of at most 64 KiB.

        It is asked for where the listing says, else beside the artifact.

        :param artifact: the artifact.
        :param suffix: what the companion's name has after the artifact's,
            with the dot: ``.sha256``.
        :returns: its content, or None if there is none (404, 403).
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
        """Return the address of a companion, or None if it cannot be told.

        A signed address (one with a query) is good for one object only.
        """
        listed = artifact.companions.get(artifact.name + suffix)
        if listed is not None or "?" in artifact.url:
            return listed
        return artifact.url + suffix

    def close(self) -> None:
        """Close the client, if there is one.

        That of an interrupted run stays open: a worker that did not end in
        time may still be using it.
        """
        if self._client is not None and not self.stop.is_set():
            self._client.close()

    def say(self, text: str) -> None:
        """Print whole lines to standard output; safe to call from any thread.

        Nothing is printed after the end of an interrupted run: the work that
        it left behind must not get between the interpreter and its end.
        """
        with self._screen:
            if not self._silent:
                self._show(text)

    def note(self, text: str) -> None:
        """Print whole lines that say nothing bad, as :meth:`say`; nothing with ``--quiet``."""
        if not self.options.quiet:
            self.say(text)

    def note_once(self, topic: str, text: str) -> None:
        """Print a note that says nothing bad, once a run for each topic.

        :param topic: what the note is about.
        :param text: one sentence.
        """
        with self._screen:
            if topic in self._noted:
                return
            self._noted.add(topic)
        self.note(f"{'note':<9}  {printable(text)}")

    def show_by(self, show: Callable[[str], None] | None) -> None:
        """Have all further lines printed by a function: a display must know of them.

        :param show: prints whole lines to standard output, from any thread but
            from one at a time; None for what does it usually.
        """
        with self._screen:
            self._show = show or _print

    @property
    def activity(self) -> Activity:
        """What this worker thread is at; a hook that takes long may say so here."""
        return self.activities.mine

    def end(self) -> None:
        """Print nothing more if the run was told to end."""
        with self._screen:
            self._silent = self.stop.is_set()


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _read_local(url: str) -> bytes | None:
    """Read a companion beside an artifact of a local folder, None if it is not there.

    :raises DiskError: if it cannot be read.
    """
    path = url2pathname(urlsplit(url).path)
    try:
        return read_small_file(path, MAX_BYTES)
    except DiskError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
