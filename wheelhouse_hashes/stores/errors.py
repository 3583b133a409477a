"""Explain libcloud's exceptions in one sentence, and decide whether to retry.

libcloud often hides the cause: it raises a hash mismatch for a missing container, an
error without a message for a refused request, and an XML page for wrong credentials.
Only the HTTP status and the error codes of the S3 API are reliable
(https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, TypeVar

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError
from libcloud.storage.types import ObjectHashMismatchError
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import (
    ContentDecodingError,
    InvalidHeader,
    ProxyError,
    RequestException,
    Timeout,
    TooManyRedirects,
)

from wheelhouse_hashes.errors import is_transient_status
from wheelhouse_hashes.stores.driver import one_line
from wheelhouse_hashes.stores.limits import TimedOut

E = TypeVar("E", bound=BaseException)

#: Exceptions that libcloud raises for a failed request.
FAILURES = (LibcloudError, BaseHTTPError, OSError, ValueError)

#: Exceptions for a value that no header can carry.  Their text quotes the value.
_UNSENDABLE = (InvalidHeader, UnicodeEncodeError)

#: Errors of the network.  Any other ``OSError`` concerns local files.
_NETWORK = (
    RequestException,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    socket.herror,
    ssl.SSLError,
)

#: Errors of the network that a retry cannot help, as in a fetch.
_LASTING = (TooManyRedirects, ContentDecodingError)

_STATUS = re.compile(r"status[ _]code[:=] ?(\d{3})|\b(\d{3})\b", re.IGNORECASE)
_CODE = re.compile(r"<Code>(\w+)</Code>")

_CODES = {
    "RequestTimeTooSkewed": "the clock of this machine differs from the store's: synchronize it",
    "SignatureDoesNotMatch": "the store rejected the secret: check --secret",
    "InvalidAccessKeyId": "the store does not recognize the username: check --username",
    "AccessDenied": "permission denied: check the user's permissions on the container",
    "NoSuchBucket": "the container does not exist",
    "BadDigest": "the data that the store received differs from the data sent: check the network "
    "and any proxy, then try again",
    "IncompleteBody": "the store did not receive the whole file: try again",
    "RequestTimeout": "the store timed out waiting for data: try again",
    "InvalidBucketName": "the store does not allow this container name: choose another one",
    "AuthorizationHeaderMalformed": "the store expects a different region: set --region",
}

#: Codes of temporary failures, which a retry can fix.
_PASSING = frozenset({"BadDigest", "IncompleteBody", "RequestTimeout"})

_STATUSES = {
    202: "the store has a newer object with this name: ask its operator to check that the server "
    "clocks agree",
    400: "the store rejected the request (400): check --provider-name, --region "
    "and --driver-option",
    401: "the store rejected the credentials: check --username and --secret",
    403: "permission denied: check the secret, and the user's permissions on the container",
    404: "the container or the object does not exist",
    409: "the store has a newer object with this name, or the object is in use: try again",
    413: "the object is too large for the store",
    422: _CODES["BadDigest"],
    429: "the store is limiting the request rate: try again later",
    503: "the store is not available (503): try again later",
    507: "the store is full",
}

#: Temporary errors of stores beside those of :func:`is_transient_status`: a concurrent change,
#: bytes that were damaged on the way, a locked object, and Swift's rate limit and closed
#: connection (https://docs.openstack.org/swift/latest/ratelimit.html).
_TEMPORARY = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.LOCKED, 498, 499}
)


def status_of(error: Exception) -> int:
    """Return the HTTP status in an exception from libcloud, 0 if it has none."""
    code = getattr(error, "code", None) or getattr(error, "http_code", None)
    if isinstance(code, int):
        return code
    # The text of a hash mismatch has the object's name, which may look like a status.
    if isinstance(error, (OSError, ObjectHashMismatchError)):
        return 0
    match = _STATUS.search(str(error))
    return int(match[1] or match[2]) if match else 0


def _related(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that it was made from: requests and urllib3 wrap them."""
    todo, seen = [error], set[int]()
    while todo:
        each = todo.pop()
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            reason = getattr(each, "reason", None)
            todo += [each.__cause__, each.__context__, reason, *each.args]


def _related_of(error: BaseException, kind: type[E]) -> E | None:
    return next((each for each in _related(error) if isinstance(each, kind)), None)


def _is_lasting(error: OSError) -> bool:
    """Return whether an error without a response will happen again."""
    if not isinstance(error, _NETWORK) or isinstance(error, _LASTING):
        return True
    if isinstance(error, ProxyError) and _related_of(error, socket.gaierror):
        return True  # there is no such proxy
    timed_out = _related_of(error, TimedOut)
    is_over = timed_out is not None and timed_out.final
    return is_over or _related_of(error, ssl.SSLCertVerificationError) is not None


def is_final(error: Exception) -> bool:
    """Return whether a retry cannot help."""
    if _PASSING.intersection(_CODE.findall(str(error))):
        return False
    if isinstance(error, (InvalidCredsError, ValueError)):
        return True
    if isinstance(error, OSError):
        return _is_lasting(error)
    status = status_of(error)
    if status < HTTPStatus.BAD_REQUEST or status in _TEMPORARY:
        return False
    return not is_transient_status(status, from_store=True)


def explain(error: Exception) -> str:
    """Return one sentence on the cause of an error and the next step."""
    text = str(error)
    for code in _CODE.findall(text):
        if code in _CODES:
            return _CODES[code]
    if isinstance(error, _UNSENDABLE):
        return (
            "--username, --secret or --driver-option contains a character that is not allowed "
            "in an HTTP header, such as a line break: correct the value"
        )
    if isinstance(error, InvalidCredsError):
        return _STATUSES[401]
    return _explain_connection(error)


def _explain_connection(error: Exception) -> str:
    if text := _explain_wrapped(error):
        return text
    if isinstance(error, Timeout):
        return "the store did not answer in time"
    if isinstance(error, NoConnection):
        return "no connection to the store: check its address and the network"
    if isinstance(error, ValueError):
        # The exception's text may quote part of a password.
        return (
            "the URL of the store or of a proxy is malformed: check --driver-option and "
            "the environment variables https_proxy, http_proxy and all_proxy"
        )
    if isinstance(error, RequestException):
        return one_line(error)
    return _STATUSES.get(status_of(error), one_line(error))


def _explain_wrapped(error: Exception) -> str:
    """Return the sentence for an exception that others were made from, empty without one."""
    if timed_out := _related_of(error, TimedOut):
        return str(timed_out)
    if _related_of(error, ssl.SSLCertVerificationError):
        return (
            "the TLS certificate of the store is not valid (to trust a private CA, set "
            "SSL_CERT_FILE)"
        )
    return ""


def raise_bad_requests(connection: object) -> None:
    """Make a connection to the S3 API raise an error with the store's text for a 400.

    libcloud treats a 400 like a successful response and drops its text; for a refused
    delete it only returns a value, which is easy to miss.

    :param connection: the connection of a driver.
    """
    for name in ("responseCls", "rawResponseCls"):
        known = getattr(connection, name)
        setattr(connection, name, type(known.__name__, (_BadRequests, known), {}))


class _BadRequests:
    """Mixin for libcloud's response classes, placed before them in the MRO."""

    status: Any
    body: Any

    def success(self) -> bool:
        return int(self.status) != HTTPStatus.BAD_REQUEST and super().success()  # type: ignore[misc]

    def parse_error(self) -> object:
        if int(self.status) == HTTPStatus.BAD_REQUEST:
            raise LibcloudError(f"status_code=400 {self.body}")
        return super().parse_error()  # type: ignore[misc]
