"""Find out what an address offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import TransferError, UsageError
from wheelhouse_hashes.formats.urls import shown
from wheelhouse_hashes.report import NEXT_STEP, FetchReport, line, waiting_line
from wheelhouse_hashes.runtime.waiting import backoff

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Listing
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session

UNCHECKED = (
    "TLS CERTIFICATES ARE NOT CHECKED (--no-ssl-check): anybody on the way can read "
    "passwords and replace what is fetched"
)


def authorized(run: Session[CheckOptions], url: str) -> str:
    """Keep user and password of an address that a user gave.

    :param run: the command in progress.
    :param url: the address.
    :returns: the address without them.
    :raises UsageError: if it is malformed.
    """
    try:
        return run.client.authorize(url, by_user=True)
    except ValueError:
        raise UsageError(
            f"malformed address {shown(url)!r}: give one that a browser takes"
        ) from None


def locate(run: Session[CheckOptions], address: str) -> Listing:
    """Ask what an address offers; a server in trouble is asked again.

    What a user should know beforehand, and about the listing, is said.

    :param run: the command in progress.
    :param address: the address, without user and password.
    :raises TransferError: if it cannot be had within the wait.
    :raises UsageError: if nobody can read such an address.
    """
    if run.plugins.disabled:
        run.say(f"plugins switched off: {', '.join(run.plugins.disabled)}")
    if not run.verify_tls:
        run.say(line("warning", UNCHECKED))
    listing = _ask(run, address)
    for note in listing.notes:
        run.note(line("note", note))
    return listing


def remember_way(run: Session[CheckOptions], report: FetchReport) -> None:
    """Note in the report how the run's bytes and digests came.

    One request without TLS is enough: who answers it chooses what follows.

    :param run: the command in progress.
    :param report: its report.
    """
    report.plain_http = "http" in run.schemes
    report.unchecked_tls = "https" in run.schemes and not run.verify_tls


def _ask(run: Session[CheckOptions], address: str) -> Listing:
    reported = False
    for pause in backoff():
        try:
            listing = run.plugins.locate(address, run)
        except TransferError as error:
            passing = error.transient
            if passing and not reported and run.budget.seconds:
                reported = True
                run.note(waiting_line(shown(address), error.cause, str(error), run.budget.seconds))
            if not passing or not run.budget.pause(max(pause, error.retry_after or 0)):
                text = f"{error}; {NEXT_STEP[error.cause]}"
                raise TransferError(error.cause, text, error.status) from None
        else:
            if listing is not None:
                return listing
            raise UsageError(f"{shown(address)} is no address that can be read: http and https are")
    raise AssertionError("backoff ends never")
