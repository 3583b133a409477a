"""Find out whether a server has more objects than its listing shows.

Sources: web linking (:rfc:`8288`); the container listing of OpenStack Swift
(https://docs.openstack.org/api-ref/object-store/), which has 10,000 names at most.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.urls import join, split

#: A link of a ``Link`` header: the URL, and its parameters.
_LINK = lazily(r"<(?P<url>[^>]*+)>(?P<parameters>(?:[^,\"<]|\"[^\"]*+\")*+)")
_REL = lazily(r";\s*rel\s*=\s*(?:\"(?P<quoted>[^\"]*+)\"|(?P<token>[^\s;]++))", re.IGNORECASE)

#: Parameters of a Swift container's URL that select a part of its objects.
_SELECTING = frozenset({"prefix", "path", "delimiter", "marker", "end_marker"})

#: The most digits of a count that is believed.
_MAX_DIGITS = 18


def why_cut(headers: Mapping[str, str], url: str, count: int) -> str:
    """Return why the headers of a listing say that it lacks objects; empty if they do not.

    :param headers: the headers of the response, names in lower case.
    :param url: the URL that sent it.
    :param count: the number of objects in it.
    """
    if _has_next(headers.get("link", "")) or headers.get("x-next-page", "").strip():
        return "the listing has a next page, which is not read"
    total = headers.get("x-container-object-count", "").strip()
    if not (total.isascii() and total.isdigit() and len(total) <= _MAX_DIGITS):
        return ""
    try:
        query = {name for name, _ in parse_qsl(split(url).query, keep_blank_values=True)}
    except ValueError:
        return ""
    media_type = headers.get("content-type", "").lower()
    if int(total) <= count or query & _SELECTING or "html" in media_type:
        return ""
    return f"the listing has {count} of the container's {int(total)} objects"


def _has_next(header: str) -> bool:
    for link in _LINK.finditer(header):
        rel = _REL.search(link["parameters"])
        if rel and "next" in (rel["quoted"] or rel["token"] or "").lower().split():
            return True
    return False


def is_next_page(following: str, page: str) -> bool:
    """Return whether a ``rel=next`` link in a page leads to the next part of its listing.

    Such links also lead from one chapter of a manual to the next.  The parts of a listing
    have one path and differ in the query.

    :param following: the target of the link.
    :param page: the URL of the page.
    """
    try:
        one, other = split(join(page, following)), split(page)
    except ValueError:
        return False
    return one[:3] == other[:3] and one.query != other.query
