"""URLs: their origin, the secrets in them, and the part that may be shown."""

from __future__ import annotations

import functools
import re
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from wheelhouse_hashes.filenames import printable

#: The user, the query and the fragment of a URL, even if it is malformed.
_SECRETS = re.compile(r"^([^/?#]*//)[^/?#]*@|[?#].*$", re.DOTALL)

#: The part before the path: the scheme, the user, the host and the port.
_HEAD = re.compile(r"[^/?#]*//[^/?#]*")

#: URLs in normal form: most are, and this check is cheap.
_NORMAL = re.compile(
    r"https?://(?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"/[A-Za-z0-9/%:@!$&'()*,;=~._-]*",
    re.ASCII,
)

#: Characters that are not encoded in a path: reserved ones, and the percent sign of existing
#: encodings.  A plus sign is encoded, as pip does: the S3 API reads it as a space.
_UNTOUCHED = "/%:@!$&'()*,;=~"


#: Maximum length of a non-ASCII host, and of each of its labels, in characters
#: (:rfc:`1035`).
MAX_HOST = 255
MAX_LABEL = 63

_MAX_PORT = 65535

_LABELS = re.compile("[.\u3002\uff0e\uff61]")


_DEFAULT_PORTS = {"http": 80, "https": 443}


def split(url: str) -> SplitResult:
    """Split a URL as :func:`urllib.parse.urlsplit` does.

    A non-ASCII host is normalized there, and again by IDNA, in time that grows with
    the square of its length, so the length is checked first.

    :raises ValueError: if the URL is malformed, or its host is too long.
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
    """Return a URL's origin: scheme, host, port (:rfc:`6454`).

    :raises ValueError: if the URL is malformed, or its port is invalid.
    """
    head = _HEAD.match(url)
    return _origin(head[0] if head else url)


@functools.lru_cache
def _origin(url: str) -> tuple[str, str, int]:
    parts = split(url)
    scheme = parts.scheme.lower()
    port = parts.port or _DEFAULT_PORTS.get(scheme, 0)
    return scheme, (parts.hostname or "").lower(), port


def origin_text(origin: tuple[str, str, int]) -> str:
    """Return an origin in the form ``https://host:port``, without a default port.

    :param origin: scheme, host and port, as :func:`origin` returns them.
    """
    scheme, host, port = origin
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS.get(scheme) else f":{port}")


def normalized(url: str) -> str:
    """Return a URL in the form in which it is requested.

    Characters that need percent-encoding are encoded unless they already are
    (:rfc:`3986`), and so are plus signs in the path; the host is converted to ASCII
    (IDNA, :rfc:`3490`), and the fragment is dropped.

    :raises ValueError: if it has no host, or an invalid port.
    """
    if _is_normal(url):
        return url
    parts = split(url)
    host = (parts.hostname or "").encode("idna").decode()
    if not host or (parts.port is not None and not 0 < parts.port <= _MAX_PORT):
        raise ValueError(f"{url!r} has no host, or an invalid port")
    host = f"[{host}]" if ":" in host else host
    user = parts.netloc.rpartition("@")[0]
    netloc = (f"{user}@" if user else "") + host + (f":{parts.port}" if parts.port else "")
    return urlunsplit(
        (
            parts.scheme.lower(),
            netloc,
            quote(parts.path, safe=_UNTOUCHED) or "/",
            quote(parts.query, safe=_UNTOUCHED + "+?"),
            "",
        )
    )


def _is_normal(url: str) -> bool:
    match = _NORMAL.fullmatch(url)
    return match is not None and int(match["port"] or 1) <= _MAX_PORT


def split_user(url: str) -> tuple[str, tuple[str, str] | None]:
    """Split the user and password from a URL.

    :returns: the URL without them; the user and password, or None.
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
    """Return a URL, even a malformed one, for display.

    The user, the query and the fragment are removed: they may contain secrets.
    """
    return printable(_SECRETS.sub(r"\1", url))
