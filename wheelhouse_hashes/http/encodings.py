"""Bodies whose ``Content-Encoding`` is wrong (:rfc:`9110`, section 8.4).

Apache's ``AddEncoding x-gzip .gz`` labels ``demo-1.0.tar.gz.sha256`` as compressed, too: its
mod_mime looks at all extensions of a name.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping

from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.filenames import printable

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

#: Maximum length of an encoding in a message, in characters.
_MAX_SHOWN = 40


class UndecodableBody(TransferError):
    """A body is not encoded as its ``Content-Encoding`` says, or in an unknown way."""


def encoding_of(headers: Mapping[str, str]) -> str:
    """Return the ``Content-Encoding`` of a response, for display; empty if there is none.

    :param headers: its headers, names in lower case.
    """
    encoding = headers.get("content-encoding", "").strip()
    return "" if encoding.lower() == "identity" else printable(encoding[:_MAX_SHOWN])


def is_text(body: bytes) -> bool:
    """Return whether a body is text, so that its ``Content-Encoding`` is a mistake."""
    if body.startswith(_UTF_16):
        return True
    try:
        return "\0" not in body.decode()
    except ValueError:
        return False
