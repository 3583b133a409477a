"""Determine the format of a page from its media type and its first bytes.

Stores keep the media type that the uploader set, and many objects are uploaded without
one.  ``text/plain``, ``application/octet-stream`` and unknown types are therefore decided
by the content.
"""

from __future__ import annotations

import enum
import re

_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"

#: The number of bytes in which the first element must begin.
_PROLOG = 16 * 1024

#: The number of bytes in which a link to a project is searched for: the search holds up
#: other threads.
_MAX_SEARCHED = 4 * 1024 * 1024

# Regular expressions are compiled when they are first used: few runs need one of them.

#: Parts before the root element: white space, comments, processing instructions, a document
#: type without an internal subset.
_BEFORE_ROOT = (
    rb"(?s)(?:[ \t\r\n]+|<!--(?:(?!-->).)*+-->|<\?(?:(?!\?>).)*+\?>|<![A-Za-z][^<>\[]*+>)*+"
)

_ROOT = rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)"

_ANCHOR = rb"(?i)<a\s"

#: The key of a project's page (:pep:`691`).  As a value, it is the name of an object.
_FILES = rb"\"files\"\s*+:"

#: A call of a function with an array or object, after a comment (JSONP).
_CALL = rb"\s*+(?:/\*[^*]*+\*/\s*+)?[A-Za-z_$][\w.$]*+\s*+\(\s*+[\[{]"

#: The number of bytes in which such a call must begin.
_CALL_BYTES = 4096

#: The roots of documents of stores, which are no HTML whatever their media type is.
_STORE_ROOTS = (
    *("ListBucketResult", "ListAllMyBucketsResult", "ListVersionsResult"),
    *("EnumerationResults", "multistatus"),
)

_HTML_TYPES = ("text/html", "application/xhtml+xml", "application/vnd.pypi.simple.v1+html")
_XML_TYPES = ("application/xml", "text/xml")


class PageKind(enum.Enum):
    """The formats of pages."""

    HTML = "html"
    JSON = "json"
    XML = "xml"
    NAMES = "names"  #: one name a line


def page_kind(media_type: str, body: bytes) -> PageKind:
    """Return the format of a page.

    :param media_type: its media type in lower case, without parameters; may be empty.
    :param body: its content.
    """
    if media_type.endswith("json"):
        return PageKind.JSON
    if media_type in _HTML_TYPES:
        return PageKind.HTML
    if media_type in _XML_TYPES or media_type.endswith("+xml"):
        return PageKind.HTML if (root_of(body) or "").lower() == "html" else PageKind.XML
    return _by_content(body)


def _by_content(body: bytes) -> PageKind:
    head = body[: len(_BOM) + _PROLOG].removeprefix(_BOM).lstrip(_BLANKS)
    if head.startswith((b"{", b"[")):
        # A list of names can begin with a bracket, but it does not end with one as well.
        closing = {b"{": b"}", b"[": b"]"}[head[:1]]
        return PageKind.JSON if body[-64:].rstrip(_BLANKS).endswith(closing) else PageKind.NAMES
    if head.startswith(b"<?xml") and (root_of(body) or "html").lower() != "html":
        return PageKind.XML
    if head.startswith(b"<") or re.search(_ANCHOR, body):
        return PageKind.HTML
    return PageKind.NAMES


def is_index_page(media_type: str, body: bytes) -> bool:
    """Return whether a page is HTML, a list of names, or of the simple API.

    The others are listings of stores and releases, or not listings at all.

    :param media_type: as for :func:`page_kind`.
    :param body: its content.
    """
    match page_kind(media_type, body):
        case PageKind.XML:
            return False
        case PageKind.JSON:
            # Releases at anaconda.org have "files" as well.
            return re.search(_FILES, body) is not None and b'"basename"' not in body
        case PageKind.NAMES if b"(" in body[:_CALL_BYTES]:
            return re.match(_CALL, body[:_CALL_BYTES]) is None
    head = body[:_PROLOG]
    return not (any(r.encode() in head for r in _STORE_ROOTS) and root_of(body) in _STORE_ROOTS)


def project_link(body: bytes, project: str) -> str | None:
    """Return the link to a project or folder of this name on an HTML page.

    :param body: the page, in an encoding that extends ASCII.
    :param project: the project's name, compared as :pep:`503` demands.
    :returns: the value of ``href`` as it is; None if there is no such link.
    """
    parts = (re.escape(part) for part in re.split(r"[-_.]+", project) if part.isascii())
    name = r"[-_.]+".join(parts)
    link = rf"<a\s(?:[^<>]*?\s)?href\s*=\s*[\"']?((?:[^\"'<>\s]*/)?{name}/?)[\"'>\s]"
    match = re.search(link.encode(), body[:_MAX_SEARCHED], re.IGNORECASE)
    return match[1].decode("utf-8", "replace") if match else None


def root_of(body: bytes) -> str | None:
    """Return the name of a document's first element, without its prefix.

    :param body: an XML or HTML document in an encoding that extends ASCII.
    :returns: None if the document does not begin with an element.
    """
    head = body[: len(_BOM) + _PROLOG].removeprefix(_BOM)
    before = re.match(_BEFORE_ROOT, head)
    match = re.match(_ROOT, head[before.end() if before else 0 :])
    return match[1].decode("ascii", "replace") if match else None
