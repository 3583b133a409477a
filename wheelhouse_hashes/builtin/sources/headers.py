"""Digests in the headers of the response that carries an object's bytes.

They are those of the object's own metadata, and those that servers send in fields of their
own.  They are neither older nor newer than the bytes, so they distinguish a store that is
between two versions from one that has the wrong bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import ALGORITHMS, Claim, Digest, Finding, ListedArtifact, Tier
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.urls import shown

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run

SOURCE = "header"

#: Prefixes of metadata headers: OpenStack Swift, the S3 family, Google Cloud Storage,
#: Azure Blob Storage.
PREFIXES = ("x-object-meta-", "x-amz-meta-", "x-goog-meta-", "x-ms-meta-")

#: What all of them contain.
_META = "-meta-"

#: Parts of the names of all fields that :mod:`wheelhouse_hashes.formats.header_digests` reads.
_FIELDS = re.compile("digest|checksum|x-goog-hash|content-md5")


@hookimpl
def wheelhouse_tiers() -> Sequence[Tier]:
    """Return ``container``: the store sends the headers."""
    return (Tier.CONTAINER,)


@hookimpl
def wheelhouse_response_claims(
    artifact: ListedArtifact, headers: Mapping[str, str], run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Read the metadata headers that are named after a digest algorithm, and other digests."""
    names = " ".join(headers)
    claims = _metadata(artifact, headers) if _META in names else []
    if _FIELDS.search(names):
        claims += _fields(artifact, headers, run, claims)
    return claims


def _metadata(artifact: ListedArtifact, headers: Mapping[str, str]) -> list[Claim | Finding]:
    claims: list[Claim | Finding] = []
    for prefix in PREFIXES:
        for algorithm in ALGORITHMS:
            value = headers.get(prefix + algorithm)
            if value is None:
                continue
            where = f"{prefix}{algorithm} of {shown(artifact.url)}"
            try:
                claims.append(Claim(Digest(algorithm, value), SOURCE, where, travels=True))
            except ValueError as error:
                claims.append(Finding(Cause.UNREADABLE_HASH, f"{where}: {error}"))
    return claims


def _fields(
    artifact: ListedArtifact,
    headers: Mapping[str, str],
    run: Run[CheckOptions],
    metadata: Sequence[Claim | Finding],
) -> list[Claim | Finding]:
    """Read the other fields.  A server adds some of them unasked, so a bad one is only noted."""
    # Imported here because most responses have none of these fields.
    from wheelhouse_hashes.formats.header_digests import read_digests

    known = {each.digest for each in metadata if isinstance(each, Claim)}
    claims: list[Claim | Finding] = []
    for field, found in read_digests(headers):
        where = f"{field} of {shown(artifact.url)}"
        if not isinstance(found, Digest):
            run.note_once(f"{field}: {found}", f"{where}: ignored: {found}")
        elif found not in known and not (known and found.algorithm == "md5"):
            known.add(found)
            claims.append(Claim(found, SOURCE, where, travels=True))
    return claims
