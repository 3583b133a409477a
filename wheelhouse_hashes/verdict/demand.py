"""What ``--attested-by`` demands of every artifact, checked as early as possible."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim, Finding, Tier
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions


def unmet_demand(options: CheckOptions, tiers: Iterable[Tier]) -> Refusal | None:
    """Return the reason to refuse an artifact that lacks a demanded tier; None if it has it.

    :param options: the options of the command.
    :param tiers: the tiers that claims about the artifact earn.
    """
    if not options.attested_by or Tier.ATTESTED in tiers:
        return None
    text = f"no attestation by {' or '.join(options.attested_by)} found for this artifact"
    return Refusal(Cause.NOT_ATTESTED, text, may_heal=False)


def check_demand(options: CheckOptions, heard: Iterable[Claim | Finding]) -> None:
    """Check the claims about an artifact before its bytes are read.

    :param options: the options of the command.
    :param heard: the claims and findings of all sources.
    :raises Refusal: if no claim can meet the demand.
    """
    if not options.attested_by:
        return
    items = list(heard)
    if not any(isinstance(item, Finding) for item in items):
        tiers = {item.earned for item in items if isinstance(item, Claim)}
        if unmet := unmet_demand(options, tiers):
            raise unmet
