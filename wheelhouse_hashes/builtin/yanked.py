"""Yanked artifacts (:pep:`592`): named, and refused with ``--fail-on-yanked``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Finding, ListedArtifact
from wheelhouse_hashes.causes import Cause

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: Maximum length of a reason, in characters; longer ones are cut.
MAX_REASON = 200


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--fail-on-yanked``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--fail-on-yanked",
            action="store_true",
            help="refuse artifacts that the page marks as yanked (PEP 592; exit code 4); "
            "otherwise a note names them",
        )


@hookimpl
def wheelhouse_claims(
    artifact: ListedArtifact, run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Object to a yanked artifact, or name it."""
    return [] if artifact.yanked is None else objections(artifact.name, artifact.yanked, run)


def objections(name: str, yanked: str, run: Run[CheckOptions]) -> Sequence[Finding]:
    """Return a finding about a yanked artifact with ``--fail-on-yanked``; otherwise name it.

    :param name: its name.
    :param yanked: the reason, which may be empty.
    :param run: the command in progress.
    """
    reason = " ".join(yanked.split())
    reason = reason if len(reason) <= MAX_REASON else reason[: MAX_REASON - 3] + "..."
    text = f"yanked: {reason}" if reason else "yanked"
    if run.options.fail_on_yanked:
        return [Finding(Cause.YANKED, reason or "the page gives no reason")]
    run.note_once(f"yanked {name}", f"{name}  {text}")
    return []
