"""A libcloud container, or a prefix of one: retries, and create-only puts.

:class:`Store` uses only libcloud's public storage API, so it works with every
provider.  libcloud's results are not trusted: the caller checks each object again
after sending it.
"""

from __future__ import annotations

import contextlib
import pathlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from libcloud.storage.base import Container, Object
from libcloud.storage.types import (
    ContainerAlreadyExistsError,
    ContainerDoesNotExistError,
    ObjectDoesNotExistError,
)

from wheelhouse_hashes.disk.files import check_unchanged
from wheelhouse_hashes.errors import AlreadyExists, DiskError, NoContainer, NoPermission, StoreError
from wheelhouse_hashes.runtime.activity import ByteCount
from wheelhouse_hashes.stores.answers import with_answer
from wheelhouse_hashes.stores.comparison import Comparison
from wheelhouse_hashes.stores.errors import FAILURES, explain, lacks_permission, quote_store
from wheelhouse_hashes.stores.names import ContainerName
from wheelhouse_hashes.stores.stored import BINARY, HTML, TEXT, Stored, stored_object
from wheelhouse_hashes.stores.streams import Streams

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import LocalArtifact
    from wheelhouse_hashes.disk.files import LocalFile
    from wheelhouse_hashes.stores.driver import Account
    from wheelhouse_hashes.stores.requests import StoreRequests

__all__ = ["BINARY", "HTML", "TEXT", "Store"]

T = TypeVar("T")


