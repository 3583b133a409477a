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
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError, MalformedResponseError
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
from wheelhouse_hashes.stores.answers import UNREADABLE, answer_of
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

#: Advice that several codes share.
_BAD_NAME = "the store does not allow this container name: choose another one"
_TOO_LARGE = "the object is too large for one request to the store"
_NO_QUOTA = "the quota is used up: delete objects that are not needed, or ask for more"
_KEY = "the store cannot use the encryption key: check the key of the container"
_LOCKED = "the object is locked against changes: publish under another name or version"

#: Advice for the error codes of the S3 API and of Azure
#: (https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes).
_CODES = {
    "RequestTimeTooSkewed": "the clock of this machine differs from the store's: synchronize it",
    "SignatureDoesNotMatch": "the store rejected the secret: check --secret",
    "InvalidAccessKeyId": "the store does not recognize the username: check --username; temporary "
    "keys also need --driver-option token",
    "AccessDenied": "permission denied: check the user's permissions on the container",
    "AllAccessDisabled": "the container is disabled: ask its owner or operator",
    "AccountProblem": "the account is disabled: ask its owner or operator",
    "ExpiredToken": "the session token has expired: get a new one and set --driver-option token",
    "InvalidToken": "the session token is not valid: get a new one and set --driver-option token",
    "NoSuchBucket": "the container does not exist",
    "BadDigest": "the data that the store received differs from the data sent: check the network "
    "and any proxy, then try again",
    "IncompleteBody": "the store did not receive the whole file: try again",
    "RequestTimeout": "the store timed out waiting for data: try again",
    "InvalidBucketName": _BAD_NAME,
    "InvalidResourceName": _BAD_NAME,
    "AuthorizationHeaderMalformed": "the store expects a different region: set --region",
    "IllegalLocationConstraintException": "the store expects a different region: set --region",
    "PermanentRedirect": "the container is in a different region: set --region",
    "EntityTooLarge": _TOO_LARGE,
    "RequestBodyTooLarge": _TOO_LARGE,
    "QuotaExceeded": _NO_QUOTA,
    "InsufficientAccountPermissions": "permission denied: check the user's permissions",
    "KMS.DisabledException": _KEY,
    "KMS.NotFoundException": _KEY,
    "KMS.KMSInvalidStateException": _KEY,
    "AccessControlListNotSupported": "the container allows no ACL: leave the ACL header out, and "
    "grant access in the container's policy",
    "ObjectLocked": _LOCKED,
    "BlobImmutableDueToPolicy": _LOCKED,
    "LeaseIdMissing": "another program holds a lease on the object: try again when it has ended",
    "BucketAlreadyExists": "another account owns a container with this name: choose another one",
    "TooManyBuckets": "the account has too many containers: use an existing one",
    "InvalidStorageClass": "the container does not allow this storage class",
}

#: Codes of temporary failures, which a retry can fix.
_PASSING = frozenset({"BadDigest", "IncompleteBody", "RequestTimeout"})

#: Codes for what a user may not do.  Other codes with a 403 concern the credentials.
_NO_PERMISSION = frozenset({"AccessDenied", "AuthorizationPermissionMismatch", "Forbidden"})

_STATUSES = {
    202: "the store has a newer object with this name: ask its operator to check that the server "
    "clocks agree",
    301: "the container is at another address: check --region and --driver-option host",
    400: "the store rejected the request (400): check --provider-name, --region "
    "and --driver-option",
    401: "the user or secret is not accepted: check --username and --secret",
    403: "permission denied: check the secret, and the user's permissions on the container",
    404: "the container or the object does not exist",
    405: "the store does not allow the request (405): check --provider-name and --driver-option",
    409: "the store has a newer object with this name, or the object is in use: try again",
    411: "the store or a proxy does not accept the request (411): check --driver-option",
    412: "the object changed meanwhile: try again",
    413: "the object is too large for the store, or the quota is used up",
    422: _CODES["BadDigest"],
    429: "the store is limiting the request rate: try again later",
    501: "the store does not support the request (501)",
    503: "the store is not available (503): try again later",
    507: "the store is full",
}

