"""Get the listing of an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import TransferError, UsageError
from wheelhouse_hashes.formats.urls import normalized, origin, origin_text, shown
from wheelhouse_hashes.report import FetchReport, ListingRecord, line
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
    :raises TransferError: if the listing cannot be read within the wait.
    :raises UsageError: if no plugin supports the address.
    """
    if run.plugins.disabled:
        run.say(f"disabled plugins: {', '.join(run.plugins.disabled)}")
    if not run.verify_tls:
        run.say(line("warning", UNCHECKED))
    listing = _ask(run, address)
    for note in listing.notes:
        run.note(line("note", note))
    return listing


def record_listing(run: Session[CheckOptions], report: FetchReport, listing: Listing) -> None:
    """Record in the report which listing was read, and whether securely.

    Call it before anything else is requested.

    :param run: the command in progress.
    :param report: its report.
    :param listing: the listing.
    """
    plain, unchecked = _transport(run)
    report.listing = ListingRecord(listing.url, secure=not (plain or unchecked))


def record_transport(run: Session[CheckOptions], report: FetchReport, address: str) -> None:
    """Record in the report whether the run used plain HTTP, unchecked TLS or other origins.

    One request without TLS is enough: its response determines the requests that follow.

    :param run: the command in progress.
    :param report: its report.
    :param address: the URL or path that the user gave.
    """
    report.plain_http, report.unchecked_tls = _transport(run)
    report.other_origins = sorted(run.origins - {_origin_of(address)})


def _transport(run: Session[CheckOptions]) -> tuple[bool, bool]:
    """Return whether requests so far used plain HTTP, and whether any skipped the TLS check."""
    schemes = {each.partition(":")[0] for each in run.origins}
    return "http" in schemes, "https" in schemes and not run.verify_tls


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
    except TransferError as error:
        error.next = error.next or error.cause.next_step
        raise
    if listing is None:
        raise UsageError(f"{shown(address)}: {_why_unsupported(run, address)}")
    return listing


def _why_unsupported(run: Session[CheckOptions], address: str) -> str:
    if "://" in address:
        return "unsupported URL; use http or https"
    nor = ", and no such file or folder" if run.verb == "verify" else ""
    return f"not an http or https URL{nor}"
