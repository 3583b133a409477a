"""Requests that bypass caches and stale replicas."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

#: Headers of a re-read: they bypass caches, and make Swift ask all replicas for
#: their newest copy.
FRESH_HEADERS = {"Cache-Control": "no-cache", "X-Newest": "true"}


def bypassing(url: str) -> str:
    """Add a query that no cache has seen, unless the URL has a query."""
    return url if urlsplit(url).query else f"{url}?fresh={secrets.token_hex(4)}"
