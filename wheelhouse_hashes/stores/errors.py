"""What really happened when libcloud raised: one sentence, and whether to try again.

libcloud disguises much: a missing container as a hash mismatch, a refused
request as an error without a message, wrong credentials as an XML page.  What
can be relied on is the status in it, and the codes of the S3 API
(https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import InvalidHeader, RequestException, Timeout

from wheelhouse_hashes.stores.driver import one_line

#: What libcloud raises for a request that failed.
FAILURES = (LibcloudError, BaseHTTPError, OSError, ValueError)

#: What is raised for a value that no header can carry.  Its text quotes the value.
_UNSENDABLE = (InvalidHeader, UnicodeEncodeError)

_STATUS = re.compile(r"status[ _]code[:=] ?(\d{3})|\b(\d{3})\b", re.IGNORECASE)
_CODE = re.compile(r"<Code>(\w+)</Code>")

_CODES = {
    "RequestTimeTooSkewed": "the clock of this machine differs from the store's: set it",
    "SignatureDoesNotMatch": "the store does not accept the secret: check --secret",
    "InvalidAccessKeyId": "the store does not know the user: check --username",
    "AccessDenied": "the user has no right to do that",
    "NoSuchBucket": "there is no such container",
    "BadDigest": "the bytes that arrived are not those that were sent",
    "IncompleteBody": "the body ended early on its way to the store",
    "RequestTimeout": "the store waited too long for the bytes",
    "InvalidBucketName": "the store takes no container of that name",
    "AuthorizationHeaderMalformed": "the store wants another region: give --region",
}

#: Accidents among them, which another try can mend.
_PASSING = frozenset({"BadDigest", "IncompleteBody", "RequestTimeout"})

_STATUSES = {
    202: "the store has a newer object of that name: do the clocks of its servers differ?",
    400: "the store does not understand the request (400): check --provider-name, --region "
    "and --driver-option",
    401: "the store does not accept the user and secret: check --username and --secret",
    403: "the user has no right to do that, or the secret is wrong",
    404: "there is no such container or object",
    409: "the store has a newer object of that name, or it is in use: try again",
    413: "the object is too large for the store",
    422: "the bytes that arrived are not those that were sent",
    429: "the store asks to slow down",
    503: "the store is not available (503)",
    507: "the store is full",
}

#: Statuses that another try does not change.
_FINAL = frozenset({400, 401, 403, 404, 405, 411, 412, 413, 507})


def status_of(error: Exception) -> int:
    """Return the HTTP status in what libcloud raised, 0 if there is none."""
    code = getattr(error, "code", None) or getattr(error, "http_code", None)
    if isinstance(code, int):
        return code
    if isinstance(error, OSError):
        return 0
    match = _STATUS.search(str(error))
    return int(match[1] or match[2]) if match else 0


def is_final(error: Exception) -> bool:
    """Tell whether another try cannot help."""
    if _PASSING.intersection(_CODE.findall(str(error))):
        return False
    if isinstance(error, (InvalidCredsError, ValueError)):
        return True
    return status_of(error) in _FINAL


def explain(error: Exception) -> str:
    """Return what happened, in one sentence, and what to do about it."""
    text = str(error)
    for code in _CODE.findall(text):
        if code in _CODES:
            return _CODES[code]
    if isinstance(error, _UNSENDABLE):
        return (
            "the user, the secret or a --driver-option has a line end or another character "
            "that HTTP cannot carry: set it again"
        )
    if isinstance(error, InvalidCredsError):
        return _STATUSES[401]
    return _explain_connection(error)


def _explain_connection(error: Exception) -> str:
    if isinstance(error, Timeout):
        return "the store did not answer in time"
    if isinstance(error, NoConnection):
        return "no connection to the store: check its address and the network"
    if isinstance(error, ValueError):
        # The text may quote a part of a password.
        return (
            "the address of the store or of a proxy is malformed: check --driver-option and "
            "the environment variables https_proxy, http_proxy and all_proxy"
        )
    if isinstance(error, RequestException):
        return one_line(error)
    return _STATUSES.get(status_of(error), one_line(error))


def raise_bad_requests(connection: object) -> None:
    """Have a connection to the S3 API raise a 400 with what the store says of it.

    libcloud takes a 400 for an answer like any other, and drops its text; a
    refused delete it even reports as a value, which is easily passed over.

    :param connection: the connection of a driver.
    """
    for name in ("responseCls", "rawResponseCls"):
        known = getattr(connection, name)
        setattr(connection, name, type(known.__name__, (_BadRequests, known), {}))


class _BadRequests:
    """Put before one of libcloud's classes of responses."""

    status: Any
    body: Any

    def success(self) -> bool:
        return int(self.status) != HTTPStatus.BAD_REQUEST and super().success()  # type: ignore[misc]

    def parse_error(self) -> object:
        if int(self.status) == HTTPStatus.BAD_REQUEST:
            raise LibcloudError(f"status_code=400 {self.body}")
        return super().parse_error()  # type: ignore[misc]
