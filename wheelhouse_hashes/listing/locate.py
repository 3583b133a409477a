"""Get the listing of an address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import Refusal, UsageError
from wheelhouse_hashes.formats.urls import normalized, origin, origin_text, origins_of, shown
from wheelhouse_hashes.report import NEXT_STEP, FetchReport, line
from wheelhouse_hashes.runtime.retry import repeat

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Listing
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session

UNCHECKED = (
    "TLS CERTIFICATES ARE NOT CHECKED (--no-ssl-check): anyone on the network path can read "
    "passwords and replace files"
)


def authorized(run: Session[CheckOptions], url: str) -> str:
    """Store the user and password of a URL that the user gave, for its origin.

    :param run: the command in progress.
    :param url: the URL.
    :returns: the URL without them.
    :raises UsageError: if it is malformed.
    """
    try:
        return run.client.authorize(url, by_user=True)
    except ValueError:
        raise UsageError(f"malformed URL {shown(url)!r}: check its host name and port") from None


def locate(run: Session[CheckOptions], address: str) -> Listing:
    """Get the listing of an address; retry on transient errors.

    Prints warnings beforehand, and the notes of the listing.

    :param run: the command in progress.
    :param address: the address, without user and password.
    :raises Refusal: if the listing cannot be read within the wait; the text ends with the
        next step.
    :raises UsageError: if no plugin supports the address.
    """
    if run.plugins.disabled:
        run.say(f"disabled plugins: {', '.join(run.plugins.disabled)}")
    if not run.verify_tls:
        run.say(line("warning", UNCHECKED))
    listing = _ask(run, address)
    for note in listing.notes:
        run.note(line("note", note))
    return replace(listing, origins=origins_of(address, listing.url))


def record_transport(run: Session[CheckOptions], report: FetchReport, address: str) -> None:
    """Record in the report whether the run used plain HTTP, unchecked TLS or other origins.

    One request without TLS is enough: its response determines the requests that follow.

    :param run: the command in progress.
    :param report: its report.
    :param address: the URL or path that the user gave.
    """
    origins = run.origins
    schemes = {each.partition(":")[0] for each in origins}
    report.plain_http = "http" in schemes
    report.unchecked_tls = "https" in schemes and not run.verify_tls
    report.other_origins = sorted(origins - {_origin_of(address)})


def _origin_of(address: str) -> str | None:
    try:
        return origin_text(origin(normalized(address)))
    except ValueError:
        return None  # a path, or a URL that only a plugin can read


def _ask(run: Session[CheckOptions], address: str) -> Listing:
    try:
        listing = repeat(
            lambda: run.plugins.locate(address, run),
            run.budget,
            waiting=run.waiting(shown(address)),
        )
    except Refusal as refusal:
        # No verdict follows, whose lines would end with the next step.
        refusal.args = (f"{refusal}; {NEXT_STEP[refusal.cause]}",)
        raise
    if listing is None:
        raise UsageError(f"{shown(address)}: {_why_unsupported(run, address)}")
    return listing


def _why_unsupported(run: Session[CheckOptions], address: str) -> str:
    if "://" in address:
        return "unsupported URL; use http or https"
    nor = ", and no such file or folder" if run.verb == "verify" else ""
    return f"not an http or https URL{nor}"
