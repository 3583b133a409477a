"""OpenStack Swift and stores with the S3 API: features beyond libcloud's API.

- An object carries its digest in its own metadata.
- The MD5 of a body is sent ahead of it, so the store rejects a damaged body before
  publishing it.  libcloud alone would compare only afterwards, and would read the
  file twice more to do so.
- ``If-None-Match: *`` protects an existing object from being replaced, and on S3
  ``If-Match`` one that another job has changed.
- ``X-Newest`` makes Swift query all replicas.  It does not make listings reliable, so
  a listing is never treated as the truth.

Sources: the APIs of Swift (https://docs.openstack.org/api-ref/object-store/)
and S3 (https://docs.aws.amazon.com/AmazonS3/latest/API/).
"""

from __future__ import annotations

import contextlib
import pathlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from libcloud.common.types import LibcloudError
from libcloud.storage.types import ContainerError, ObjectDoesNotExistError

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, LocalArtifact
from wheelhouse_hashes.disk.files import check_unchanged
from wheelhouse_hashes.errors import AlreadyExists, DiskError, StoreError
from wheelhouse_hashes.formats.dates import http_date
from wheelhouse_hashes.formats.tombstones import is_deleted
from wheelhouse_hashes.stores import families
from wheelhouse_hashes.stores.base import BINARY
from wheelhouse_hashes.stores.cloud_requests import CloudRequests
from wheelhouse_hashes.stores.errors import (
    codes_of,
    is_final,
    quote_store,
    status_of,
)
from wheelhouse_hashes.stores.families import S3, SWIFT, family_of
from wheelhouse_hashes.stores.stored import Stored, md5_of

if TYPE_CHECKING:
    from wheelhouse_hashes.disk.files import LocalFile
    from wheelhouse_hashes.runtime.activity import ByteCount

#: Error codes with which stores may refuse ``If-None-Match`` because they do not support it.
_NO_CONDITION = frozenset({"InvalidArgument", "InvalidRequest", "NotImplemented"})

#: The driver option with a token of the user's own, which cannot be renewed.
OWN_TOKEN = "ex_force_auth_token"  # noqa: S105 (the name of an option)

_MD5 = re.compile("[0-9a-f]{32}", re.ASCII)

#: Headers of Swift's multipart objects, whose etag is not the MD5 of their bytes.
_IN_PARTS = frozenset({"x-static-large-object", "x-object-manifest"})


def _may_refuse_condition(error: LibcloudError) -> bool:
    status = status_of(error)
    if status in (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED):
        return True
    refused = not _NO_CONDITION.isdisjoint(codes_of(error))
    return status == HTTPStatus.BAD_REQUEST and refused


