"""A container of a store, as plugins see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import StoreError
from wheelhouse_hashes.runtime.parallel import run_in_thread
from wheelhouse_hashes.runtime.retry import Again, TryAgain, repeat
from wheelhouse_hashes.stores.base import BINARY
from wheelhouse_hashes.transport import Opened, OpenRequest

if TYPE_CHECKING:
    from wheelhouse_hashes.runtime.waiting import WaitBudget
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.stores.stored import Stored

T = TypeVar("T")

#: Maximum size of an object to read or write, in bytes.
MAX_BYTES = 64 * 1024 * 1024


class ObjectContainer:
    """Small objects in one container; thread-safe.

    The first :meth:`put` creates the container if it does not exist.  Requests are
    repeated within ``--wait``.  In the main thread they end on Ctrl-C.  Every method
    raises :exc:`~wheelhouse_hashes.errors.StoreError` if the store fails, and
    :exc:`~wheelhouse_hashes.errors.Interrupted` if the run must end.

    :param store: the container.
    :param budget: the wait budget of the run.
    :param stop: set when the run must end.
    :param on_origin: called with the origin of each server that answers.
    """

    def __init__(
        self,
        store: Store,
        budget: WaitBudget,
        stop: threading.Event,
        on_origin: Callable[[str], object] = str,
    ) -> None:
        self._store = store
        self._budget = budget
        self._stop = stop
        self._on_origin = on_origin
        self._opened = False
        #: The origin of the server that answered last, as ``https://host``; empty before the
        #: first request, and for a store without one.
        self.origin = ""

    @property
    def name(self) -> str:
        """The name of the container."""
        return self._store.container_name

    def list(self) -> Mapping[str, Stored]:
        """Return the objects by name, also those under further prefixes.

        The listing may lag behind the container.
        """
        return self._call(lambda: self._store.objects(nested=True))

    def stat(self, name: str) -> Stored | None:
        """Return the current state of an object, None if it does not exist."""
        return self._call(lambda: self._store.stat(name))

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes | None:
        """Return the content of an object, None if it does not exist.

        :param name: the name of the object.
        :param max_bytes: the maximum size of the object, in bytes.
        :raises StoreError: also if the object is larger.
        """
        content = self._call(lambda: self._store.read(name, max_bytes + 1))
        if content is not None and len(content) > max_bytes:
            raise StoreError(f"cannot read {name}: larger than {max_bytes} bytes")
        return content

    def put(
        self, name: str, content: bytes, media_type: str = BINARY, *, replace: bool = False
    ) -> None:
        """Publish an object, and confirm that the container has its content.

        :param name: the name of the object.
        :param content: its content.
        :param media_type: the value of its ``Content-Type``.
        :param replace: whether to replace an existing object.
        :raises AlreadyExists: if the object exists and *replace* is not set.
        """

        def confirm() -> None:
            found = self._store.read(name, len(content) + 1)
            if found != content:
                raise TryAgain(Again(Cause.STALE, "not visible in the store yet"))

        def put() -> None:
            self._store.put_bytes(name, content, media_type, create_only=not replace)
            try:
                repeat(confirm, self._budget)
            except TryAgain:
                raise StoreError(
                    f"sent {name}, but the container has other content: another program may "
                    "have replaced it; run the command again"
                ) from None

        self._call(put, create=True)

    def replace(self, name: str, expected: bytes, content: bytes, media_type: str = BINARY) -> bool:
        """Replace an object if its content is the expected one; return whether it was.

        The store compares it if it can (S3); otherwise this looks first.

        :param name: the name of the object.
        :param expected: its present content.
        :param content: its new content.
        :param media_type: the value of its ``Content-Type``.
        """

        def replace() -> bool:
            return self._store.replace_bytes(name, expected, content, media_type)

        return self._call(replace)

    def delete(self, name: str) -> None:
        """Delete an object; do nothing if it does not exist."""
        self._call(lambda: self._store.delete(name))

    def open(self, name: str, request: OpenRequest | None = None) -> Opened:
        """Open an object of any size, to be read in one pass by this thread.

        Unlike the other methods, it makes one request and does not repeat it.

        :param name: the name of the object.
        :param request: which part of it is requested; all of it by default.
        :returns: the object, as ``wheelhouse_open`` returns it.
        :raises TransferError: if it cannot be read, as for an HTTP request: with status 404
            if it does not exist.  The iterator can raise it, too.
        """
        # Closed by the iterator of the pieces, or here.
        with ExitStack() as stack:
            stack.enter_context(self._store.lent())
            opened = self._store.open_object(name, request or OpenRequest())
            self._note_origin()
            return replace(opened, pieces=_pieces(opened.pieces, stack.pop_all()))

    def _call(self, request: Callable[[], T], *, create: bool = False) -> T:
        """Make a request; in the main thread, do it in another one, so that Ctrl-C ends it."""

        def in_thread() -> T:
            with self._store.lent():
                if not self._opened:
                    self._store.open(create=create)
                    self._opened = True
                done = request()
                self._note_origin()
                return done

        if threading.current_thread() is not threading.main_thread():
            return in_thread()
        return run_in_thread(in_thread, self._stop)

    def _note_origin(self) -> None:
        found = self._store.origin
        if found and found != self.origin:
            self.origin = found
            self._on_origin(found)


def _pieces(pieces: Iterable[bytes], until_read: AbstractContextManager[object]) -> Iterator[bytes]:
    with until_read:
        yield from pieces
