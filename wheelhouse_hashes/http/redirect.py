"""Redirects: how many are followed, and where to."""

from __future__ import annotations

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.formats.urls import normalized, origin, shown, split, split_user

#: Maximum number of redirects that one request follows.
MAX_REDIRECTS = 10


def allowed_target(url: str, redirect: str, status: int) -> str:
    """Return the target of a redirect, without user and password.

    :param url: the URL that redirects.
    :param redirect: the target as it was sent.
    :param status: the status of the response.
    :raises ValueError: if the target is malformed.
    :raises TransferError: if it must not be followed.
    """
    scheme = split(redirect).scheme.lower()
    if scheme not in ("http", "https"):
        why = "redirects to a URL that is neither http nor https"
    elif scheme == "http" and origin(url)[0] == "https":
        why = "redirects from https to http"
    else:
        return normalized(split_user(redirect)[0])
    raise TransferError(Cause.UNREACHABLE, f"{shown(url)}: {why}", status, final=True)
