"""A container whose user may write, but not list: what was sent stands for what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.stores.base import BINARY, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_hashes.artifacts import LocalArtifact
    from wheelhouse_hashes.disk.files import LocalFile
    from wheelhouse_hashes.runtime.activity import ByteCount
    from wheelhouse_hashes.stores.stored import Stored


class WriteOnlyStore(Store):
    """A container that is never listed or read; safe to use from many threads.

    Objects that this run has sent are shown as the store confirmed them.

    :param store: the container, used for sending.
    """

    #: What cannot be done with such a container.
    NOTE = (
        "the container cannot be listed (permission denied): all artifacts are sent; not checked: "
        "which of them were there, whether other jobs send them, and reading them back"
    )

    def __init__(self, store: Store) -> None:
        super().__init__(store.account, store.container_name, store._requests)  # noqa: SLF001 (the same class)
        self._store = store
        self.algorithms = store.algorithms
        self._sent: dict[str, Stored] = {}
        self._contents: dict[str, bytes] = {}

    def open(self, *, create: bool = True) -> None:
        """Do nothing."""

    def objects(self, *, nested: bool = False) -> dict[str, Stored]:  # noqa: ARG002 (none is nested)
        """Return the objects that this run has sent."""
        return dict(self._sent)

    def stat(self, name: str) -> Stored | None:
        """Return an object that this run has sent, None for any other."""
        return self._sent.get(name)

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the content of a small object that this run has sent, None for any other."""
        content = self._contents.get(name)
        return None if content is None else content[:max_bytes]

    def _stream(self, name: str) -> Iterator[bytes] | None:
        content = self._contents.get(name)
        return None if content is None else iter([content])

    def check_size(self, name: str, size: int) -> None:
        """Check the size of an object; see :meth:`Store.check_size`."""
        self._store.check_size(name, size)

    def put(
        self,
        artifact: LocalArtifact,
        file: LocalFile,
        counter: ByteCount | None = None,
        *,
        create_only: bool = False,
    ) -> Stored:
        """Publish an artifact; see :meth:`Store.put`."""
        sent = self._store.put(artifact, file, counter, create_only=create_only)
        self._sent[artifact.name] = sent
        return sent

    def put_bytes(
        self, name: str, content: bytes, media_type: str = BINARY, *, create_only: bool = False
    ) -> Stored:
        """Publish a small object; see :meth:`Store.put_bytes`."""
        sent = self._store.put_bytes(name, content, media_type, create_only=create_only)
        self._sent[name], self._contents[name] = sent, content
        return sent

    def delete(self, name: str) -> None:
        """Delete an object; see :meth:`Store.delete`."""
        self._store.delete(name)
        self._sent.pop(name, None)
        self._contents.pop(name, None)
