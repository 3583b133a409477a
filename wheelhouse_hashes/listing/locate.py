"""Get the listing of an address."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import next_step
from wheelhouse_hashes.errors import Refusal, UnsupportedURL, UsageError
from wheelhouse_hashes.formats.urls import (
    is_http,
    normalized,
    origin,
    origin_text,
    origins_of,
    scheme_of,
    shown,
)
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.listing.pages import read
from wheelhouse_hashes.report import FetchReport, ListingRecord

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.transport import Listing

UNCHECKED = (
    "TLS CERTIFICATES ARE NOT CHECKED (--no-ssl-check): anyone on the network path can read "
    "passwords and replace files"
)


def authorized(run: Session[CheckOptions], url: str) -> str:
    """Store the user and password of a URL that the user gave, for its origin.

    :param run: the command in progress.
    :param url: the URL.
    :returns: the URL without them; unchanged if it is neither ``http`` nor ``https``, because
        only a plugin can read it.
    :raises UsageError: if it is malformed.
    """
    if scheme_of(url) and not is_http(url):
        return url
    try:
        address = run.client.authorize(url, by_user=True)
    except ValueError:
        raise UsageError(f"malformed URL {shown(url)!r}: check its host name and port") from None
    run.name_origins([address])
    return address


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
    run.secure_listing = run.secure_listing and listing.secure
    run.name_origins(entry.url for entry in listing.entries)
    for note in listing.notes:
        run.note(line("note", note))
    return replace(listing, origins=origins_of(address, listing.url))


def read_listing(run: Session[CheckOptions], value: str) -> Listing:
    """Return the listing of a value that the user gave: a local path or an address.

    :param run: the command in progress.
    :param value: the value; a URL may have a user and a password.
    :raises Refusal: as :func:`locate`.
    :raises UsageError: as :func:`locate` and :func:`authorized`.
    """
    address = value if os.path.exists(value) else authorized(run, value)  # noqa: PTH110 (Path.exists can raise)
    run.addresses.append(address)
    return locate(run, address)


def record_listing(run: Session[CheckOptions], report: FetchReport, listing: Listing) -> None:
    """Record in the report which listing was read, and whether securely.

    Call it before anything else is requested.

    :param run: the command in progress.
    :param report: its report.
    :param listing: the listing.
    """
    plain, unchecked = _transport(run)
    report.listing = ListingRecord(listing.url, secure=not (plain or unchecked))
    record_cut(report, listing)


def record_cut(report: FetchReport, listing: Listing) -> None:
    """Record in the report whether a listing is known to lack objects.

    :param report: the report.
    :param listing: the listing.
    """
    if listing.cut:
        report.cut[listing.url] = listing.cut


def record_transport(run: Session[CheckOptions], report: FetchReport, *addresses: str) -> None:
    """Record in the report how bytes and digests were transferred.

    Over plain HTTP, over unchecked TLS, from other origins, or from a local folder.

    One request without TLS is enough: its response determines the requests that follow.

    :param run: the command in progress.
    :param report: its report.
    :param addresses: the URLs and paths that the user gave.
    """
    report.plain_http, report.unchecked_tls = _transport(run)
    named = {_origin_of(address) for address in (*addresses, *run.addresses)}
    if report.listing is not None and not is_http(addresses[0]):
        named.add(_origin_of(report.listing.url))  # only a plugin knows how to write the address
    report.other_origins = sorted(run.origins - named)
    answered = run.origins & named
    report.named_origin_answered = bool(answered)
    report.local_container = run.options.provider_name == "LOCAL" and any(
        each.startswith("container://") for each in answered
    )


def _transport(run: Session[CheckOptions]) -> tuple[bool, bool]:
    """Return whether requests so far used plain HTTP, and whether any skipped the TLS check."""
    schemes = {each.partition(":")[0] for each in run.origins}
    return "http" in schemes or run.insecure, "https" in schemes and not run.verify_tls


def _origin_of(address: str) -> str | None:
    try:
        # Only an HTTP URL needs a host; a plugin may open ``zip:///folder/dist.zip``.
        return origin_text(origin(normalized(address) if is_http(address) else address))
    except ValueError:
        return None  # malformed; only a plugin can read it


def _ask(run: Session[CheckOptions], address: str) -> Listing:
    waiting = run.waiting(shown(address))
    try:
        listing = run.repeat(lambda: run.plugins.locate(address, run), waiting)
        if listing is None and "://" in address:
            listing = read(run, address)
    except UnsupportedURL:
        raise UsageError(_unsupported(run, address)) from None
    except Refusal as refusal:
        # No verdict follows, whose lines would end with the next step.
        refusal.next = refusal.next or next_step(refusal.cause, run.verb)
        raise
    if listing is None:
        raise UsageError(_unsupported(run, address))
    return listing


def _unsupported(run: Session[CheckOptions], address: str) -> str:
    """Return the sentence for an address that nobody reads."""
    is_url = "://" in address
    why = f"unsupported URL scheme {scheme_of(address)!r}" if is_url else "not a URL"
    local = run.verb == "verify" or address in run.options.against
    nor = ", and no such file or folder" if local and not is_url else ""
    others = run.plugins.installed_with("wheelhouse_locate", "wheelhouse_open")
    if others:
        return f"{shown(address)}: {why}, and no plugin reads it ({', '.join(others)}){nor}"
    if is_url:
        return f"{shown(address)}: {why}: use http, https or container"
    return f"{shown(address)}: not an http or https URL{nor}"
