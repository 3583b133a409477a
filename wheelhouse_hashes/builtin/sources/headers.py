"""Digests in an object's own metadata, read from the response that carries its bytes.

They are neither older nor newer than the bytes, so they distinguish a store that is
between two versions from one that has the wrong bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import ALGORITHMS, Claim, Digest, Finding, ListedArtifact, Tier
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.urls import shown

SOURCE = "header"

#: Prefixes of metadata headers: OpenStack Swift, the S3 family, Google Cloud Storage,
#: Azure Blob Storage.
PREFIXES = ("x-object-meta-", "x-amz-meta-", "x-goog-meta-", "x-ms-meta-")


@hookimpl
def wheelhouse_tiers() -> Sequence[Tier]:
    """Return ``container``: the store sends the metadata."""
    return (Tier.CONTAINER,)


@hookimpl
def wheelhouse_response_claims(
    artifact: ListedArtifact, headers: Mapping[str, str]
) -> Sequence[Claim | Finding]:
    """Read the metadata headers that are named after a digest algorithm."""
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