class CloudStore(CloudRequests):
    """A container on OpenStack Swift or on a store with the S3 API."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the base class has them)
        super().__init__(*args, **kwargs)
        family = family_of(self.account.driver_class())
        self.reads_plus_as_space = family is S3
        self._is_conditional = family is not None and family.conditional

    def _look_up_container(self) -> None:
        try:
            super()._look_up_container()
        except LibcloudError as error:
            # The answer to a HEAD request has no error code.  The listing that follows fails
            # for the same reason, and its answer has one.
            refused = HTTPStatus.BAD_REQUEST <= status_of(error) < HTTPStatus.INTERNAL_SERVER_ERROR
            refused = refused and is_final(error) and not isinstance(error, ContainerError)
            if self._family is SWIFT or not refused:
                raise

    def _stat(self, name: str) -> Stored | None:
        # libcloud's get_object would request the container, too.
        response = self._head(name)
        if int(response.status) == HTTPStatus.NOT_FOUND:
            return None
        if int(response.status) != HTTPStatus.OK:
            raise LibcloudError(f"Unexpected status code: {response.status}")
        headers = {key.lower(): value for key, value in response.headers.items()}
        if is_deleted(headers):
            return None
        family = self._family
        etag = headers.get("etag", "").strip('"')
        sha256 = headers.get(family.metadata_prefix + DEFAULT_ALGORITHM, "")
        # With the S3 API an etag that looks like an MD5 may be anything, even if the headers do
        # not mention encryption.
        is_md5 = family is SWIFT and not _IN_PARTS.intersection(headers)
        return Stored(
            name,
            int(headers.get("content-length", 0)),
            etag,
            sha256,
            http_date(headers.get("last-modified")),
            is_md5,
            headers.get("content-type", ""),
        )

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Read a small object; see :meth:`Store.read`."""
        content = super().read(name, max_bytes)
        # A deleted object can read as empty, and libcloud hides the headers that show it.
        return None if content == b"" and self.stat(name) is None else content

    def _stream(self, name: str) -> Iterator[bytes] | None:
        # Without looking the object up first: one request instead of three.
        return iter(self.driver.download_object_as_stream(self._handle(name)))

    def _put(
        self,
        artifact: LocalArtifact,
        file: LocalFile,
        counter: ByteCount,  # noqa: ARG002 (libcloud does not count)
        *,
        create_only: bool,
    ) -> Stored:
        check_unchanged(artifact, file)
        digest = artifact.digests[DEFAULT_ALGORITHM]
        stored = Stored(artifact.name, artifact.size, artifact.digests["md5"], digest)
        extra = {"content_type": BINARY, "meta_data": {DEFAULT_ALGORITHM: digest}}
        return self._upload(file.reopened, stored, extra, create_only=create_only)

    def _put_file(
        self, path: str, name: str, content: bytes, media_type: str, *, create_only: bool
    ) -> Stored:
        stored = Stored(name, len(content), md5_of(content))
        return self._upload(path, stored, {"content_type": media_type}, create_only=create_only)

    def replace_bytes(self, name: str, expected: bytes, content: bytes, media_type: str) -> bool:
        """Replace a small object; see :meth:`Store.replace_bytes`.

        S3 compares the etag when it stores the object, so no other job's object is replaced.
        """
        stored = self.stat(name) if self._family is S3 else None
        if stored is None:
            return super().replace_bytes(name, expected, content, media_type)
        if self.read(name, len(expected) + 1) != expected:
            return False
        extra = {"content_type": media_type}
        new = Stored(name, len(content), md5_of(content))

        def put() -> None:
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "content")
                path.write_bytes(content)
                self._upload(str(path), new, extra, create_only=False, replaced=stored.etag)

        try:
            self._retry(put, f"send {name}")
        except AlreadyExists:
            return False
        except StoreError:  # some stores with the S3 API reject the header
            return super().replace_bytes(name, expected, content, media_type)
        return True

    def _upload(
        self,
        path: str,
        stored: Stored,
        extra: Mapping[str, object],
        *,
        create_only: bool,
        replaced: str = "",
    ) -> Stored:
        """Send a file; return the object with the etag that the store gave it.

        :param stored: the object, with the MD5 of its content as the etag.
        :param create_only: whether to refuse to replace an existing object.
        :param replaced: the etag of the only object that may be replaced; empty if any may.
        """
        media_type = str(extra["content_type"])
        headers = self.account.object_headers(media_type) | self._family.md5(stored.etag)
        condition = {}
        if replaced:
            condition = {"If-Match": f'"{replaced}"'}
        elif create_only and self._is_conditional:
            condition = {"If-None-Match": "*"}
        if not condition:
            self._leave_alone(stored.name, create_only=create_only)
            return self._send(path, stored, extra, headers)
        try:
            return self._send(path, stored, extra, headers | condition)
        except LibcloudError as error:
            if status_of(error) == HTTPStatus.PRECONDITION_FAILED:
                raise AlreadyExists(stored.name) from None
            if replaced or not _may_refuse_condition(error):
                raise
        # Backblaze and others do not support the condition.
        self._leave_alone(stored.name, create_only=True)
        sent = self._send(path, stored, extra, headers)
        self._is_conditional = False
        return sent

    def _send(
        self, path: str, stored: Stored, extra: Mapping[str, object], headers: Mapping[str, str]
    ) -> Stored:
        driver: Any = self.driver
        # Without this, libcloud would read the file again to compute the MD5 and the size.
        known = stored.etag, stored.size
        driver._hash_buffered_stream = lambda *_args, **_kwargs: known  # noqa: SLF001 (no public hook)
        key = self._key(stored.name)
        sent = driver.upload_object(
            path, self._container, key, extra=extra, verify_hash=False, headers={**headers}
        )
        return replace(stored, etag=(sent.hash or "").strip('"') or stored.etag)

    def check_size(self, name: str, size: int) -> None:
        """Check that the store accepts an object of this size; see :meth:`Store.check_size`."""
        limit = self._family.max_size
        if self._family is SWIFT and size >= families.ASK_ABOVE:
            with contextlib.suppress(StoreError, LookupError, TypeError):
                ask = partial(families.limit_of_swift, self.driver.connection)
                limit = self._retry(ask, "read the limits of the store")
        if limit is not None and size > limit:
            raise StoreError(
                f"{name} has {size} bytes, and the store accepts at most {limit} in one request: "
                "send it in parts with the store's own client, then run the upload again to add "
                "its hash file"
            )

    def delete(self, name: str) -> None:
        """Delete an object; do nothing if it does not exist.

        :raises StoreError: if the object cannot be deleted.
        """

        def delete() -> None:
            try:
                deleted = self.driver.delete_object(self._handle(name))
            except ObjectDoesNotExistError:
                return
            if not deleted and self._stat(name) is not None:
                raise StoreError(f"cannot delete {name}: the store refused without giving a reason")

        self._retry(delete, f"delete {name}")

    def _failure(self, doing: str, error: Exception) -> StoreError | DiskError:
        given = any(option.startswith(f"{OWN_TOKEN}=") for option in self.account.driver_options)
        if given and status_of(error) == HTTPStatus.UNAUTHORIZED:
            text = f"the token in --driver-option {OWN_TOKEN} is not accepted: get a new one"
            return StoreError(f"cannot {doing}: {text}{quote_store(error, self._masked)}")
        return super()._failure(doing, error)

    def has_bytes_of(self, stored: Stored, artifact: LocalArtifact) -> bool | None:
        """Return whether an object has an artifact's bytes; see :meth:`Store.has_bytes_of`.

        A listing has only the etag: if that is not the artifact's MD5, the object's own
        metadata are requested.
        """
        same = super().has_bytes_of(stored, artifact)
        if same is not None:
            return same
        if stored.modified is None:
            found = self.stat(stored.name)
            if found is None:
                return False
            stored = found
            same = super().has_bytes_of(stored, artifact)
        if same is None and _MD5.fullmatch(stored.etag):
            # Either the bytes differ, or the store encrypts them and does not say so.
            return self.reads_as(stored, artifact)
        return same
