"""URLs: their origin, the secrets in them, and the part that may be shown."""

from __future__ import annotations

import functools
import ipaddress
import os
import re
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

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

#: The scheme of a URL (:rfc:`3986`, section 3.1).  One letter is a Windows drive.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?=:)", re.ASCII)

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


def scheme_of(url: str) -> str:
    """Return the scheme of a URL in lower case, empty without one.

    The rest may be malformed: it is a matter of those who know the scheme.
    """
    match = _SCHEME.match(url)
    return match[0].lower() if match else ""


def is_http(url: str) -> bool:
    """Return whether a URL is an ``http`` or ``https`` one."""
    return url.startswith(("http://", "https://")) or scheme_of(url) in _DEFAULT_PORTS


def local_path(url: str) -> str:
    """Return the path that a ``file`` URL names.

    :raises ValueError: if the URL is malformed.
    """
    path = urlsplit(url).path
    if os.name == "nt":
        # Imported here because it is slow to import, and elsewhere does the same as below.
        from urllib.request import url2pathname

        return url2pathname(path)
    return unquote(path)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, so that no network carries its bytes.

    ``localhost`` counts as one (:rfc:`6761`, section 6.3; W3C Secure Contexts, section 3.1).

    :param host: the host of an origin: in lower case, without brackets.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def join(base: str, url: str) -> str:
    """Resolve a relative URL (:rfc:`3986`, section 5), whatever the scheme of its base.

    :func:`urllib.parse.urljoin` knows which schemes have relative URLs; it ignores the base
    if it has another one.

    :raises ValueError: if a URL is malformed.
    """
    if base.startswith(("http://", "https://")) or scheme_of(url):
        return urljoin(base, url)
    scheme, colon, rest = base.partition(":")
    return scheme + colon + urljoin(f"http:{rest}", url).partition(":")[2]


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
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS.get(scheme, 0) else f":{port}")


def origins_of(*urls: str) -> tuple[str, ...]:
    """Return the origins of ``http`` and ``https`` URLs as text, without duplicates.

    :param urls: URLs and paths; all others, and malformed URLs, are skipped.
    """
    if len(urls) == 1:  # for each artifact several times
        head = _HEAD.match(urls[0])
        text = _http_origin_text(head[0]) if head else ""
        return (text,) if text else ()
    heads = [head[0] for head in map(_HEAD.match, urls) if head]
    return tuple(dict.fromkeys(text for text in map(_http_origin_text, heads) if text))


@functools.lru_cache
def _http_origin_text(head: str) -> str:
    try:
        found = _origin(head)
    except ValueError:
        return ""
    return origin_text(found) if found[0] in _DEFAULT_PORTS else ""


def without_query(url: str) -> str:
    """Return a URL without its query and fragment."""
    return url.partition("#")[0].partition("?")[0]


def as_folder(url: str) -> str:
    """Return the URL of a page as that of a folder: with a slash at its end, without a query.

    A container is often given without the slash, and its name may have dots: ``/demo-1.0``.
    """
    base = without_query(url)
    return base if base.endswith("/") else base + "/"


def folder_of(url: str) -> str:
    """Return the URL of the folder that an object is in, without the slash at its end."""
    return url.partition("?")[0].rpartition("/")[0]


def is_secure(origin_text: str, *, checked: bool = True) -> bool:
    """Return whether nobody on the network can change the answers of an origin.

    This is the case for HTTPS and for loopback addresses, as in the W3C's Secure
    Contexts (https://www.w3.org/TR/secure-contexts/, section 3.1).

    :param origin_text: the origin, as :func:`origin_text` returns it.
    :param checked: whether TLS certificates are checked.
    """
    scheme, host, _ = origin(origin_text)
    return (scheme == "https" and checked) or is_loopback(host)


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
