"""The name and version that an artifact's own metadata have (core metadata specification)."""

from __future__ import annotations

import email.parser
from dataclasses import dataclass

#: Maximum size of a metadata file, in bytes.
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class CoreMetadata:
    """The fields ``Name`` and ``Version``, as written; empty if they are missing."""

    name: str
    version: str


def read_core_metadata(content: bytes) -> CoreMetadata:
    """Parse the content of ``METADATA`` or ``PKG-INFO``.

    :param content: the content, in UTF-8; other bytes are replaced.
    """
    # A header ends at the first empty line; the description follows and may be long.
    head = content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    message = email.parser.HeaderParser().parsestr(head.decode("utf-8", "replace"))
    return CoreMetadata(_field(message["Name"]), _field(message["Version"]))


def _field(value: object) -> str:
    return str(value or "").strip()
