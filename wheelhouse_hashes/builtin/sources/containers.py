"""Private containers: ``container://NAME`` or ``container://NAME/PREFIX``.

The account is that of ``upload``, with the same options and environment variables.  The
listing comes from the store, and all objects are read through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest, Tier
from wheelhouse_hashes.builtin.options import add_driver_option
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError, UsageError
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.urls import scheme_of, shown
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.options import AccountOptions, CheckOptions, Options
from wheelhouse_hashes.transport import Entry, Listing, Opened, OpenRequest

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

SCHEME = "container"

SOURCE = "listing"

#: An etag that may be an MD5.
_MD5 = lazily("[0-9a-f]{32}", re.ASCII)


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add the options of the account, as ``upload`` has them."""
    if verb not in ("fetch", "verify"):
        return
    parser.add_argument("--username", help="account name for container:// addresses")
    parser.add_argument("--secret", secret=True, help="secret API key for container:// addresses")
    parser.add_argument(
        "--provider-name",
        default=CheckOptions.provider_name,
        help="Apache Libcloud provider for container:// addresses (default: %(default)s)",
    )
    parser.add_argument("--region", help="Apache Libcloud provider region")
    add_driver_option(parser)


@hookimpl
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Check the options of the account, if an address is a private container."""
    options = run.options
    private = [each for each in _addresses(options) if scheme_of(each) == SCHEME]
    for address in private:
        run.store(_name_in(address))
    if isinstance(options, CheckOptions) and not private and not _is_private(options.log):
        for option in _account_options(options):
            run.note(line("note", option, "not used, because no address is container://NAME"))


def _is_private(address: str | None) -> bool:
    return address is not None and scheme_of(address) == SCHEME


def _account_options(options: CheckOptions) -> Iterator[str]:
    """Yield the options of the account on the command line.

    Those that have an environment variable cannot be told from it, and one job's environment is
    that of several commands.
    """
    given = {
        "--username": options.username,
        "--secret": options.secret,
        "--provider-name": options.provider_name != CheckOptions.provider_name,
        "--region": options.region,
    }
    yield from (name for name, value in given.items() if value)


@hookimpl
def wheelhouse_tiers() -> Sequence[Tier]:
    """Return ``container``: the digests come from the container itself."""
    return (Tier.CONTAINER,)


@hookimpl
def wheelhouse_locate(url: str, run: Run[CheckOptions]) -> Listing | None:
    """List a private container."""
    if scheme_of(url) != SCHEME:
        return None
    name = _name_in(url)
    container = run.store(name)
    base = f"{SCHEME}://{quote(name)}"
    entries = []
    for stored in container.list().values():
        if "/" not in stored.name:  # those under a longer prefix are another container's
            # Like over HTTP: stores have etags that look like an MD5 and are none.
            is_md5 = _MD5.fullmatch(stored.etag)
            claims = (
                (Claim(Digest("md5", stored.etag), SOURCE, shown(base), confirms_only=True),)
                if is_md5
                else ()
            )
            address = f"{base}/{quote(stored.name, safe='')}"
            entries.append(Entry(stored.name, address, stored.size, claims=claims))
    secure = not container.origin.startswith("http://")
    return Listing(shown(base), tuple(entries), secure=secure)


@hookimpl
def wheelhouse_open(url: str, request: OpenRequest, run: Run[Options]) -> Opened | None:
    """Open an object of a private container."""
    if scheme_of(url) != SCHEME or not isinstance(run.options, AccountOptions):
        return None
    folder, _, last = url.rpartition("/")
    name = unquote(last)
    if not name or "/" in name or name in (".", ".."):
        raise TransferError(Cause.MISSING_ARTIFACT, f"{shown(url)}: not the name of an object", 404)
    return run.store(_name_in(folder)).open(name, request)


def _name_in(url: str) -> str:
    """Return the name of the container in an address.

    :raises UsageError: if it has a user, a query or a fragment.
    """
    _, slashes, name = url.partition("://")
    if not slashes or re.search("[?#@]", name):
        raise UsageError(f"{shown(url)}: expected {SCHEME}://NAME or {SCHEME}://NAME/PREFIX")
    return unquote(name.removesuffix("/"))


def _addresses(options: Options) -> Iterator[str]:
    if isinstance(options, CheckOptions):
        yield from options.addresses
        if options.expect_like is not None:
            from wheelhouse_hashes.formats.releases import parse_address

            yield parse_address(options.expect_like).what
