"""Requests to Swift and to stores with the S3 API that libcloud has no method for."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from libcloud.common.types import LibcloudError

from wheelhouse_hashes.formats.tombstones import is_deleted
from wheelhouse_hashes.stores.base import Store
from wheelhouse_hashes.stores.errors import raise_bad_requests, status_of
from wheelhouse_hashes.stores.families import SWIFT, Family, family_of
from wheelhouse_hashes.stores.streams import opened_answer
from wheelhouse_hashes.stores.tokens import manage_token

if TYPE_CHECKING:
    from libcloud.storage.base import StorageDriver

    from wheelhouse_hashes.transport import Opened, OpenRequest

#: Sent with every request; stores that do not support it ignore it.
NEWEST = {"X-Newest": "true"}

#: Marks requests for the bytes as they are stored; it is not sent.
_AS_STORED = "X-As-Stored"

#: Headers with secrets, other than Authorization.
_TOKENS = ("X-Auth-Token", "X-Amz-Security-Token")

#: The encoding that these requests ask for.
_IDENTITY = "identity"


class CloudRequests(Store):
    """The base class of a container on OpenStack Swift or on a store with the S3 API."""

    @property
    def _family(self) -> Family:
        family = family_of(type(self.driver))
        assert family is not None  # noqa: S101 (for the type checker)
        return family

    def _make_driver(self) -> StorageDriver:
        driver = super()._make_driver()
        connection: Any = driver.connection
        add_default_headers = connection.add_default_headers
        connection.add_default_headers = lambda headers: add_default_headers(headers) | NEWEST
        _stream_stored_bytes(connection)
        if family_of(type(driver)) is SWIFT:
            manage_token(connection)
        else:
            raise_bad_requests(connection)
        return driver

    def _path(self, name: str) -> str:
        return f"/{quote(self._name.container)}/{quote(self._key(name))}"

    def _head(self, name: str) -> Any:  # noqa: ANN401 (libcloud's are untyped)
        connection: Any = self.driver.connection
        try:
            return connection.request(self._path(name), method="HEAD")
        except LibcloudError:
            status = connection.connection.response.status_code
            if self._family is not SWIFT and status < HTTPStatus.INTERNAL_SERVER_ERROR:
                # The answer to a HEAD request has no error code, the one to a GET request has.
                first_byte = {"Range": "bytes=0-0"}
                connection.request(self._path(name), headers=first_byte, raw=True, stream=True)
            raise

    def _open_object(self, name: str, request: OpenRequest) -> Opened | None:
        part = {}
        if request.offset and request.validator is not None:
            part = {"Range": f"bytes={request.offset}-", "If-Range": request.validator}
        try:
            answer = self._get(name, part)
        except LibcloudError as error:
            # The object is not longer than the part that an earlier try received.
            if not part or status_of(error) != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            answer = self._get(name, {})
        opened = answer and opened_answer(answer, request)
        if answer is not None and opened is None:  # another part than the requested one
            answer = self._get(name, {})
            opened = answer and opened_answer(answer, request)
        if opened is None or is_deleted(opened.headers):
            return None
        return opened

    def _get(self, name: str, headers: dict[str, str]) -> Any:  # noqa: ANN401 (as above)
        """Request an object; return the answer before its body is read, None if it is absent."""
        connection: Any = self.driver.connection
        asked = {**headers, _AS_STORED: "1"}
        status = int(connection.request(self._path(name), headers=asked, raw=True).status)
        answer = connection.connection.response
        if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            return answer
        answer.close()
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return None
        raise LibcloudError(f"Unexpected status code: {status}")


def _stream_stored_bytes(connection: Any) -> None:  # noqa: ANN401 (as above)
    """Make a connection leave a body unread where :data:`_AS_STORED` is in the headers.

    libcloud would ask for compression, and on Swift read the whole body into memory.  The S3
    API signs the headers in the hook.  Redirects to another origin get no token.
    """
    hook = connection.pre_connect_hook

    def pre_connect_hook(params: Any, headers: Any) -> Any:  # noqa: ANN401 (as libcloud's)
        if headers.pop(_AS_STORED, None) is not None:
            headers["Accept-Encoding"] = _IDENTITY
        return hook(params, headers)

    connection.pre_connect_hook = pre_connect_hook
    connection.conn_class = type("_Unread", (_Unread, connection.conn_class), {})
    if connection.connection is not None:
        connection.connect()  # makes the session anew, without a request


class _Unread:
    """Mixin for libcloud's connection class, placed before it in the MRO."""

    session: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (as libcloud's)
        super().__init__(*args, **kwargs)
        session, rebuild_auth = self.session, self.session.rebuild_auth

        def rebuild(request: Any, response: Any) -> None:  # noqa: ANN401 (requests is untyped)
            # requests itself removes only the header Authorization.
            if session.should_strip_auth(response.request.url, request.url):
                for name in _TOKENS:
                    request.headers.pop(name, None)
            rebuild_auth(request, response)

        session.rebuild_auth = rebuild

    def prepared_request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (as libcloud's)
        if kwargs["headers"].get("Accept-Encoding") == _IDENTITY:
            kwargs["stream"] = True
        super().prepared_request(*args, **kwargs)  # type: ignore[misc]
