"""A libcurl handle, and those of its options that differ between requests.

A handle keeps its options, so they are set for each request.  Setting one takes time, so those
that rarely differ are set only if they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pycurl

from wheelhouse_hashes.http.settings import limit_time, milliseconds

if TYPE_CHECKING:
    from wheelhouse_hashes.http.response import Plan, ResponseReader
    from wheelhouse_hashes.http.settings import TransportSettings


class Handle:
    """A libcurl handle, with the options that its last request had.

    :param settings: the settings of all requests.
    """

    __slots__ = ("_head", "_milliseconds", "curl")

    def __init__(self, settings: TransportSettings) -> None:
        #: The handle itself.
        self.curl = pycurl.Curl()
        self._milliseconds = 0
        self._head: bool | None = None
        settings.prepare(self.curl)

    def limit(self, plan: Plan, seconds: float) -> None:
        """Set the options that rarely differ.

        :param plan: how to process the response.
        :param seconds: the total time limit of the request.
        """
        limit = milliseconds(seconds)
        if limit != self._milliseconds:
            self._milliseconds = limit
            limit_time(self.curl, limit)
        if plan.head is not self._head:
            self._head = plan.head
            # Only HTTPGET resets the method that NOBODY sets.
            self.curl.setopt(pycurl.NOBODY if plan.head else pycurl.HTTPGET, 1)


def set_request(
    curl: pycurl.Curl, url: str, headers: Mapping[str, str], plan: Plan, reader: ResponseReader
) -> None:
    """Set the options of one request.

    :param curl: the handle.
    :param url: the URL.
    :param headers: all request headers.
    :param plan: how to process the response.
    :param reader: processes the response.
    """
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
    curl.setopt(pycurl.MAXFILESIZE_LARGE, plan.max_bytes)
    # The request asks for no encoding; if a server ignores that, decode small objects only.
    curl.setopt(pycurl.HTTP_CONTENT_DECODING, plan.small and plan.decode)
    curl.setopt(pycurl.HEADERFUNCTION, reader.header)
    curl.setopt(pycurl.WRITEFUNCTION, reader.body)
