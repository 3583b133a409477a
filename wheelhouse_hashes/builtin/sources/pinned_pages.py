"""Pinned pages: the address of a downloads page with its hash, ``URL#sha256=HEX``.

The hash is checked before any link of the page is believed, so the digests of the links are
pinned.  Links lead to artifacts only, never to another page.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Tier
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.options import CheckOptions

# The reader is imported where it is needed: most runs have no such page.
if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Listing
    from wheelhouse_hashes.verbs import OptionGroup

#: What is in the names of all downloads pages.
DOWNLOADS = "-downloads.html"


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--unpinned``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--unpinned",
            action="store_true",
            help="read a downloads page (NAME-VERSION-downloads.html) without #sha256=HEX in its "
            "address as an ordinary index page (exit code 2 otherwise)",
        )


@hookimpl
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Refuse a downloads page without a valid hash in its address.

    Other addresses with a hash may be the matter of a plugin.
    """
    options = run.options
    if not isinstance(options, CheckOptions):
        return
    pages = [address for address in _candidates(options) if DOWNLOADS in address]
    for address in pages:
        _pin(address, options)
    if options.unpinned and not pages and DOWNLOADS not in (options.expect_like or ""):
        text = "no effect without the URL of a downloads page (NAME-VERSION-downloads.html)"
        raise UsageError(f"--unpinned: {text}; remove it")


@hookimpl
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:
    """Return ``pinned`` for an address with the hash of its page."""
    with contextlib.suppress(UsageError):
        if any(_pin(address, run.options) for address in _candidates(run.options)):
            return (Tier.PINNED,)
    return ()


@hookimpl
def wheelhouse_locate(url: str, run: Run[CheckOptions]) -> Listing | None:
    """Read a pinned page, or a downloads page of this machine that ``--against`` names."""
    if not _may_be_page(url):
        return None
    pin = None
    is_file = os.path.isfile(url)  # noqa: PTH113 (Path.isfile can raise)
    if not is_file and (pin := _pin(url, run.options)) is None:
        return None
    # Imported here because most addresses are those of ordinary pages.
    from wheelhouse_hashes.builtin.sources import downloads

    if pin is None:
        named = url in run.options.against and downloads.is_downloads_page(url)
        return downloads.in_file(run, pathlib.Path(url), None) if named else None
    path = url.partition("#")[0]
    if url in run.options.against and os.path.isfile(path):  # noqa: PTH113
        return downloads.in_file(run, pathlib.Path(path), pin)
    return downloads.at_url(run, url, pin)


def _candidates(options: CheckOptions) -> Iterator[str]:
    """Yield the addresses that may be downloads pages or have a hash."""
    for address in options.addresses:
        if _may_be_page(address) and not os.path.exists(address):  # noqa: PTH110
            yield address


def _may_be_page(address: str) -> bool:
    """Return whether an address may be a downloads page or have a hash; nothing is imported."""
    return "#" in address or ".html" in address


def _pin(address: str, options: CheckOptions) -> str | None:
    """Return the hash in an address, None if it has none.

    :raises UsageError: if it is not valid, or is missing.
    """
    from wheelhouse_hashes.formats.downloads_page import split_pin
    from wheelhouse_hashes.formats.urls import is_http, scheme_of, shown

    if scheme_of(address) and not is_http(address):
        return None  # the matter of another plugin
    try:
        return split_pin(address, unpinned=options.unpinned)[1]
    except ValueError as error:
        text = f"{shown(address)}: {error}"
        if "#" not in address:
            text += ", or read it as an ordinary index page with --unpinned"
        raise UsageError(text) from None
