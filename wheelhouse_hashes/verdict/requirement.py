"""``--require``: tiers that every artifact must have, checked before the first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Tier
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.lines import tiers_text
from wheelhouse_hashes.options import ACCEPT, CheckOptions

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.session import Session

#: What supplies each tier, for messages.
_SUPPLIED_BY = {
    Tier.CONTAINER: "give an address or a folder with hash files",
    Tier.ELSEWHERE: "give an https address with --against or --index",
    Tier.ATTESTED: "name the signer of attestations with --attested-by",
    Tier.LOGGED: "give a transparency log with --log and --log-key",
    Tier.PINNED: "give a digest list with --against, or a page with its hash (URL#sha256=HEX)",
}


def check_required_tiers(run: Session[CheckOptions]) -> None:
    """Check that the sources of a run can supply the tiers that ``--require`` names.

    :param run: the command in progress.
    :raises UsageError: if they cannot, or artifacts without a digest are accepted.
    """
    required = set(run.options.require)
    if required and run.options.missing_hash == ACCEPT:
        raise UsageError("--require: not possible with --missing-hash accept; remove one of them")
    if run.options.against and run.options.missing_hash == ACCEPT:
        raise UsageError("--against: not possible with --missing-hash accept; remove one of them")
    if run.options.attested_by and run.options.missing_hash == ACCEPT:
        raise UsageError(
            "--attested-by: not possible with --missing-hash accept; remove one of them"
        )
    # Asked in any case, so that a plugin that fails here fails in every run.
    supplied = set(run.plugins.tiers(run))
    lacking = sorted(required - supplied)
    if lacking:
        raise UsageError(
            *(
                f"--require {tier}: no source of this run can supply it (available: "
                f"{tiers_text(supplied) or 'none'}); {_SUPPLIED_BY[tier]}"
                for tier in lacking
            )
        )
