"""Links of pages and listings: which of them are followed, and what they claim.

Only ``http`` and ``https`` links are followed, ``http`` links only from pages that were
not read over a secure connection, and links of other schemes within their own origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import ALGORITHMS, Claim, Digest, Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.tags import MAX_TAG
from wheelhouse_hashes.formats.urls import is_http, normalized, origin, split

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run


def request_url(address: str, run: Run[CheckOptions]) -> str:
    """Return the URL to request; the client keeps the user and password in it."""
    return run.client.authorize(normalized(address)) if is_http(address) else address


def refused(
    target: str, page: str, *, secure: bool, what: str = "links are not followed"
) -> str | None:
    """Return why a link is not followed, or None if it is.

    :param target: its URL.
    :param page: the URL of its page.
    :param secure: whether others cannot change the page.
    :param what: the end of the sentence about a scheme that is not followed.
    """
    # Checked before normalizing, which takes many times the memory.
    if len(target) > MAX_TAG:
        return f"its URL is longer than {MAX_TAG} characters"
    try:
        return _refused_scheme(target, page, secure=secure, what=what)
    except ValueError:
        return "its URL is malformed"


def _refused_scheme(target: str, page: str, *, secure: bool, what: str) -> str | None:
    """Return why the scheme of a link is refused, or None if it is not.

    :raises ValueError: if the URL is malformed.
    """
    scheme, _, _ = origin(target)
    if not scheme:
        return "its URL has no scheme; the base URL of the page is neither http nor https"
    if scheme not in ("http", "https"):
        # A page that a plugin opened links to its own container, whose name may
        # depend on case.
        if split(target)[:2] == split(page)[:2]:
            return None
        return f"{printable(scheme)}: {what}"
    if scheme == "http" and secure:
        return "http links on an https page are not followed"
    normalized(target)
    return None


def claims_of(
    digests: Iterable[tuple[str, str]],
    source: str,
    where: str,
    described: str,
    *,
    confirms_only: bool = False,
) -> tuple[Claim | Finding, ...]:
    """Return the claims of a link; an invalid digest becomes a finding.

    :param digests: algorithm and value of each; unsupported algorithms are ignored.
    :param source: the source of the claims.
    :param where: the URL of the page, to be shown.
    :param described: the page with its URL, for the text of a finding.
    :param confirms_only: as in :class:`~wheelhouse_hashes.artifacts.Claim`.
    """
    claims: list[Claim | Finding] = []
    for algorithm, value in digests:
        if algorithm not in ALGORITHMS:
            continue
        try:
            digest = Digest(algorithm, value)
        except ValueError as error:
            claims.append(Finding(Cause.UNREADABLE_HASH, f"{described}: {error}"))
        else:
            claims.append(Claim(digest, source, where, confirms_only=confirms_only))
    return tuple(claims)
