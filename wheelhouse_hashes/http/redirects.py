"""Which redirects are followed."""

from __future__ import annotations

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.formats.urls import normalized, origin, shown, split, split_user

#: Maximum number of redirects that one request follows.
MAX_REDIRECTS = 10


def redirected(target: str, redirect: str, status: int) -> str:
    """Return the URL to request next.

    :param target: the URL that was requested.
    :param redirect: the URL that the response names.
    :param status: the status of the response.
    :raises ValueError: if that URL is malformed.
    :raises TransferError: if the redirect must not be followed.
    """
    scheme = split(redirect).scheme.lower()
    if scheme not in ("http", "https"):
        why = "redirects to a URL that is neither http nor https"
    elif scheme == "http" and origin(target)[0] == "https":
        why = "redirects from https to http"
    else:
        return normalized(split_user(redirect)[0])
    raise TransferError(Cause.UNREACHABLE, f"{shown(target)}: {why}", status, final=True)
