"""Remove the digests of artifacts from the index page before the artifacts are replaced.

The page is written at the end of an upload.  If that fails for good, for example because a
token has expired, a page with the old digests would make a fetch refuse the new artifacts.
A fetch accepts links without a digest, and reads the hash files instead.
"""

from __future__ import annotations

import re
import threading
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_hashes.formats.pages import MAX_BYTES
from wheelhouse_hashes.formats.written_pages import is_written_page
from wheelhouse_hashes.stores.base import HTML
from wheelhouse_hashes.upload.index_page import INDEX

if TYPE_CHECKING:
    from collections.abc import Collection

    from wheelhouse_hashes.stores.base import Store

#: Maximum number of tries, each after another job has written the page.
_ROUNDS = 4

#: A link with a digest, as the host and this package write it.
_LINK = re.compile(r'<a href="([^"#]+)#[^"]+">')


class OutdatedLinks:
    """The links of the artifacts in an upload.

    :param store: the container.
    :param names: the names of these artifacts; other links keep their digests.
    """

    def __init__(self, store: Store, names: Collection[str]) -> None:
        self._store = store
        self._names = frozenset(names)
        self._lock = threading.Lock()
        self._removed = False

    def remove_digests(self) -> None:
        """Remove the digests from the page, once for all artifacts.

        :raises StoreError: if the page cannot be read or written.
        """
        with self._lock:
            for _ in range(_ROUNDS):
                if self._removed:
                    return
                page = self._store.read(INDEX, MAX_BYTES) or b""
                new = without_digests(page, self._names)
                self._removed = new == page or self._store.replace_bytes(INDEX, page, new, HTML)


def without_digests(page: bytes, names: Collection[str]) -> bytes:
    """Return an index page without the digests of some artifacts.

    :param page: the page; one that another program wrote is returned unchanged.
    :param names: the names of the artifacts.
    """
    if not is_written_page(page):
        return page

    def plain(link: re.Match[str]) -> str:
        address = unescape(link[1])
        return f'<a href="{escape(address)}">' if unquote(address) in names else link[0]

    return _LINK.sub(plain, page.decode("utf-8", "surrogateescape")).encode(
        "utf-8", "surrogateescape"
    )
