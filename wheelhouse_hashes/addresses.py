"""Addresses: their origin, the secrets in them, what of them may be shown."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit

from wheelhouse_hashes.filenames import printable


def origin(url: str) -> tuple[str, str, int]:
    """Return an address's origin: scheme, host, port (:rfc:`6454`).

    :raises ValueError: if the address has no valid port.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port or {"http": 80, "https": 443}.get(scheme, 0)
    return scheme, (parts.hostname or "").lower(), port


def split_user(url: str) -> tuple[str, str | None]:
    """Take user and password out of an address.

    :returns: the address without them, and ``user:password`` or None.
    """
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    return urlunsplit(parts._replace(netloc=host)), unquote(user)


def shown(url: str) -> str:
    """Return an address for the screen: no user, no query, no fragment."""
    parts = urlsplit(split_user(url)[0])
    return printable(urlunsplit(parts._replace(query="", fragment="")))