#: Advice for other statuses, by class.
_CLASSES = {
    4: "the store rejected the request ({}): check --provider-name and --driver-option",
    5: "the store failed ({}): try again later",
}

#: Temporary errors of stores beside those of :func:`is_transient_status`: a concurrent change,
#: bytes that were damaged on the way, a locked object, and Swift's rate limit and closed
#: connection (https://docs.openstack.org/swift/latest/ratelimit.html).
_TEMPORARY = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.LOCKED, 498, 499}
)


def status_of(error: Exception) -> int:
    """Return the HTTP status in an exception from libcloud, 0 if it has none."""
    if answer := answer_of(error):
        return answer.status
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


def related_of(error: BaseException, kind: type[E]) -> E | None:
    """Return an exception of a kind that another was made from; None without one."""
    return next((each for each in _related(error) if isinstance(each, kind)), None)


def _is_lasting(error: OSError) -> bool:
    """Return whether an error without a response will happen again."""
    if not isinstance(error, _NETWORK) or isinstance(error, _LASTING):
        return True
    if isinstance(error, ProxyError) and related_of(error, socket.gaierror):
        return True  # there is no such proxy
    timed_out = related_of(error, TimedOut)
    is_over = timed_out is not None and timed_out.final
    return is_over or related_of(error, ssl.SSLCertVerificationError) is not None


def codes_of(error: Exception) -> list[str]:
    """Return the store's error codes in an exception, such as ``NotImplemented``."""
    answer = answer_of(error)
    given = [answer.code] if answer is not None and answer.code else []
    return given + _CODE.findall(str(error))


def is_final(error: Exception) -> bool:
    """Return whether a retry cannot help."""
    if _PASSING.intersection(codes_of(error)):
        return False
    if isinstance(error, (InvalidCredsError, ValueError)):
        return True
    if isinstance(error, OSError):
        return _is_lasting(error)
    status = status_of(error)
    if isinstance(error, MalformedResponseError) and status < HTTPStatus.BAD_REQUEST:
        return True  # another kind of server
    if status < HTTPStatus.BAD_REQUEST or status in _TEMPORARY:
        return False
    return not is_transient_status(status, from_store=True)


def lacks_permission(error: Exception, connection: object) -> bool:
    """Return whether the store accepted the credentials, but the user may not do this.

    :param error: an exception from libcloud.
    :param connection: the connection of its driver.
    """
    forbidden = status_of(error) == HTTPStatus.FORBIDDEN
    # Without a token, it was the identity service that refused.
    has_token = getattr(connection, "auth_token", "") is not None
    return forbidden and has_token and _NO_PERMISSION.issuperset(codes_of(error))


def explain(error: Exception) -> str:
    """Return one sentence on the cause of an error and the next step.

    It quotes nothing that the store sent.
    """
    for code in codes_of(error):
        if code in _CODES:
            return _CODES[code]
    if isinstance(error, _UNSENDABLE):
        return (
            "--username, --secret or --driver-option contains a character that is not allowed "
            "in an HTTP header, such as a line break: correct the value"
        )
    status = status_of(error)
    if isinstance(error, InvalidCredsError) and status != HTTPStatus.FORBIDDEN:
        return _STATUSES[401]
    return _explain_connection(error)


def quote_store(error: Exception, masked: Callable[[str], str]) -> str:
    """Return the store's status, code and sentence in parentheses, empty if it sent none.

    :param error: an exception from libcloud.
    :param masked: masks secrets.
    """
    answer = answer_of(error)
    if answer is None or not (answer.code or answer.sentence):
        return ""
    return f" (store: {answer.shown(masked)})"


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
    return _explain_status(error)


def _explain_status(error: Exception) -> str:
    status = status_of(error)
    if status in _STATUSES:
        return _STATUSES[status]
    if answer_of(error) and status // 100 in _CLASSES:
        return _CLASSES[status // 100].format(status)
    return UNREADABLE if isinstance(error, MalformedResponseError) else one_line(error)


def _explain_wrapped(error: Exception) -> str:
    """Return the sentence for an exception that others were made from, empty without one."""
    if timed_out := related_of(error, TimedOut):
        return str(timed_out)
    if related_of(error, ssl.SSLCertVerificationError):
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
