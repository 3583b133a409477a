"""Claims in the headers of an artifact whose bytes are not requested.

They are requested for an artifact that has no other claim.  Servers may leave out the digests
that they send with the bytes (:rfc:`9110`, section 9.3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim, Finding, ListedArtifact
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.formats.urls import origins_of, scheme_of

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session

#: Statuses that mean "no such object".
_ABSENT = (404, 410)


def header_claims(
    run: Session[CheckOptions], artifact: ListedArtifact
) -> Sequence[Claim | Finding]:
    """Request the headers of an artifact, and return the claims in them.

    :param run: the command in progress.
    :param artifact: the artifact.
    :returns: claims that did not arrive with the bytes; empty if the server refuses the request,
        or the artifact is a local file.
    :raises TransferError: if the server does not respond, or may respond later.
    """
    local = not artifact.listed or scheme_of(artifact.url) in ("", "file")
    if local or not run.plugins.implement("wheelhouse_response_claims"):
        return ()
    try:
        response = run.client.head(artifact.url, headers=artifact.headers)
    except TransferError as error:
        if not error.status or error.transient:
            raise
        if error.status not in _ABSENT:
            run.note_once("no headers", f"{error}; so its headers (HEAD) are not a source")
        return ()
    claims = run.plugins.response_claims(artifact, response.headers, run)
    origins = origins_of(artifact.url)
    return [
        replace(claim, travels=False, origins=claim.origins or origins)
        if isinstance(claim, Claim)
        else claim
        for claim in claims
    ]
