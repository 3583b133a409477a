"""Kinds of stores: Swift, the S3 API, and Google, which differ in headers and limits."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple


class Family(NamedTuple):
    """The headers used by one kind of store."""

    #: The name of the header with the MD5 of a body.
    md5_header: str
    #: Whether that MD5 is in base64 instead of hex.
    md5_in_base64: bool
    #: The prefix of metadata headers.
    metadata_prefix: str
    #: Whether ``If-None-Match: *`` protects an existing object.
    conditional: bool = True
    #: Maximum size of an object sent in one request in bytes, None if there is no low limit.
    max_size: int | None = None

    def md5(self, digits: str) -> dict[str, str]:
        """Return the header for an MD5.

        :param digits: the MD5 in hex.
        """
        encoded = base64.b64encode(bytes.fromhex(digits)).decode()
        return {self.md5_header: encoded if self.md5_in_base64 else digits}


#: A Swift server is asked for its limit before objects of this size in bytes and more are sent.
#: Hardly any server has a lower limit.
ASK_ABOVE = 256 * 1024**2

#: The documented limit of S3, and the default of Swift (``max_file_size``).
_5_GB = 5 * 1024**3

SWIFT = Family("ETag", md5_in_base64=False, metadata_prefix="x-object-meta-", max_size=_5_GB + 2)
S3 = Family("Content-MD5", md5_in_base64=True, metadata_prefix="x-amz-meta-", max_size=_5_GB)
GOOGLE = Family(
    "Content-MD5", md5_in_base64=True, metadata_prefix="x-goog-meta-", conditional=False
)


#: libcloud's base classes, the more specific ones first.
_FAMILIES = (
    ("CloudFilesStorageDriver", SWIFT),
    ("GoogleStorageDriver", GOOGLE),
    ("BaseS3StorageDriver", S3),
)


def family_of(driver_class: type) -> Family | None:
    """Return the family of stores that a libcloud driver belongs to, None for any other.

    :param driver_class: a libcloud storage driver.
    """
    names = {base.__name__ for base in driver_class.__mro__}
    return next((family for name, family in _FAMILIES if name in names), None)


def limit_of_swift(connection: Any) -> int:  # noqa: ANN401 (libcloud has no types)
    """Return the largest size in bytes that a Swift server accepts in one request.

    Source: https://docs.openstack.org/api-ref/object-store/, discoverability.

    :param connection: the connection of a libcloud driver.
    """
    connection.morph_action_hook("")  # connects, and requests a token if there is none
    connection.connection.request("GET", "/info")
    return int(connection.connection.getresponse().json()["swift"]["max_file_size"])
