"""Where a log is: a local folder, a container, or a URL.

Tiles and bundles never change, so they are only created: an object that exists must have the
same content.  The checkpoint is the only object that is replaced.
"""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from wheelhouse_hashes.builtin.logs.folder_place import FolderPlace, other_content
from wheelhouse_hashes.errors import (
    ABSENT_STATUSES,
    AlreadyExists,
    NoContainer,
    TooLong,
    TransferError,
    UsageError,
)
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.options import AccountOptions
from wheelhouse_hashes.tlog.merkle import LogError

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

#: The scheme of containers.
CONTAINER = "container://"

#: How many bytes too many an object of a container may have to be malformed, and not a store
#: error, which :meth:`.ObjectContainer.read` raises.
_EXCESS = 1024 * 1024

_TEXT = "text/plain; charset=utf-8"


class Place(Protocol):
    """Where a log is."""

    #: Its address, to be shown.
    shown: str

    def read(self, path: str, max_bytes: int, *, fresh: bool = False) -> bytes | None:
        """Return the content of an object, None if it does not exist.

        :param path: the path below the address of the log.
        :param max_bytes: the maximum size of the object; the content may have some more bytes.
        :param fresh: whether to bypass caches.
        :raises LogError: if it is larger.
        """


class WritablePlace(Place, Protocol):
    """Where a log can be written."""

    def create(self, path: str, content: bytes) -> bool:
        """Write an object that never changes.

        :returns: False if it existed with the same content.
        :raises StoreError: if it exists with other content.
        """

    def sync(self) -> None:
        """Wait until everything that was created survives a power cut."""

    def replace(self, path: str, expected: bytes | None, content: bytes) -> bool:
        """Replace an object whose content is the expected one; return whether it was.

        :param expected: the present content, None if the object does not exist.
        """

    def delete(self, path: str) -> None:
        """Delete an object; do nothing if it does not exist."""

    def names(self) -> Collection[str]:
        """Return the names of the objects; the listing may lag."""


def open_place(run: Run[Any], where: str) -> Place:
    """Return the place of a log for reading.

    :param run: the command in progress.
    :param where: a folder, a URL or ``container://NAME``.
    """
    if "://" in where and not _is_container(run, where):
        return WebPlace(run, where)
    return open_writable(run, where)


def open_writable(run: Run[Any], where: str) -> WritablePlace:
    """Return the place of a log for writing.

    :raises UsageError: if it is neither a folder nor a container.
    """
    if _is_container(run, where):
        return ContainerPlace(run.store(where.removeprefix(CONTAINER)), where)
    if "://" in where:
        raise UsageError(
            f"{run.shown(where)}: a log can be written to a folder or to {CONTAINER}NAME"
        )
    return FolderPlace(run, pathlib.Path(where))


def _is_container(run: Run[Any], where: str) -> bool:
    return where.startswith(CONTAINER) and isinstance(run.options, AccountOptions)


class WebPlace:
    """A log at a URL, for reading only.

    :param run: the command in progress.
    :param url: the URL of the log, to which paths are added.
    """

    def __init__(self, run: Run[Any], url: str) -> None:
        self._client = run.client
        self._budget = run.budget
        try:
            base = self._client.authorize(url, by_user=True) if url.startswith("http") else url
        except ValueError:
            raise UsageError(f"{run.shown(url)}: malformed URL") from None
        self._url = base if base.endswith("/") else base + "/"
        #: Its address, to be shown.
        self.shown = run.shown(self._url)

    def read(self, path: str, max_bytes: int, *, fresh: bool = False) -> bytes | None:
        """Return the content of an object, see :class:`Place`; repeated within ``--wait``."""
        pauses = self._budget.pauses()
        while True:
            try:
                response = self._client.get(self._url + path, max_bytes=max_bytes, fresh=fresh)
                return bytes(response.body)
            except TooLong:
                raise LogError(f"{path} has more than {max_bytes} bytes") from None
            except TransferError as error:
                if error.status in ABSENT_STATUSES:
                    return None
                pause = max(next(pauses), error.retry_after or 0.0)
                if not error.transient or not self._budget.pause(pause):
                    raise


class Objects(Protocol):
    """The container that :meth:`.Run.store` returns."""

    def read(self, name: str, max_bytes: int = ...) -> bytes | None:
        """Return the content of an object."""

    def put(self, name: str, content: bytes, media_type: str = ...) -> None:
        """Publish a new object."""

    def replace(self, name: str, expected: bytes, content: bytes, media_type: str = ...) -> bool:
        """Replace an object whose content is the expected one."""

    def delete(self, name: str) -> None:
        """Delete an object."""

    def list(self) -> Mapping[str, object]:
        """Return the objects by name."""


class ContainerPlace:
    """A log in a container.

    :param container: the container, as :meth:`.Run.store` returns it.
    :param where: its address.
    """

    def __init__(self, container: Objects, where: str) -> None:
        self._container = container
        #: Its address, to be shown.
        self.shown = printable(where)

    def read(self, path: str, max_bytes: int, *, fresh: bool = False) -> bytes | None:  # noqa: ARG002 (there are no caches)
        """Return the content of an object, see :class:`Place`."""
        try:
            return self._container.read(path, max_bytes + _EXCESS)
        except NoContainer:
            return None

    def create(self, path: str, content: bytes) -> bool:
        """Write an object, see :class:`WritablePlace`."""
        try:
            self._container.put(path, content)
        except AlreadyExists:
            if self._container.read(path) != content:
                raise other_content(f"{self.shown}/{path}") from None
            return False
        return True

    def sync(self) -> None:
        """Do nothing: each object was read back."""

    def replace(self, path: str, expected: bytes | None, content: bytes) -> bool:
        """Replace an object, see :class:`WritablePlace`."""
        if expected is not None:
            return self._container.replace(path, expected, content, _TEXT)
        try:
            self._container.put(path, content, _TEXT)
        except AlreadyExists:
            return False
        return True

    def delete(self, path: str) -> None:
        """Delete an object, see :class:`WritablePlace`."""
        self._container.delete(path)

    def names(self) -> Collection[str]:
        """Return the names of the objects, see :class:`WritablePlace`."""
        try:
            return self._container.list().keys()
        except NoContainer:
            return ()
