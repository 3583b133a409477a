"""Proxies that refuse a connection: what to tell the user, and whether a retry can help.

Sources: the CONNECT method and status 407 (:rfc:`9110`); ``CURLINFO_PROXY_ERROR``
(https://curl.se/libcurl/c/CURLINFO_PROXY_ERROR.html).
"""

from __future__ import annotations

from http import HTTPStatus

from wheelhouse_hashes.errors import is_transient_status

#: What to do about a proxy that does not accept the credentials.
PROXY_LOGIN = (
    "the proxy requires a valid user and password; check those in https_proxy, http_proxy and "
    "all_proxy"
)

#: CURLE_PROXY, which pycurl does not define: the handshake with a SOCKS proxy failed.
_SOCKS_FAILED = 97

#: Values of CURLINFO_PROXY_ERROR for a proxy that does not speak this version of SOCKS
#: (BAD_VERSION) or forbids the connection (REPLY_NOT_ALLOWED).
_FINAL_PROXY_ERRORS = frozenset({2, 23})

#: Those for rejected credentials: NO_AUTH, USER_REJECTED.
_LOGIN_ERRORS = frozenset({12, 33})


def refused_by_proxy(
    code: int, text: str, connect_status: int, proxy_error: int
) -> tuple[str, bool] | None:
    """Return the meaning of a proxy's refusal, and whether a retry would fail in the same way.

    :param code: libcurl's error code.
    :param text: libcurl's error message.
    :param connect_status: the status of the response to CONNECT, 0 if there was none.
    :param proxy_error: ``CURLINFO_PROXY_ERROR``.
    :returns: None if no proxy refused the connection.
    """
    if code == _SOCKS_FAILED:
        if proxy_error in _LOGIN_ERRORS:
            return f"{text.rstrip('.')}; {PROXY_LOGIN}", True
        return text, proxy_error in _FINAL_PROXY_ERRORS
    if connect_status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    why = f"the proxy refused to open a tunnel: HTTP status {connect_status}"
    if connect_status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        why += f"; {PROXY_LOGIN}"
    return why, not is_transient_status(connect_status)
