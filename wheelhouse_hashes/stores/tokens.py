"""Tokens of OpenStack: kept while they are accepted, renewed when they are not.

Version 1 of Swift's authentication does not say when a token expires, and servers with a
cache hand out an existing token with the time that it has left.  A long upload can
therefore see its token expire.  Version 3 (Keystone) states the time, but an operator can
revoke a token earlier.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from libcloud.common.exceptions import BaseHTTPError


def manage_token(connection: Any) -> None:  # noqa: ANN401 (libcloud's are untyped)
    """Make a connection to Swift keep its token, and renew it once if it is refused.

    A token given as ``ex_force_auth_token`` cannot be renewed.

    :param connection: the connection of a driver.
    """
    identity = connection.get_auth_class()
    is_token_valid = identity.is_token_valid
    # Without this, libcloud would request a new token before every request, because
    # version 1 returns no expiry time.
    identity.is_token_valid = lambda: (
        is_token_valid()
        or (identity.auth_token is not None and identity.auth_token_expires is None)
    )
    if connection._ex_force_auth_token is None:  # noqa: SLF001 (no public name)
        _renew_when_refused(connection, identity)


def _renew_when_refused(connection: Any, identity: Any) -> None:  # noqa: ANN401
    original = connection.request

    def request(action: str, *args: object, **kwargs: object) -> Any:  # noqa: ANN401
        body = kwargs.get("data")
        start = _position(body)
        try:
            response = original(action, *args, **kwargs)
            if int(response.status) != HTTPStatus.UNAUTHORIZED:
                return response
        except BaseHTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED:
                raise
        except OSError:
            # A server may refuse the token of a large upload and close the connection while the
            # body is on its way, so the answer is lost.  The next try gets a new token.
            if start is not None:
                identity.clear_cached_auth_context()
            raise
        identity.clear_cached_auth_context()
        if start is not None:
            body.seek(start)  # type: ignore[attr-defined]
        return original(action, *args, **kwargs)

    connection.request = request


def _position(body: object) -> int | None:
    """Return the position in a body that is a file, None for any other."""
    tell = getattr(body, "tell", None)
    return None if tell is None else int(tell())
