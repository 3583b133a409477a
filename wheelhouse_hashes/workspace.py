"""What a run gives plugins access to, beside the network: local files, state, another try."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Generic, TypeVar

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM
from wheelhouse_hashes.disk.atomic_write import write_file
from wheelhouse_hashes.disk.files import read_small_file
from wheelhouse_hashes.disk.hashing import hash_all
from wheelhouse_hashes.disk.state_folder import StateFolder, open_state, state_root
from wheelhouse_hashes.errors import DiskError, UsageError, disk_errors
from wheelhouse_hashes.formats.urls import local_path
from wheelhouse_hashes.options import DEFAULT_MAX_WORKERS
from wheelhouse_hashes.runtime.activity import Activities, Activity
from wheelhouse_hashes.runtime.bodies import Bodies
from wheelhouse_hashes.runtime.retry import Again, repeat
from wheelhouse_hashes.runtime.screen import write_result
from wheelhouse_hashes.runtime.waiting import WaitBudget

if TYPE_CHECKING:
    import pathlib
    from contextlib import AbstractContextManager

    from wheelhouse_hashes.artifacts import LocalArtifact
    from wheelhouse_hashes.errors import Refusal
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.transport import Listing

if TYPE_CHECKING:
    # Has a default (PEP 696); type checkers bundle typing_extensions.
    import typing_extensions

    O_co = typing_extensions.TypeVar("O_co", bound=Options, covariant=True, default=Options)
else:
    O_co = TypeVar("O_co", covariant=True)

T = TypeVar("T")

#: Whether the current thread works on another try, see :attr:`Workspace.fresh`.
_fresh: ContextVar[bool] = ContextVar("fresh", default=False)


class _Try:
    """The context manager of :meth:`Workspace.trying`; a class, because it is entered often."""

    __slots__ = ("_is_fresh", "_token")

    def __init__(self, *, fresh: bool) -> None:
        self._is_fresh = fresh

    def __enter__(self) -> None:
        self._token = _fresh.set(self._is_fresh)

    def __exit__(self, *_: object) -> None:
        _fresh.reset(self._token)


class Workspace(Generic[O_co]):
    """Local files, state folders, listings and tries; the base class of a run.

    :param verb: ``upload``, ``fetch``, ``index``, ``verify`` or the verb of a plugin.
    :param options: the parsed command line.
    """

    def __init__(self, verb: str, options: O_co) -> None:
        #: The verb.
        self.verb = verb
        self._options = options
        #: Set when the run must end (Ctrl-C or SIGTERM).
        self.stop = threading.Event()
        #: The time left to wait for the store.
        self.budget = WaitBudget(options.wait, self.stop)
        #: The slots of the jobs in progress.
        self.throttle = self.budget.throttle
        #: The bodies that are being received.
        self.bodies = Bodies(self.throttle)
        #: The current activities of all worker threads.
        self.activities = Activities()
        #: What :meth:`listing` calls; None for verbs that read no listings.
        self.read_listing: Callable[[str], Listing] | None = None

    @property
    def options(self) -> O_co:
        """The parsed command line; may contain secrets."""
        return self._options

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that artifacts are hashed with; the default comes first."""
        return tuple(dict.fromkeys((DEFAULT_ALGORITHM, *self.options.hash_algorithm)))

    @property
    def activity(self) -> Activity:
        """The activity of the current worker thread; a slow hook may report progress here."""
        return self.activities.mine

    @property
    def fresh(self) -> bool:
        """Whether this is not the first try, so that a plugin must not answer from memory.

        Each thread has its own value: that of the hook that it runs.
        """
        return _fresh.get()

    @staticmethod
    def trying(*, fresh: bool) -> AbstractContextManager[None]:
        """Set :attr:`fresh` for one try, in a ``with`` block.

        :param fresh: whether an earlier try failed.
        """
        return _Try(fresh=fresh)

    def repeat(self, call: Callable[[], T], waiting: Callable[[Again], None] | None = None) -> T:
        """Call a function until it succeeds, a transient error is the last, or ``--wait`` is over.

        :attr:`fresh` is true in all calls but the first.

        :param call: the function.
        :param waiting: called once, before the first pause; see :meth:`Run.waiting`.
        :returns: what the function returned.
        :raises Exception: what the last call raised.
        """
        tries = itertools.count()

        def once() -> T:
            with self.trying(fresh=next(tries) > 0):
                return call()

        return repeat(once, self.budget, waiting=waiting)

    @staticmethod
    def read_file(path: str | pathlib.Path, max_bytes: int) -> bytes:
        """Return the content of a local file; an extra byte shows that it is too large.

        :param path: the file.
        :param max_bytes: the maximum size of the file.
        :returns: at most *max_bytes* + 1 bytes.
        :raises DiskError: if the file cannot be read; ``__cause__`` is the :exc:`OSError`.
        """
        return read_small_file(path, max_bytes)

    @staticmethod
    def read_local_url(url: str, max_bytes: int) -> bytes | None:
        """Return the content of the file of a ``file`` URL, None if it does not exist.

        :raises DiskError: if it cannot be read.
        """
        try:
            return read_small_file(local_path(url), max_bytes)
        except DiskError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    @staticmethod
    def write_file(path: str | pathlib.Path, content: str | bytes) -> None:
        """Write a local file, atomically replacing an existing one.

        :param path: the file; a device such as ``/dev/stdout`` is written to.
        :param content: the content; text is encoded as UTF-8.
        :raises DiskError: if the file cannot be written.
        """
        write_file(str(path), content)

    @staticmethod
    def print_result(content: str | bytes) -> None:
        """Write the result of a verb with ``prints_result`` to standard output.

        Messages are printed with :meth:`say`, which drops output that cannot be written.

        :param content: the content; text is encoded as UTF-8.
        :raises DiskError: if it cannot be written, such as to a closed pipe or a full disk.
        """
        with disk_errors("write to standard output"):
            write_result(content.encode() if isinstance(content, str) else content)

    def hash_files(
        self, paths: Iterable[pathlib.Path], algorithms: Iterable[str] = ()
    ) -> Mapping[pathlib.Path, LocalArtifact | Refusal]:
        """Hash local files concurrently; each file is read once.

        Call it in the main thread, or in the thread of a verb.

        :param paths: the files; links and special files are refused.
        :param algorithms: the digests to compute; :attr:`algorithms` by default.
        :returns: for each path, in their order, the file with its digests, or the reason
            why it cannot be read.
        :raises Interrupted: if the run must end.
        """
        workers = getattr(self.options, "max_workers", DEFAULT_MAX_WORKERS)
        wanted = tuple(algorithms) or self.algorithms
        return hash_all(tuple(paths), wanted, workers, self.stop, self.activities)

    def listing(self, address: str) -> Listing:
        """Return the listing of an address or local path that the user named.

        The plugins read it, with all of its pages; requests are repeated within ``--wait``.
        Call it in the main thread of ``fetch`` and ``verify`` only, or in a verb with
        ``listings``.

        :param address: the address, as for ``--against``.
        :raises Refusal: if it cannot be read.
        :raises UsageError: if no plugin reads it, or the verb reads no listings.
        """
        if self.read_listing is None:
            raise UsageError(f"the command {self.verb} reads no listings")
        return self.read_listing(address)

    def state(self, name: str) -> AbstractContextManager[StateFolder]:
        """Open a folder for data that is kept between runs.

        No other run can open it until the context manager ends.  The folder is in
        ``$WHEELHOUSE_HASHES_STATE``, or by default where the operating system keeps the
        state of applications (``platformdirs.user_state_path``).

        :param name: the name of the folder, such as the name of the plugin: lower-case
            letters, digits, ``-``, ``_`` and ``.``.
        :returns: a context manager; it raises :exc:`~wheelhouse_hashes.errors.DiskError` if
            the folder cannot be opened.
        :raises UsageError: if ``WHEELHOUSE_HASHES_STATE`` is not an absolute path.
        :raises ValueError: if the name is not valid.
        """
        return open_state(name, self.stop, state_root())
