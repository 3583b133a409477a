"""The settings of the transport: time limits, certificates, proxies.

libcurl implements all of them; https://curl.se/libcurl/c/ explains each option.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, field
from importlib.util import find_spec

import pycurl

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import DiskError, TransferError
from wheelhouse_hashes.formats.urls import shown
from wheelhouse_hashes.http.proxy import ignored_proxy, refused_by_proxy
from wheelhouse_hashes.http.trust import CA_VARIABLES, trusted_certificates
from wheelhouse_hashes.options import DEFAULT_TIMEOUT

# It is imported when a header needs it, which would be too late to report that it is missing.
if find_spec("http_sf") is None:
    raise ImportError(name="http-sf")

#: The size of a worker's receive buffer, in bytes.
BUFFER = 256 * 1024

#: Time limit for connecting, in seconds: name look-up, TCP, proxy and TLS.
CONNECT_TIMEOUT = 30.0

#: A transfer below this speed (bytes per second) for this time (seconds) is aborted
#: as idle.  A modem is faster, and a VPN reconnects sooner.
IDLE_SPEED = 1000
IDLE_TIMEOUT = 60

#: Time limit for a page or a hash file, in seconds: 64 MiB at 110 kB/s.
SMALL_TIMEOUT = 600.0

#: Invalid or unreadable certificates: a retry does not help.
_CERTIFICATE_ERRORS = frozenset(
    {pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_CERTPROBLEM}
)

#: Unusable URLs and protocols: a retry does not help.
_USELESS = frozenset(
    {pycurl.E_URL_MALFORMAT, pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_BAD_CONTENT_ENCODING}
)

#: Texts of failed TLS handshakes that a retry may not repeat: OpenSSL's for a dropped
#: connection, and an alert that is the counterpart of HTTP status 500 (:rfc:`8446`).
_TRANSIENT_TLS = ("unexpected eof", "alert internal error")

#: Parts of the texts for all others, such as "wrong version number" for a server that does
#: not speak TLS: OpenSSL's, and GnuTLS's.
_FINAL_TLS = ("ssl routines", "unexpected tls packet")

#: Maximum number of file descriptors that a request needs at a time: for sockets,
#: libcurl's polling and a certificate bundle.
_DESCRIPTORS = 6


@dataclass(frozen=True)
class TransportSettings:
    """The settings of all requests: the time limit, and whether certificates are checked.

    libcurl reads the proxies from the environment: ``http_proxy`` (lower case only),
    ``https_proxy``, ``all_proxy`` and ``no_proxy``.

    :param timeout: the total time limit of a request, in seconds; a short one
        shortens the connect and idle limits, too.
    :param verify_tls: whether the certificates of servers are checked; those of
        proxies always are.
    :param trusted: the path of the trusted certificates, a file or a folder.
    """

    timeout: float = DEFAULT_TIMEOUT
    verify_tls: bool = True
    trusted: str = field(default_factory=trusted_certificates)

    def limit(self, *, small: bool) -> float:
        """Return the total time limit of a request, in seconds."""
        return min(self.timeout, SMALL_TIMEOUT) if small else self.timeout

    def left(self, url: str, deadline: float | None, *, small: bool) -> float:
        """Return the time limit of a request that has a deadline, in seconds.

        :param url: the URL of the request.
        :param deadline: its latest end, by the monotonic clock; None for the usual limit.
        :param small: whether it reads a page or a hash file.
        :raises TransferError: if the deadline has passed.
        """
        if deadline is None:
            return self.limit(small=small)
        left = deadline - time.monotonic()
        if left <= 0:
            text = f"{shown(url)}: {self.timed_out(small=small)}"
            raise TransferError(Cause.UNREACHABLE, text, final=True)
        return left

    def prepare(self, curl: pycurl.Curl) -> None:
        """Set those options of a handle that are the same for all requests.

        :param curl: the handle.
        """
        curl.setopt(pycurl.BUFFERSIZE, BUFFER)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        curl.setopt(pycurl.PROXY_SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.ACCEPT_ENCODING, "identity")
        curl.setopt(pycurl.LOW_SPEED_LIMIT, IDLE_SPEED)
        curl.setopt(pycurl.LOW_SPEED_TIME, IDLE_TIMEOUT)
        is_folder = os.path.isdir(self.trusted)  # noqa: PTH112 (Path.is_dir can raise)
        curl.setopt(pycurl.CAPATH if is_folder else pycurl.CAINFO, self.trusted)
        curl.setopt(pycurl.PROXY_CAPATH if is_folder else pycurl.PROXY_CAINFO, self.trusted)
        if not self.verify_tls:
            curl.setopt(pycurl.SSL_VERIFYPEER, 0)
            curl.setopt(pycurl.SSL_VERIFYHOST, 0)

    def timed_out(self, *, small: bool) -> str:
        """Return the sentence for a request that reached its time limit.

        :param small: whether it read a page or a hash file.
        """
        limit = self.limit(small=small)
        hint = "increase --timeout" if limit == self.timeout else "the server is too slow"
        return f"timed out after {limit:g} seconds ({hint})"

    def explained(
        self, curl: pycurl.Curl, code: int, text: str, limit: float, *, small: bool
    ) -> tuple[str, bool]:
        """Return the meaning of a libcurl error, and whether a retry would fail in the same way.

        :param curl: the handle, just after the request.
        :param code: libcurl's error code.
        :param text: libcurl's error message.
        :param limit: the total time limit of the request, in seconds.
        :param small: whether it read a page or a hash file.
        """
        refused = refused_by_proxy(code, text, curl.getinfo(pycurl.HTTP_CONNECTCODE))
        if refused is not None:
            return refused
        if code == pycurl.E_OPERATION_TIMEDOUT and curl.getinfo(pycurl.TOTAL_TIME) >= limit:
            return self.timed_out(small=small), True
        if code in _CERTIFICATE_ERRORS:
            return f"{text} (to trust a private CA, set {CA_VARIABLES[0]})", True
        if code == pycurl.E_COULDNT_RESOLVE_PROXY or "unsupported proxy" in text.lower():
            # libcurl's message quotes the proxy, including its password.
            return (
                (
                    "cannot use the proxy set in the environment: check https_proxy, http_proxy "
                    "and all_proxy"
                ),
                True,
            )
        if code == pycurl.E_SSL_CONNECT_ERROR:
            return text, _is_final_handshake(text.lower())
        if not curl.getinfo(pycurl.CONNECT_TIME):
            text += ignored_proxy(curl.getinfo(pycurl.EFFECTIVE_URL))
        return text, code in _USELESS


def _is_final_handshake(text: str) -> bool:
    """Return whether a TLS handshake failed because of what the server said."""
    return any(part in text for part in _FINAL_TLS) and not any(
        part in text for part in _TRANSIENT_TLS
    )


def check_descriptors() -> None:
    """Check that this process can open the files of a request: libcurl does not report it.

    :raises DiskError: if it cannot.
    """
    opened: list[int] = []
    try:
        for _ in range(_DESCRIPTORS // 2):
            opened += os.pipe()
    except OSError as error:
        raise DiskError(
            f"cannot connect: {error.strerror}; raise ulimit -n or lower --max-workers"
        ) from None
    finally:
        for descriptor in opened:
            os.close(descriptor)


def milliseconds(seconds: float) -> int:
    """Return a time limit as libcurl takes it, rounded up."""
    # 0 would mean no limit, and libcurl counts in 31 bits.
    return max(1, min(math.ceil(seconds * 1000), 2**31 - 1))


def limit_time(curl: pycurl.Curl, limit: int) -> None:
    """Set the time limits of one request.

    :param curl: the handle.
    :param limit: the total time limit of the request, in milliseconds.
    """
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, min(limit, milliseconds(CONNECT_TIMEOUT)))
    curl.setopt(pycurl.TIMEOUT_MS, limit)
