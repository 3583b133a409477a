"""Addresses: their origin, the secrets in them, what of them may be shown."""

from __future__ import annotations

import functools
import re
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from wheelhouse_hashes.filenames import printable

#: The user of an address, its query and its fragment; also where it is malformed.
_SECRETS = re.compile(r"^([^/?#]*//)[^/?#]*@|[?#].*$", re.DOTALL)

#: What ends before the path: the scheme, the user, the host and the port.
_HEAD = re.compile(r"[^/?#]*//[^/?#]*")

#: Addresses that are in their normal form: most are, and looking is cheap.
_NORMAL = re.compile(
    r"https?://(?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"/[A-Za-z0-9/%:@!$&'()*+,;=~._-]*",
    re.ASCII,
)

#: What stays as it is in a path or query: reserved characters, and the sign of
#: what is encoded already.
_UNTOUCHED = "/%:@!$&'()*+,;=~"


#: The most characters of a host that is not ASCII, and of each of its labels
#: (:rfc:`1035`).
MAX_HOST = 255
MAX_LABEL = 63

_MAX_PORT = 65535

_LABELS = re.compile("[.\u3002\uff0e\uff61]")


def split(url: str) -> SplitResult:
    """Split an address as :func:`urllib.parse.urlsplit` does.

    A host that is not ASCII is normalized there, and again by IDNA.  That takes
    time that grows with the square of its length, so the length is checked before.

    :raises ValueError: if the address is malformed, or its host is too long.
    """
    if not url.isascii():
        head = _HEAD.match(re.sub("[\t\r\n]", "", url))
        host = head[0].rpartition("//")[2].rpartition("@")[2] if head else ""
        if host.isascii():
            return urlsplit(url)
        if len(host) > MAX_HOST or any(len(label) > MAX_LABEL for label in _LABELS.split(host)):
            raise ValueError("the host name is too long")
    return urlsplit(url)


def origin(url: str) -> tuple[str, str, int]:
    """Return an address's origin: scheme, host, port (:rfc:`6454`).

    :raises ValueError: if the address has no valid port.
    """
    head = _HEAD.match(url)
    return _origin(head[0] if head else url)


@functools.lru_cache
def _origin(url: str) -> tuple[str, str, int]:
    parts = split(url)
    scheme = parts.scheme.lower()
    port = parts.port or {"http": 80, "https": 443}.get(scheme, 0)
    return scheme, (parts.hostname or "").lower(), port


def normalized(url: str) -> str:
    """Return an address in the form in which it can be asked for.

    What needs percent-encoding and is not encoded yet gets it (:rfc:`3986`),
    the host is put in ASCII (IDNA, :rfc:`3490`), the fragment is dropped.

    :raises ValueError: if it names no host, or no port that there can be.
    """
    if _is_normal(url):
        return url
    parts = split(url)
    host = (parts.hostname or "").encode("idna").decode()
    if not host or (parts.port is not None and not 0 < parts.port <= _MAX_PORT):
        raise ValueError(f"{url!r} names no host and port")
    host = f"[{host}]" if ":" in host else host
    user = parts.netloc.rpartition("@")[0]
    netloc = (f"{user}@" if user else "") + host + (f":{parts.port}" if parts.port else "")
    return urlunsplit(
        (
            parts.scheme.lower(),
            netloc,
            quote(parts.path, safe=_UNTOUCHED) or "/",
            quote(parts.query, safe=_UNTOUCHED + "?"),
            "",
        )
    )


def _is_normal(url: str) -> bool:
    match = _NORMAL.fullmatch(url)
    return match is not None and int(match["port"] or 1) <= _MAX_PORT


def split_user(url: str) -> tuple[str, tuple[str, str] | None]:
    """Take user and password out of an address.

    :returns: the address without them, and the two, or None.
    """
    if _is_normal(url):
        return url, None
    parts = split(url)
    both, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = both.partition(":")
    return urlunsplit(parts._replace(netloc=host)), (unquote(user), unquote(password))


def shown(url: str) -> str:
    """Return an address, or what should be one, for the screen.

    It has no user, no query and no fragment: there are secrets in them.
    """
    return printable(_SECRETS.sub(r"\1", url))
