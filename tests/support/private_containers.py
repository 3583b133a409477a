"""Private containers of each kind, with what a test publishes in them."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.artifacts import hash_file, sha256
from tests.support.fake_store import CONTAINER, FakeStore, fake_store

ADDRESS = f"container://{CONTAINER}"

SECRET = "secret-key"

#: When the files of a LOCAL container were written: long ago, so that nothing is waited for.
LONG_AGO = 1_400_000_000


@dataclass
class Private:
    """A private container.

    :param options: the options of its account.
    :param store: the store on loopback; None for a folder.
    """

    options: tuple[str, ...]
    store: FakeStore | None = None
    #: The origin that the closing line names.
    origin: str = ""
    folder: pathlib.Path = field(default=pathlib.Path("store", CONTAINER))

    def put(
        self, name: str, content: bytes, digest: str | None = None, *, old: bool = True
    ) -> None:
        """Publish an object, with its own digest in its metadata by default."""
        if self.store is None:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if old:
                os.utime(path, (LONG_AGO, LONG_AGO))
            return
        is_s3 = self.store.provider == "S3"
        digest = digest or sha256(content)
        etag = sha256(content)[:32]  # like that of an encrypted object
        prefix = "X-Amz-Meta-" if is_s3 else "X-Object-Meta-"
        headers = {"ETag": f'"{etag}"' if is_s3 else etag, f"{prefix}Sha256": digest}
        self.store.objects[name] = content, headers

    def publish(self, name: str, content: bytes) -> None:
        """Publish an artifact and its hash file."""
        self.put(name, content)
        self.put(f"{name}.sha256", hash_file(content, name))


@contextlib.contextmanager
def private_container(kind: str) -> Iterator[Private]:
    """An empty private container."""
    if kind == "LOCAL":
        login = ("--provider-name", "LOCAL", "--username", "store", "--secret", SECRET)
        private = Private(login)
        private.folder.mkdir(parents=True)
        yield private
        return
    with fake_store(kind) as store:
        yield Private(store.options[:-1], store, f"http://127.0.0.1:{store.port}")
