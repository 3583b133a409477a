"""Find the documents with the attestations of an artifact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Claim
from wheelhouse_hashes.builtin.sources.attestation_documents import (
    MAX_DOCUMENTS,
    Document,
    document,
    too_many,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import ABSENT_STATUSES, HashFileError, TransferError
from wheelhouse_hashes.formats.attestation_names import (
    BUNDLES,
    PROVENANCE,
    SUFFIXES,
    attested_artifact,
    digest_names,
)
from wheelhouse_hashes.formats.attestations import MAX_BYTES
from wheelhouse_hashes.formats.hash_file import MAX_BYTES as MAX_HASH_FILE
from wheelhouse_hashes.formats.hash_file import hash_file_name, parse_hash_file
from wheelhouse_hashes.formats.urls import is_http, shown

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import ListedArtifact
    from wheelhouse_hashes.builtin.sources.attestation_folders import LocalFolder
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run

#: How many of the usual suffixes are requested if the listing names no attestation.
_UNLISTED = 4


def listed_documents(
    artifact: ListedArtifact, run: Run[CheckOptions], folder: LocalFolder | None
) -> list[Document]:
    """Return the documents that the listing names, and those of the folder that is verified.

    :param artifact: the artifact.
    :param run: the command in progress.
    :param folder: the folder that is verified, if any.
    :raises TransferError: if a request fails in a way that a retry may resolve.
    """
    found: list[Document] = []
    if folder is not None:
        found += [*folder.own(artifact.name), *folder.shared(artifact.name)]
    names = [
        name
        for name, url in sorted(artifact.companions.items())
        if attested_artifact(name) == artifact.name
        # Those of the folder have been read already.
        and not (folder is not None and url.rpartition("/")[0] == folder.url)
    ]
    for name in names[:MAX_DOCUMENTS]:
        found.append(_companion(artifact, run, name, artifact.companions[name]))
    if len(names) > MAX_DOCUMENTS:
        found.append(too_many(shown(artifact.url), len(names)))
    if artifact.provenance is not None:
        found.append(_provenance(artifact.name, artifact.provenance, run))
    return found


def _companion(artifact: ListedArtifact, run: Run[CheckOptions], name: str, url: str) -> Document:
    suffix = name.removeprefix(artifact.name)
    try:
        content = run.companion(artifact, suffix, max_bytes=MAX_BYTES)
    except TransferError as error:
        return _too_large(error, name, url)
    if content is None:
        return Document(name, shown(url), problem="listed, but not there", absent=True)
    return document(name, shown(url), content)


def _provenance(name: str, url: str, run: Run[CheckOptions]) -> Document:
    """Read the attestations that the index keeps (:pep:`740`)."""
    try:
        content = run.client.get(url, max_bytes=MAX_BYTES, headers={}).body
    except TransferError as error:
        if error.status in ABSENT_STATUSES:
            problem = "the page names it, but it is not there"
            return Document(name + PROVENANCE, shown(url), problem=problem, absent=True)
        return _too_large(error, name + PROVENANCE, url)
    return document(name + PROVENANCE, shown(url), content)


def _too_large(error: TransferError, name: str, url: str) -> Document:
    """Return the document that is too large to be read; raise any other error."""
    if error.cause is not Cause.TOO_LARGE:
        raise error
    return Document(name, shown(url), problem=str(error))


def unlisted_documents(artifact: ListedArtifact, run: Run[CheckOptions]) -> Iterator[Document]:
    """Request the usual documents that no listing names, one after the other.

    Nothing is requested from a package index: its page names what there is (:pep:`740`).
    An answer that is no attestation counts as none, since a server may answer anything.

    :param artifact: the artifact.
    :param run: the command in progress.
    :raises TransferError: if a request fails in a way that a retry may resolve.
    """
    if not is_http(artifact.url) or run.unlisted.package_index:
        return
    for suffix in SUFFIXES[:_UNLISTED]:
        url = run.companion_url(artifact, suffix)
        if url is not None:
            yield from _unlisted(artifact, artifact.name + suffix, url, run)
    digest = "" if "?" in artifact.url else _published_digest(artifact, run)
    for name in digest_names(digest) if digest else ():
        url = f"{artifact.url.rpartition('/')[0]}/{name}"
        yield from _unlisted(artifact, artifact.name + BUNDLES, url, run)


def _unlisted(
    artifact: ListedArtifact, name: str, url: str, run: Run[CheckOptions]
) -> Iterator[Document]:
    """Request a document, and yield it if it has attestations.

    :raises TransferError: if the request fails in a way that a retry may resolve.
    """
    headers = {**artifact.headers, "X-Newest": "true"}
    try:
        content = run.client.get(url, max_bytes=MAX_BYTES, headers=headers).body
    except TransferError as error:
        if error.cause is not Cause.TOO_LARGE and (error.status == 0 or error.transient):
            raise
        return
    read = document(name, shown(url), content)
    if not read.problem:
        yield read


def _published_digest(artifact: ListedArtifact, run: Run[CheckOptions]) -> str:
    """Return the SHA-256 under which a file with attestations may be; empty if unknown.

    The link or the hash file has it.  It only leads to the file: the attestations in it are
    checked as any others.

    :raises TransferError: if a request fails in a way that a retry may resolve.
    """
    for claim in artifact.claims:
        if isinstance(claim, Claim) and claim.digest.algorithm == DEFAULT_ALGORITHM:
            return claim.digest.hex
    suffix = hash_file_name("", DEFAULT_ALGORITHM)
    try:
        content = run.companion(artifact, suffix, max_bytes=MAX_HASH_FILE)
        return parse_hash_file(content or b"", artifact.name, DEFAULT_ALGORITHM).digest.hex
    except HashFileError:
        return ""
    except TransferError as error:
        if error.status == 0 or error.transient:
            raise
        return ""
