"""Proxies that refuse a connection or are ignored: the message, and whether a retry can help.

Sources: the CONNECT method and status 407 (:rfc:`9110`); SOCKS (:rfc:`1928`).
"""

from __future__ import annotations

import os
from http import HTTPStatus

from wheelhouse_hashes.errors import is_transient_status

#: What to do about a proxy that does not accept the credentials.
PROXY_LOGIN = (
    "the proxy requires a valid user and password; check those in https_proxy, http_proxy and "
    "all_proxy"
)

#: CURLE_PROXY, which pycurl does not define: the handshake with a SOCKS proxy failed.
_SOCKS_FAILED = 97

#: Parts of the texts for rejected credentials.  The lowest pycurl does not offer
#: CURLINFO_PROXY_ERROR.
_LOGIN = ("no authentication method", "user was rejected")

#: Those for a proxy that does not speak this version of SOCKS, or forbids the connection
#: (reply 2 of :rfc:`1928`).
_FINAL = ("invalid version", ". (2)")

#: As CGI passes a request's ``Proxy`` header in this variable, libcurl ignores it
#: (https://curl.se/libcurl/c/libcurl-env.html).
_IGNORED = "HTTP_PROXY"
_USED = ("http_proxy", "all_proxy", "ALL_PROXY")


def ignored_proxy(url: str) -> str:
    """Return a hint for a server that cannot be reached, if a proxy is set in vain.

    :param url: the URL of the request.
    :returns: the hint, to be put after the error message; empty if there is none.
    """
    if not url.lower().startswith("http:") or not os.environ.get(_IGNORED):
        return ""
    if any(os.environ.get(name) for name in _USED):
        return ""
    return f" ({_IGNORED} is ignored for http URLs, as in curl: set {_USED[0]} in lower case)"


def refused_by_proxy(code: int, text: str, connect_status: int) -> tuple[str, bool] | None:
    """Return the meaning of a proxy's refusal, and whether a retry would fail in the same way.

    :param code: libcurl's error code.
    :param text: libcurl's error message.
    :param connect_status: the status of the response to CONNECT, 0 if there was none.
    :returns: None if no proxy refused the connection.
    """
    if code == _SOCKS_FAILED:
        if any(part in text.lower() for part in _LOGIN):
            return f"{text.rstrip('.')}; {PROXY_LOGIN}", True
        return text, any(part in text.lower() for part in _FINAL)
    if connect_status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    why = f"the proxy refused to open a tunnel: HTTP status {connect_status}"
    if connect_status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        why += f"; {PROXY_LOGIN}"
    return why, not is_transient_status(connect_status)
