"""Documents with attestations, and what checking them gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_hashes.builtin.sources.attestation_claims import Failed
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.attestations import (
    MAX_ATTESTATIONS,
    Attestation,
    UnreadableAttestation,
    read_attestations,
)

if TYPE_CHECKING:
    from wheelhouse_hashes.builtin.sources.attestation_claims import Checked


#: Maximum number of documents that are read for one artifact.
MAX_DOCUMENTS = 64


@dataclass(frozen=True)
class Document:
    """A document that was found, or why it could not be read."""

    #: The name under which it belongs beside the artifact; empty if it is about several.
    name: str
    #: Its path or URL, for messages.
    where: str
    #: The attestations in it.
    attestations: Sequence[Attestation] = ()
    #: Its content.
    content: bytes = b""
    #: Why it could not be read; empty if it could.
    problem: str = ""
    #: Whether nothing is there, although the listing names it.
    absent: bool = False


def document(name: str, where: str, content: bytes) -> Document:
    """Return a document, read as far as it can be.

    :param name: the name under which it belongs beside the artifact.
    :param where: its path or URL, for messages.
    :param content: its content.
    """
    try:
        return Document(name, where, read_attestations(content), content)
    except UnreadableAttestation as error:
        return Document(name, where, content=content, problem=f"not an attestation: {error}")


def too_many(where: str, count: int) -> Document:
    """Return what stands for the documents of an artifact that are not read.

    :param where: the place that has them.
    :param count: the number of all documents there.
    """
    return Document("", where, problem=f"{count - MAX_DOCUMENTS} more documents are not read")


def results_of(
    documents: Sequence[Document], check: Callable[[Attestation], Checked | Failed] | None
) -> list[tuple[str, Checked | Failed]]:
    """Check the attestations of an artifact: at most :data:`MAX_ATTESTATIONS`.

    :param documents: the documents with them.
    :param check: checks one; None to check none of them.
    :returns: where each was found, and what became of it.
    """
    results: list[tuple[str, Checked | Failed]] = []
    checked = 0
    for each in documents:
        if each.problem:
            cause = Cause.NOT_ATTESTED if each.absent else Cause.UNREADABLE_HASH
            heals = "publish the attestation again, or remove it"
            results.append((each.where, Failed(cause, each.problem, heals, may_heal=True)))
        elif check is not None:
            few = each.attestations[: MAX_ATTESTATIONS - checked]
            checked += len(few)
            results += [(each.where, check(attestation)) for attestation in few]
            if len(few) < len(each.attestations):
                text = f"not checked: the artifact has more than {MAX_ATTESTATIONS} attestations"
                results.append((each.where, Failed(Cause.UNREADABLE_HASH, text)))
    return results
