"""Documents with digests that ``log append`` reads: files, and listings at an address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.artifacts import Claim, Digest, Finding, ListedArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError, Refusal
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.hash_file import hash_file_name, parse_hash_file
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.merkle import LogError

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Listing

#: The algorithm of the digests in a log, and of the further ones that it may have.
ALGORITHM, SECOND = "sha256", "blake2b-256"


def in_file(run: Run[Any], path: pathlib.Path) -> list[Entry]:
    """Read a digest list, a lock file, a report, or another document with digests.

    :raises Refusal: if it cannot be read, or has no SHA-256 of an artifact.
    """
    # Imported here because a run may have no file.
    from wheelhouse_hashes.formats.digest_sources import read_digests
    from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES

    content = run.read_file(path, MAX_LIST_BYTES)
    try:
        read = read_digests(content, path.name, (ALGORITHM,))
        if read.releases:
            raise HashFileError(
                "it has digests of releases, not of files", next="give a digest list"
            )
        return [
            entry
            for each in read.artifacts
            for entry in _entries(each.name, each.digests, each.size)
        ]
    except (HashFileError, LogError) as error:
        raise _unreadable(printable(str(path)), error) from None


def _entries(name: str, digests: Iterable[Digest], size: int | None) -> Iterator[Entry]:
    """Yield an entry for each SHA-256 digest of a file; several contradict each other.

    :raises HashFileError: if there is none.
    """
    values: dict[str, list[str]] = {}
    for digest in digests:
        values.setdefault(digest.algorithm, []).append(digest.hex)
    if ALGORITHM not in values:
        raise HashFileError(f"it has no SHA-256 digest of {printable(name)!r}")
    second = values.get(SECOND, [])
    for value in dict.fromkeys(values[ALGORITHM]):
        yield Entry(name, value, size, second[0] if len(second) == 1 else None)


def _unreadable(where: str, error: Exception) -> Refusal:
    next_step = getattr(error, "next", "")
    text = f"{where}: {printable(str(error))}"
    return Refusal(Cause.UNREADABLE_HASH, text, may_heal=False, next=next_step)


def at_address(run: Run[Any], address: str) -> list[Entry]:
    """Read the digests of a listing at an address: its own, or those of the hash files.

    :raises Refusal: if the listing or a hash file cannot be read, or the listing is cut.
    """
    listing = run.listing(address)
    if listing.cut:
        raise Refusal(Cause.LISTING_CUT, f"{listing.url}: {listing.cut}", may_heal=False)
    if not listing.secure:
        text = f"{listing.url}: read over plain HTTP: anyone on the network path can change it"
        run.note_once("plain log source", text)
    for left_out in listing.left_out:
        if parse_artifact_name(left_out.name) is not None:
            run.say(line("note", left_out.name, f"not appended: {left_out.reason}"))
    entries: list[Entry] = []
    lacking: list[str] = []
    for artifact in _artifacts(listing):
        try:
            digests = _digests(run, artifact)
            if digests:
                entries += _entries(artifact.name, digests, artifact.size)
            else:
                lacking.append(artifact.name)
        except (HashFileError, LogError) as error:
            raise _unreadable(f"{listing.url}: {printable(artifact.name)}", error) from None
    if lacking:
        text = f"not appended: {len(lacking)} artifacts without a digest, such as {lacking[0]}"
        run.say(line("note", listing.url, text))
    return entries


def _artifacts(listing: Listing) -> Iterator[ListedArtifact]:
    """Yield the artifacts of a listing, and everything that a digest list names."""
    urls = {each.name: each.url for each in listing.entries}
    for each in listing.entries:
        if not listing.is_list and parse_artifact_name(each.name) is None:
            continue
        companion = hash_file_name(each.name, ALGORITHM)
        companions = {companion: urls[companion]} if companion in urls else {}
        yield ListedArtifact(
            each.name,
            each.url,
            each.size,
            each.headers,
            each.claims,
            companions=companions,
            companions_listed=listing.companions_listed,
        )


def _digests(run: Run[Any], artifact: ListedArtifact) -> list[Digest]:
    """Return the digests of an artifact; an unlisted hash file is asked for if it has none."""
    digests: list[Digest] = []
    for claim in artifact.claims:
        if isinstance(claim, Finding):
            raise HashFileError(claim.text)
        if isinstance(claim, Claim) and not claim.alternatives and not claim.confirms_only:
            digests.append(claim.digest)
    if artifact.companions or not any(each.algorithm == ALGORITHM for each in digests):
        content = run.companion(artifact, f".{ALGORITHM}", tries=_TRIES)
        if content is not None:
            try:
                digests.append(parse_hash_file(content, artifact.name, ALGORITHM).digest)
            except HashFileError:
                # A server may return a page for an object that does not exist.
                if artifact.companions:
                    raise
    return digests if any(each.algorithm == ALGORITHM for each in digests) else []


#: How often a hash file is asked for, within ``--wait``.
_TRIES = 10
