"""What checked attestations claim about an artifact, and why others are refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim, Digest, Finding, Tier
from wheelhouse_hashes.causes import Cause, gravest_cause
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.attestations import PREDICATES

if TYPE_CHECKING:
    from wheelhouse_hashes.formats.identities import Identity, Signer

SOURCE = "attestation"

#: Maximum number of objections to name in one text.
_MAX_OBJECTIONS = 3

#: The advice about attestations by others, and about those that are not valid.
_NEXT = (
    "do not publish it unless you know its signer; then name the signer with --attested-by, "
    "or let the workflow that builds it attest it again"
)


#: The advice about signatures of bytes.
_NAME_IT = (
    "let the workflow attest the artifact, for example with actions/attest: a signature "
    "of its bytes does not have its name"
)


@dataclass(frozen=True)
class Checked:
    """An attestation whose signature, certificate and log entry are valid."""

    #: Who signed it.
    signer: Signer
    #: The SHA-256 of each artifact that it names.
    subjects: Mapping[str, str] = field(default_factory=dict)
    #: What kind of statement it is: a URL.
    predicate: str = ""
    #: Whether it signs bytes instead of a statement, so it has no name and no subjects.
    unnamed: bool = False


@dataclass(frozen=True)
class Failed:
    """An attestation that is not valid, or that cannot be checked."""

    #: The cause to report.
    cause: Cause
    #: Why, one sentence without the name of the document.
    text: str
    #: What to do next, if the advice of the cause does not fit.
    next: str = ""
    #: Whether a retry may resolve it.
    may_heal: bool = False


@dataclass
class Decision:
    """What the attestations of one artifact come to."""

    #: The claims of those that count, with their signers.
    claims: list[tuple[Claim, Signer]] = field(default_factory=list)
    #: The others: where each was found, and why it does not count.
    objections: list[tuple[str, Failed]] = field(default_factory=list)

    @property
    def findings(self) -> Sequence[Finding]:
        """The finding that refuses the artifact; empty if an attestation counts."""
        if self.claims or not self.objections:
            return ()
        failures = [failed for _, failed in self.objections]
        cause = gravest_cause(failed.cause for failed in failures)
        texts = list(dict.fromkeys(f"{where}: {failed.text}" for where, failed in self.objections))
        text = "; ".join(texts[:_MAX_OBJECTIONS])
        text += f"; and {len(texts) - _MAX_OBJECTIONS} more" if len(texts) > _MAX_OBJECTIONS else ""
        own = next((failed.next for failed in failures if failed.cause is cause), "")
        advice = own or (_NEXT if cause is Cause.UNTRUSTED else "")
        heals = all(failed.may_heal for failed in failures)
        return (Finding(cause, text, next=advice, may_heal=heals),)


def decide(
    name: str,
    results: Iterable[tuple[str, Checked | Failed]],
    identities: Sequence[Identity],
    root: str,
) -> Decision:
    """Decide which attestations count for an artifact.

    :param name: the artifact's name.
    :param results: where each attestation was found, and what became of it.
    :param identities: the signers that the user named.
    :param root: the name of the trust root.
    """
    decision = Decision()
    for where, result in results:
        failed = result if isinstance(result, Failed) else _objection(name, result, identities)
        if failed is not None:
            decision.objections.append((where, failed))
        elif isinstance(result, Checked):
            decision.claims.append((_claim(name, result, where, root), result.signer))
    return decision


def _claim(name: str, checked: Checked, where: str, root: str) -> Claim:
    evidence = {
        **checked.signer.evidence(),
        "predicate": checked.predicate,
        "trust root": root,
    }
    digest = Digest("sha256", checked.subjects[name])
    return Claim(digest, SOURCE, where, Tier.ATTESTED, evidence=evidence)


def _objection(name: str, checked: Checked, identities: Sequence[Identity]) -> Failed | None:
    """Return why a valid attestation does not count for an artifact."""
    differences = [each.why_not(checked.signer) for each in identities]
    if None not in differences:
        named = " or ".join(each.text for each in identities)
        text = f"signed by {checked.signer}, not by {named}"
        if called := checked.signer.called:
            text += f"; it called {called}, and --attested-by names the calling workflow"
        return Failed(Cause.UNTRUSTED, printable(text))
    if checked.unnamed:
        text = f"{checked.signer} signed the bytes without a name, so they could be any artifact's"
        return Failed(Cause.NOT_ATTESTED, printable(text), _NAME_IT)
    if name not in checked.subjects:
        return Failed(Cause.UNTRUSTED, printable(_other_names(name, checked.subjects)))
    if checked.predicate not in PREDICATES:
        text = f"a statement of type {checked.predicate[:80]!r}, which does not say who made it"
        return Failed(Cause.NOT_ATTESTED, printable(text))
    return None


def _other_names(name: str, names: Iterable[str]) -> str:
    """Return the text about an attestation that does not have an artifact's name."""
    others = list(names)
    alike = [other for other in others if parse_artifact_name(other) == parse_artifact_name(name)]
    if alike:
        return f"attests {alike[0][:120]!r}, another spelling of this artifact's name"
    if not others:
        return "has no SHA-256 of any file"
    of = repr(others[0][:120]) if len(others) == 1 else f"{len(others)} other files"
    return f"attests {of}, not this artifact"
