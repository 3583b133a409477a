"""``page show``: check the hash of a page, and list its links."""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.builtin.sources.downloads import CheckedPage, get_page, read_page_file
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, UsageError
from wheelhouse_hashes.filenames import MARGIN, printable
from wheelhouse_hashes.formats.downloads_page import ADD_HASH, DownloadsPage, split_pin
from wheelhouse_hashes.formats.urls import is_http, origins_of, shown
from wheelhouse_hashes.report import Report

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

_MAKE_AGAIN = "do not use the page; make it again with page make, and publish its new hash"


def show(run: Run[Any]) -> Report:
    """Check a page, list its links, and keep it if ``--output`` is given.

    :param run: the command in progress.
    :raises UsageError: if the address has no valid hash.
    :raises Refusal: if the page has another hash, or cannot be read.
    """
    given = run.options.extra
    try:
        checked = _get(run, given["page"])
        page = checked.read()
    except Refusal as refusal:
        refusal.next = refusal.next or refusal.cause.next_step
        raise
    for note in checked.notes(page):
        run.note(f"{'note':<9}  {note}")
    for link in page.links:
        run.say(f"{link.digest.hex}  {link.name}\n{MARGIN}{printable(link.url)}")
    findings = [
        Finding(Cause.UNREADABLE, f"{name}: {why}", next=_MAKE_AGAIN)
        for name, why in sorted(page.refused.items())
    ]
    if not page.links and not findings:
        text = f"{checked.where}: no links to artifacts"
        findings.append(Finding(Cause.UNREADABLE, text, next=_MAKE_AGAIN))
    if not findings:
        run.say(_closing(checked, page))
        if given["output"] is not None:
            run.write_file(given["output"], checked.content)
    return Report(findings=findings)


def _get(run: Run[Any], address: str) -> CheckedPage:
    try:
        page, pin = split_pin(address)
        if pin is None:
            raise ValueError(f"the address has no hash; {ADD_HASH}")
    except ValueError as error:
        raise UsageError(f"{shown(address)}: {error}") from None
    if os.path.isfile(page):  # noqa: PTH113 (Path.isfile can raise)
        return read_page_file(run, pathlib.Path(page), pin)
    if not is_http(page):
        raise UsageError(f"{shown(page)}: no such file, and not an http or https URL")
    try:
        url = run.client.authorize(page, by_user=True)
    except ValueError:
        raise UsageError(f"malformed URL {shown(page)!r}: check its host name and port") from None
    return run.repeat(lambda: get_page(run, url, pin), run.waiting(shown(url)))


def _closing(checked: CheckedPage, page: DownloadsPage) -> str:
    count = len(page.links)
    origins = ", ".join(origins_of(*(link.url for link in page.links)))
    facts = [] if checked.secure else ["page read over plain HTTP"]
    return "".join(
        (
            f"the page has this hash: {count} artifact{'' if count == 1 else 's'}",
            f" of {checked.release}" if checked.release else "",
            f" at {origins}" if origins else "",
            f" ({', '.join(facts)})" if facts else "",
        )
    )
