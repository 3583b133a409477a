"""The settings of the transport: time limits, certificates, proxies.

All of it is done by libcurl; https://curl.se/libcurl/c/ explains each option.
"""

from __future__ import annotations

import functools
import math
import os
from dataclasses import dataclass

import certifi
import pycurl

from wheelhouse_hashes.errors import DiskError
from wheelhouse_hashes.options import DEFAULT_TIMEOUT

#: The size of a worker's receive buffer, in bytes.
BUFFER = 256 * 1024

#: Seconds to connect in: name look-up, TCP, proxy and TLS.
CONNECT_TIMEOUT = 30.0

#: A transfer that stays below so many bytes a second for so many seconds is
#: idle.  A modem is faster than that, and a VPN that reconnects is back before.
IDLE_SPEED = 1000
IDLE_TIMEOUT = 60

#: Seconds for a page or a hash file, in all: 64 MiB at 110 kB/s.
SMALL_TIMEOUT = 600.0

#: Whose certificates are trusted: the first of these that is set, a file or a
#: folder; else certifi's bundle.  The libcurl of pycurl's wheels has no default.
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

#: Certificates that are not good, or not to be read: asking again changes nothing.
_CERTIFICATE_ERRORS = frozenset(
    {pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_CERTPROBLEM}
)

#: What asking again does not change: an address or a protocol that cannot be used.
_USELESS = frozenset({pycurl.E_URL_MALFORMAT, pycurl.E_UNSUPPORTED_PROTOCOL})

#: How many files a request may have open at a time: sockets, what libcurl waits
#: with, a bundle of certificates.
_DESCRIPTORS = 6


@dataclass(frozen=True)
class TransportSettings:
    """How requests are made: the time limit, and whether certificates are checked.

    Proxies are those of the environment, as libcurl reads it: ``http_proxy``
    (lower case only), ``https_proxy``, ``all_proxy`` and ``no_proxy``.

    :param timeout: seconds for one request, in all; a shorter one shortens the
        connect and idle limits, too.
    :param verify_tls: whether certificates of servers are checked; that of a
        proxy always is.
    """

    timeout: float = DEFAULT_TIMEOUT
    verify_tls: bool = True

    def limit(self, *, small: bool) -> float:
        """Return the seconds that a request may take, in all."""
        return min(self.timeout, SMALL_TIMEOUT) if small else self.timeout

    def prepare(self, curl: pycurl.Curl) -> None:
        """Set the options of a handle that are the same for all requests.

        :param curl: the handle.
        """
        curl.setopt(pycurl.BUFFERSIZE, BUFFER)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.ACCEPT_ENCODING, "identity")
        curl.setopt(pycurl.LOW_SPEED_LIMIT, IDLE_SPEED)
        curl.setopt(pycurl.LOW_SPEED_TIME, IDLE_TIMEOUT)
        bundle = next(filter(None, map(os.environ.get, CA_VARIABLES)), certifi.where())
        is_folder = os.path.isdir(bundle)  # noqa: PTH112 (Path.is_dir can raise)
        curl.setopt(pycurl.CAPATH if is_folder else pycurl.CAINFO, bundle)
        curl.setopt(pycurl.PROXY_CAPATH if is_folder else pycurl.PROXY_CAINFO, bundle)
        if not self.verify_tls:
            curl.setopt(pycurl.SSL_VERIFYPEER, 0)
            curl.setopt(pycurl.SSL_VERIFYHOST, 0)

    def limit_time(self, curl: pycurl.Curl, *, small: bool) -> None:
        """Set the time limits of one request.

        :param curl: the handle.
        :param small: whether it reads a page or a hash file.
        """
        limit = self.limit(small=small)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(min(limit, CONNECT_TIMEOUT)))
        curl.setopt(pycurl.TIMEOUT_MS, _milliseconds(limit))

    def explained(self, code: int, text: str, seconds: float, *, small: bool) -> tuple[str, bool]:
        """Say what a libcurl error means, and whether it will be the same next time.

        :param code: libcurl's code.
        :param text: libcurl's text.
        :param seconds: how long the request took.
        :param small: whether it read a page or a hash file.
        """
        limit = self.limit(small=small)
        if code == pycurl.E_OPERATION_TIMEDOUT and seconds >= limit:
            cure = "give a longer --timeout" if limit == self.timeout else "the server is too slow"
            return f"it took longer than {limit:g} seconds ({cure})", True
        if code in _CERTIFICATE_ERRORS:
            return f"{text} (authorities of your own: {CA_VARIABLES[0]})", True
        if code == pycurl.E_COULDNT_RESOLVE_PROXY or "unsupported proxy" in text.lower():
            # libcurl's text quotes the proxy, and its password.
            return (
                (
                    "the proxy that the environment names cannot be used: check https_proxy, "
                    "http_proxy and all_proxy"
                ),
                True,
            )
        return text, code in _USELESS


def check_descriptors() -> None:
    """Check that a request could open what it needs: libcurl does not tell.

    :raises DiskError: if this process may open no more files.
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


@functools.lru_cache
def _milliseconds(seconds: float) -> int:
    # 0 would be no limit at all, and libcurl counts in 31 bits.
    return max(1, min(math.ceil(seconds * 1000), 2**31 - 1))
