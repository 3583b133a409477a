"""Compare the artifacts of a folder or list with the project's page at a package index."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Claim, Digest, Finding, Tier
from wheelhouse_hashes.builtin.sources.digest_lists import read_source
from wheelhouse_hashes.builtin.sources.links import refused
from wheelhouse_hashes.builtin.yanked import objections
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.digests import BLAKE2B_256
from wheelhouse_hashes.errors import (
    ABSENT_STATUSES,
    Refusal,
    TransferError,
    UsageError,
    disk_errors,
)
from wheelhouse_hashes.filenames import listed, parse_artifact_name, printable
from wheelhouse_hashes.formats.cut_listings import why_cut
from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES
from wheelhouse_hashes.formats.downloads_page import last_part, release_of_page
from wheelhouse_hashes.formats.package_index import (
    digests_of,
    not_built,
    path_digest,
    read_index,
)
from wheelhouse_hashes.formats.pages import ACCEPT, MAX_BYTES, Link
from wheelhouse_hashes.formats.urls import is_http, is_secure, origins_of, scheme_of, shown

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.options import CheckOptions, VerifyOptions
    from wheelhouse_hashes.run import Run

SOURCE = "index"

#: The names of further sources on the lines about artifacts.
PATH_SOURCE, SERVED_SOURCE = "index path", "served file"

#: Maximum number of missing files to name.
_MAX_SHOWN = 3

_OTHER_PAGE = (
    "give the URL of the project's page, such as https://index.example.org/simple/PROJECT/"
)


_NO_DIGEST = (
    "compare the file that the package index serves with --download, or name an index that lists "
    "digests"
)


class IndexCheck:
    """The project's page at a package index, compared with what was built.

    :param run: the command in progress.
    :param options: its options.
    :raises UsageError: if the address is not valid.
    """

    def __init__(self, run: Run[CheckOptions], options: VerifyOptions) -> None:
        self._run = run
        self._options = options
        self._where = shown(options.index or "")
        try:
            if not is_http(options.index or ""):
                raise ValueError
            self._address = run.client.authorize(options.index or "", by_user=True)
        except ValueError:
            text = f"--index {self._where}: not the http or https URL of a page"
            raise UsageError(text) from None
        if "#" in (options.index or "") or release_of_page(last_part(self._address)):
            # Its hash would not be checked here.
            text = f"--index {self._where}: a package index has no page with a hash"
            raise UsageError(f"{text}; name a downloads page with --against")
        self._files: Mapping[str, Link] = {}
        #: Why the page lacks files that the index has; empty if it is not known to.
        self._cut = ""
        self._page_url = self._address
        self._secure = scheme_of(self._address) == "https"
        self._built: Collection[str] = ()
        self._projects: Collection[str] = ()
        #: The tier of its claims.
        self.tier = self._tier_of(self._address)

    def _tier_of(self, *urls: str) -> Tier:
        checked = self._run.verify_tls
        secure = all(is_secure(origin, checked=checked) for origin in origins_of(*urls))
        return Tier.ELSEWHERE if secure else Tier.CONTAINER

    def request(self) -> None:
        """Request the page until all artifacts are on it; what is missing then stays missing.

        :raises Refusal: if the page cannot be read.
        """
        self._built = _names_in(self._run, self._options.folder)
        parsed = filter(None, map(parse_artifact_name, self._built))
        self._projects = {each.project for each in parsed}
        try:
            self._run.repeat(self._request, self._run.waiting(self._where))
        except TransferError as error:
            if error.cause is not Cause.NOT_SERVED:
                raise

    def _request(self) -> None:
        try:
            response = self._run.client.get(
                self._address, max_bytes=MAX_BYTES, accept=ACCEPT, fresh=True
            )
        except TransferError as error:
            if error.status in ABSENT_STATUSES and error.status != _FORBIDDEN:
                self._files, self._cut = {}, ""  # a new project
                raise self._missing(self._built) from None
            raise
        content_type = response.headers.get("content-type", "")
        try:
            page = read_index(response.body, content_type, response.url, self._projects)
        except ValueError as error:
            text = f"{self._where}: {error}"
            raise Refusal(Cause.UNREADABLE, text, may_heal=False, next=_OTHER_PAGE) from None
        self._files = page.files
        self._cut = why_cut(response.headers, response.url, len(page.files)) or page.why_cut
        self._page_url = response.url
        self._secure = response.secure and scheme_of(response.url) == "https"
        self.tier = min(self.tier, self._tier_of(response.url))
        missing = [name for name in self._built if name not in self._files]
        if missing:
            raise self._missing(missing)

    def _missing(self, names: Collection[str]) -> TransferError:
        some = listed(sorted(names), most=_MAX_SHOWN)
        error = TransferError(Cause.NOT_SERVED, f"not on the index yet: {some}")
        error.may_heal = True
        return error

    def claims(self, name: str) -> Sequence[Claim | Finding]:
        """Return what the index says about an artifact; see ``wheelhouse_claims``."""
        link = self._files.get(name)
        if link is None:
            return [Finding(Cause.NOT_SERVED, f"not on the package index: {self._where}")]
        if link.problem:
            return [Finding(Cause.UNREADABLE, f"{self._where}: {link.problem}", next=_OTHER_PAGE)]
        items: list[Claim | Finding] = []
        if link.yanked is not None:
            items += objections(name, link.yanked, self._run)
        try:
            digests = digests_of(link)
        except ValueError as error:
            return [*items, Finding(Cause.UNREADABLE_HASH, f"{self._where}: {error}")]
        items += [self._claim(digest, SOURCE) for digest in digests]
        without = not any(digest.algorithm == DEFAULT_ALGORITHM for digest in digests)
        if without and not self._options.download:
            text = f"listed without a SHA-256: {self._where}"
            items.append(Finding(Cause.NOT_LISTED, text, next=_NO_DIGEST))
        if placed := path_digest(link.address):
            # Compared by inspect, which knows a better cause than a wrong digest.
            items.append(self._claim(placed, PATH_SOURCE, confirms_only=True))
        if self._options.download:
            items.append(self._served(name, link))
        return items

    def _claim(self, digest: Digest, source: str, *, confirms_only: bool = False) -> Claim:
        return Claim(digest, source, self._where, self.tier, confirms_only=confirms_only)

    def _served(self, name: str, link: Link) -> Claim | Finding:
        """Read the file that the index serves; return its digest as a claim."""
        if why := refused(link.address, self._page_url, secure=self._secure):
            return Finding(Cause.UNREADABLE, f"{self._where}: {why}", next=_OTHER_PAGE)
        run = self._run
        url = run.client.authorize(link.address)

        def read() -> Digest:
            hasher = hashlib.sha256()
            run.client.download(url, hasher.update)
            return Digest(DEFAULT_ALGORITHM, hasher.hexdigest())

        try:
            digest = run.repeat(read, run.waiting(name))
        except TransferError as error:
            cause = Cause.NOT_SERVED if error.status in ABSENT_STATUSES else error.cause
            return Finding(cause, f"listed, but cannot be downloaded: {error}", next=error.next)
        return Claim(digest, SERVED_SOURCE, shown(url), min(self.tier, self._tier_of(url)))

    def inspect(
        self, name: str, path: pathlib.Path | None, digests: Mapping[str, str]
    ) -> Sequence[Finding]:
        """Compare size and path; see ``wheelhouse_inspect``."""
        link = self._files.get(name)
        if link is None:
            return []
        findings: list[Finding] = []
        if path is not None and link.size is not None:
            with disk_errors(f"read {path}"):
                size = path.stat().st_size
            if size != link.size:
                text = f"the index lists {link.size} bytes, the file has {size}: {self._where}"
                findings.append(Finding(Cause.LISTED_WRONG, text))
        placed = path_digest(link.address)
        if placed is not None and digests.get(BLAKE2B_256, placed.hex) != placed.hex:
            text = f"its path on the index has another BLAKE2b-256: {shown(link.address)}"
            findings.append(Finding(Cause.LISTED_WRONG, text))
        return findings

    def surplus(self) -> Sequence[Finding]:
        """Return the files of the release that nobody built; see ``wheelhouse_conclude``.

        A page that is cut may lack some of them.
        """
        cut = [Finding(Cause.LISTING_CUT, f"{self._where}: {self._cut}", next=_OTHER_PAGE)]
        surplus = not_built(self._files, self._built, self._options.allow_extra)
        return (cut if self._cut else []) + [
            Finding(Cause.NOT_BUILT, f"{printable(name)}: on the index, but not in {where}")
            for where in [printable(self._options.folder)]
            for name in surplus
        ]


_FORBIDDEN = 403


def _names_in(run: Run[CheckOptions], operand: str) -> Collection[str]:
    """Return the names of the artifacts in a folder or digest list."""
    if os.path.isdir(operand):  # noqa: PTH112 (Path.is_dir can raise)
        with disk_errors(f"list the folder {operand}"):
            names = os.listdir(operand)
        return {name for name in names if parse_artifact_name(name)}
    content = run.read_file(operand, MAX_LIST_BYTES)
    read = read_source(content, os.path.basename(operand), printable(operand), run)  # noqa: PTH119
    return {each.name for each in read.artifacts if parse_artifact_name(each.name)}
