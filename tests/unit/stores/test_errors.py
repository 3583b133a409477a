"""libcloud exceptions are explained in plain words."""

from __future__ import annotations

import socket
import ssl
from typing import Any, cast

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError
from libcloud.storage.types import ObjectHashMismatchError
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ContentDecodingError, ReadTimeout, SSLError, TooManyRedirects

from wheelhouse_hashes.stores.errors import explain, is_final, status_of
from wheelhouse_hashes.stores.limits import TimedOut


def http_error(status: int) -> Exception:
    """Return libcloud's exception for a Swift error without text."""
    error: Exception = cast(Any, BaseHTTPError)(status, "")
    return error


def untrusted() -> Exception:
    """Return the exception of requests for a certificate that is not trusted."""
    try:
        raise SSLError("Max retries exceeded") from ssl.SSLCertVerificationError("self-signed")
    except SSLError as error:
        return error


@pytest.mark.parametrize(
    ("error", "words", "final"),
    [
        (InvalidCredsError("<Code>SignatureDoesNotMatch</Code>"), "check --secret", True),
        (InvalidCredsError("<Code>RequestTimeTooSkewed</Code>"), "the clock", True),
        (InvalidCredsError("no"), "check --username and --secret", True),
        (http_error(400), "check --provider-name, --region and --driver-option", True),
        (
            LibcloudError("status_code=400 <Code>BadDigest</Code>"),
            "differs from the data",
            False,
        ),
        (LibcloudError("status_code=400 <Code>RequestTimeout</Code>"), "timed out waiting", False),
        (LibcloudError("status_code=202"), "a newer object with this name", False),
        (http_error(403), "permission denied", True),
        (http_error(503), "not available (503)", False),
        (LibcloudError("Unknown error. Status code: 503"), "not available (503)", False),
        (LibcloudError("status_code=404"), "the container or the object does not exist", True),
        (LibcloudError("status_code=422"), "differs from the data", False),
        (LibcloudError("Unexpected status code: 507"), "full", True),
        (NoConnection("Max retries exceeded"), "no connection to the store", False),
        (ReadTimeout("slow"), "did not answer in time", False),
        (SSLError("WRONG_VERSION_NUMBER"), "no connection to the store", False),
        (LibcloudError("something\nelse"), "something else", False),
        (
            ObjectHashMismatchError("other bytes", None, "demo-1.0.450-py3-none-any.whl"),  # type: ignore[no-untyped-call]
            "other bytes",
            False,
        ),
        (LibcloudError("status_code=498"), "498", False),
        (LibcloudError("status_code=501"), "501", True),
        (OSError(28, "No space left on device"), "No space left on device", True),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset", False),
        (socket.gaierror(-3, "try again"), "try again", False),
        (TooManyRedirects("31 redirects"), "31 redirects", True),
        (ContentDecodingError("not gzip"), "not gzip", True),
        (untrusted(), "set SSL_CERT_FILE", True),
        (NoConnection(TimedOut("no data for 60 seconds")), "no data for 60 seconds", False),
        (ReadTimeout(TimedOut("all in all", final=True)), "all in all", True),
    ],
    ids=repr,
)
def test_libcloud_errors_are_explained(error: Exception, words: str, final: bool) -> None:
    assert words in explain(error)
    assert is_final(error) is final


def test_status_of_error_without_status_is_zero() -> None:
    assert status_of(LibcloudError("no idea")) == 0
