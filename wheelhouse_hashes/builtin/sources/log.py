"""A transparency log: what others saw under this name, as a second opinion.

``--log`` and ``--log-key`` name it.  Every artifact must then be in the log.  The work is in
:mod:`wheelhouse_hashes.builtin.logs`, which is imported when the options are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Finding, ListedArtifact, Tier
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.option_values import Once
from wheelhouse_hashes.options import PREFIX, CheckOptions, Options

if TYPE_CHECKING:
    from wheelhouse_hashes.builtin.logs.checking import CheckedLog
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

SOURCE = "log"

#: The suffix of a companion with the proof that its artifact is in a log.
_PROOF = ".tlog-proof"

#: The log of each run that uses one.
_logs: dict[Run[Any], CheckedLog] = {}


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--log``, ``--log-key`` and ``--log-checkpoint``."""
    if verb not in ("fetch", "verify"):
        return
    parser.add_argument(
        "--log",
        path="folder",
        action=Once,
        metavar="WHERE",
        environment=f"{PREFIX}LOG",
        help="transparency log (URL, folder or container://NAME) that must have every artifact; "
        f"needs --log-key (environment: {PREFIX}LOG)",
    )
    parser.add_argument(
        "--log-key",
        action=Once,
        metavar="VKEY",
        environment=f"{PREFIX}LOG_KEY",
        help=f"public key of the log, as log keygen prints it (environment: {PREFIX}LOG_KEY)",
    )
    parser.add_argument(
        "--log-checkpoint",
        path="file",
        action=Once,
        metavar="FILE",
        help="file with an earlier checkpoint of the log, for CI jobs, which remember none: the "
        "log must contain it",
    )


@hookimpl
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Check the options."""
    if isinstance(run.options, CheckOptions):
        _start(cast("Run[CheckOptions]", run))


def _start(run: Run[CheckOptions]) -> None:
    options = run.options
    if options.log is None:
        if options.log_checkpoint is not None:
            raise UsageError("--log-checkpoint: no effect without --log; add --log")
        return
    # Imported here because few runs use a log.
    from wheelhouse_hashes.builtin.logs.checking import CheckedLog

    _logs[run] = CheckedLog(run, options.log, options.log_key, options.log_checkpoint)


@hookimpl
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:
    """Return ``logged`` if a log is given."""
    return () if run.options.log is None else (Tier.LOGGED,)


@hookimpl
def wheelhouse_prepare(run: Run[Options]) -> None:
    """Read the log, before anything is fetched."""
    log = _logs.get(run)
    if log is not None:
        log.open(fresh=run.fresh)


@hookimpl
def wheelhouse_claims(
    artifact: ListedArtifact, run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Return the digest that the log has for the artifact's name."""
    log = _logs.get(run)
    return () if log is None else log.claims(artifact)


@hookimpl
def wheelhouse_companion_of(object_name: str) -> str | None:
    """Recognize proofs: ``X.whl.tlog-proof``."""
    if object_name.endswith(_PROOF):
        artifact = object_name.removesuffix(_PROOF)
        if parse_artifact_name(artifact) is not None:
            return artifact
    return None


@hookimpl
def wheelhouse_run_finished(run: Run[Options]) -> None:
    """Forget the log of the run."""
    log = _logs.pop(run, None)
    if log is not None:
        log.close()