class Store(Streams, Comparison):
    """One container of a store; safe to use from many threads.

    The methods take and return the names that objects have in it, without its prefix.

    :param account: the provider, credentials and driver options.
    :param container_name: the container's name, with its prefix if it has one.
    :param requests: limits and repeats the requests.
    """

    #: Digests that the store needs in addition to those that the user selects.
    algorithms: tuple[str, ...] = ("md5",)

    #: Whether a request mostly waits, for a network.
    is_remote = True

    #: Whether an object may be invisible right after its put.
    eventually_consistent = True

    #: Whether a plus sign in a URL must be encoded, as on stores with the S3 API.
    reads_plus_as_space = False

    def __init__(self, account: Account, container_name: str, requests: StoreRequests) -> None:
        super().__init__(account, requests)
        self.container_name = container_name
        self._name = ContainerName.parse(container_name)
        #: Whether an object that must not be replaced was only looked up before its put, because
        #: the store has no conditional put.
        self.is_best_effort = False

    @property
    def _container(self) -> Container:
        """The container, created without a request."""
        return Container(self._name.container, {}, self.driver)

    def _key(self, name: str) -> str:
        """Return the name that the store has for an object."""
        return self._name.prefix + name

    def _handle(self, name: str) -> Object:
        """Return libcloud's object of this name, without a request."""
        return Object(self._key(name), 0, "", {}, {}, self._container, self.driver)

    def _described(self, obj: Object) -> Stored:
        return replace(stored_object(obj), name=obj.name.removeprefix(self._name.prefix))

    def open(self, *, create: bool = True) -> None:
        """Look up the container.

        :param create: whether to create the container if it does not exist.
        :raises NoContainer: if it does not exist.
        :raises StoreError: if it cannot be reached.
        """

        def look_up() -> None:
            try:
                self._look_up_container()
            except ContainerDoesNotExistError:
                if not create:
                    raise NoContainer(f"container {self.container_name!r} does not exist") from None
                # Another job may have created it first.
                with contextlib.suppress(ContainerAlreadyExistsError):
                    self.driver.create_container(self._name.container)

        self._retry(look_up, "look up the container")

    def _look_up_container(self) -> None:
        self.driver.get_container(self._name.container)

    def objects(self, *, nested: bool = False) -> dict[str, Stored]:
        """Return the container's listing, by name.  It may lag behind the container.

        :param nested: whether to include the objects under further prefixes, which are
            containers of their own.
        :raises StoreError: if the container cannot be listed.
        """

        def listed() -> dict[str, Stored]:
            return {s.name: s for s in self._list(nested=nested) if nested or "/" not in s.name}

        return self._retry(listed, "list the container")

    def _list(self, *, nested: bool) -> Iterator[Stored]:  # noqa: ARG002 (libcloud lists all)
        prefix = self._name.prefix
        # The console of S3 represents a folder as an empty object with the prefix as its name.
        for obj in self.driver.iterate_container_objects(self._container, prefix=prefix or None):
            if obj.name != prefix and obj.name.startswith(prefix):
                yield self._described(obj)

    def stat(self, name: str) -> Stored | None:
        """Return the current state of an object, None if it does not exist.

        :raises StoreError: if the object cannot be looked up.
        """
        return self._retry(lambda: self._stat(name), f"look up {name}")

    def _stat(self, name: str) -> Stored | None:
        obj = self._object(name)
        return None if obj is None else self._described(obj)

    def _object(self, name: str) -> Object | None:
        try:
            return self.driver.get_object(self._name.container, self._key(name))
        except ObjectDoesNotExistError:
            return None

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Read a small object; return None if it does not exist.

        :param name: the object's name.
        :param max_bytes: the maximum number of bytes to return.
        :raises StoreError: if the object cannot be read.
        """
        return self._retry(lambda: self._read(name, max_bytes), f"read {name}")

    def _read(self, name: str, max_bytes: int) -> bytes | None:
        content = bytearray()
        try:
            stream = self._stream(name)
            if stream is None:
                return None
            for chunk in stream:
                content += chunk
                if len(content) > max_bytes:
                    break
        except ObjectDoesNotExistError:
            return None
        return bytes(content[:max_bytes])

    def _stream(self, name: str) -> Iterator[bytes] | None:
        obj = self._object(name)
        return None if obj is None else iter(self.driver.download_object_as_stream(obj))

    def check_size(self, name: str, size: int) -> None:
        """Check that the store accepts an object of this size in one request, if that is known.

        :raises StoreError: if it does not.
        """

    def put(
        self,
        artifact: LocalArtifact,
        file: LocalFile,
        counter: ByteCount | None = None,
        *,
        create_only: bool = False,
    ) -> Stored:
        """Publish an artifact.

        :param artifact: the artifact.
        :param file: the artifact's open file.
        :param counter: receives the number of bytes sent; libcloud reports it only at the end.
        :param create_only: whether to refuse to replace an existing object.
        :returns: the object, for comparison with the result of :meth:`stat`.
        :raises AlreadyExists: if the object exists and *create_only* is set.
        :raises DiskError: if the file cannot be read, or has changed.
        :raises StoreError: if the artifact cannot be published.
        """
        counter = counter or ByteCount()
        put = partial(self._put, artifact, file, counter, create_only=create_only)

        def arrived() -> Stored | None:
            found = self._stat(artifact.name)
            return found if found and self.has_bytes_of(found, artifact) else None

        stored = self._retry(self._requests.once(put, arrived), f"send {artifact.name}")
        counter.bytes = artifact.size
        return stored

    def _put(
        self,
        artifact: LocalArtifact,
        file: LocalFile,
        counter: ByteCount,  # noqa: ARG002 (libcloud does not count)
        *,
        create_only: bool,
    ) -> Stored:
        self._leave_alone(artifact.name, create_only=create_only)
        check_unchanged(artifact, file)
        return self._send_plain(file.reopened, artifact.name, BINARY)

    def _send_plain(self, path: str, name: str, media_type: str) -> Stored:
        headers = self.account.object_headers(media_type) or None
        key, extra = self._key(name), {"content_type": media_type}
        return self._described(
            self.driver.upload_object(path, self._container, key, extra=extra, headers=headers)
        )

    def put_bytes(
        self, name: str, content: bytes, media_type: str = BINARY, *, create_only: bool = False
    ) -> Stored:
        """Publish a small object; see :meth:`put`.

        :param media_type: the value of its ``Content-Type``.
        """
        put = partial(self._put_bytes, name, content, media_type, create_only=create_only)

        def arrived() -> Stored | None:
            found = self._stat(name)
            return found if found and self._read(name, len(content) + 1) == content else None

        return self._retry(self._requests.once(put, arrived), f"send {name}")

    def _put_bytes(
        self, name: str, content: bytes, media_type: str, *, create_only: bool
    ) -> Stored:
        # From a file, because libcloud treats streams differently per store: they fail
        # on Swift, and become multipart objects on S3.
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "content")
            path.write_bytes(content)
            return self._put_file(str(path), name, content, media_type, create_only=create_only)

    def _put_file(
        self,
        path: str,
        name: str,
        content: bytes,  # noqa: ARG002 (for CloudStore)
        media_type: str,
        *,
        create_only: bool,
    ) -> Stored:
        self._leave_alone(name, create_only=create_only)
        return self._send_plain(path, name, media_type)

    def replace_bytes(self, name: str, expected: bytes, content: bytes, media_type: str) -> bool:
        """Replace a small object if its content is the expected one; return whether it was.

        This looks first: libcloud has no conditional replacement.
        """
        found = self.read(name, len(expected) + 1) == expected
        if found:
            self.put_bytes(name, content, media_type)
        return found

    def _leave_alone(self, name: str, *, create_only: bool) -> None:
        """Enforce create-only as far as libcloud's API allows: look before the put."""
        if create_only:
            self.is_best_effort = True
            if self._object(name) is not None:
                raise AlreadyExists(name)

    def delete(self, name: str) -> None:
        """Delete an object; do nothing if it does not exist.

        :raises StoreError: if the object still exists.
        """

        def delete() -> None:
            obj = self._object(name)
            with contextlib.suppress(ObjectDoesNotExistError):
                if obj and not self.driver.delete_object(obj) and self._object(name):
                    text = f"cannot delete {name}: the store refused without giving a reason"
                    raise StoreError(text)

        self._retry(delete, f"delete {name}")

    def _retry(self, call: Callable[[], T], doing: str) -> T:
        try:
            return self._repeat(call)
        except FAILURES as error:
            raise self._failure(doing, error) from error

    def _repeat(self, call: Callable[[], T]) -> T:
        return self._requests.repeat(with_answer(call, self._connection), self._masked)

    def _failure(self, doing: str, error: Exception) -> StoreError | DiskError:
        text = self.account.masked(explain(error)) + quote_store(error, self._masked)
        kind = NoPermission if lacks_permission(error, self._connection()) else StoreError
        return kind(f"cannot {doing}: {text}{self.account.default_hint}")

    def _masked(self, text: str) -> str:
        token = getattr(self._connection(), "auth_token", None)
        text = self.account.masked(text)
        return text.replace(token, "***") if isinstance(token, str) and token else text
