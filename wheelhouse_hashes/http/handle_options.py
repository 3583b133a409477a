"""The options of a libcurl handle that differ between requests.

A handle keeps its options, so they are set for each request.  Setting one takes time, so those
that rarely differ are set only if they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pycurl

if TYPE_CHECKING:
    import threading

    from wheelhouse_hashes.http.response import Plan, ResponseReader
    from wheelhouse_hashes.http.settings import TransportSettings

#: The state of a thread's handle: the options that its last request had.
UNSET: Mapping[str, object] = {"small": None, "limit": None, "head": None}


def set_limits(
    curl: pycurl.Curl,
    local: threading.local,
    plan: Plan,
    limit: float,
    settings: TransportSettings,
) -> None:
    """Set the options that rarely differ.

    :param curl: the handle.
    :param local: its state.
    :param plan: how to process the response.
    :param limit: the total time limit of the request, in seconds.
    :param settings: sets the time limit.
    """
    if limit != local.limit:
        local.limit = limit
        settings.limit_time(curl, limit)
    if plan.small is not local.small:
        local.small = plan.small
        # Polling for interruption ten times per request costs more than reading
        # a hash file, so small requests are not interruptible; when the run ends,
        # their threads are abandoned.
        curl.setopt(pycurl.NOPROGRESS, plan.small)
    if plan.head is not local.head:
        local.head = plan.head
        # Only HTTPGET resets the method that NOBODY sets.
        curl.setopt(pycurl.NOBODY if plan.head else pycurl.HTTPGET, 1)


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
