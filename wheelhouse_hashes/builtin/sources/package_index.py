"""``verify --index``: whether a package index serves what was built.

The project's page is enough: it has the digest, the size and the path of each file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.option_values import Once
from wheelhouse_hashes.options import ACCEPT, VerifyOptions

# The check is imported where it is needed: few runs have an index.
if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.artifacts import Artifact, Claim, Finding, ListedArtifact, Tier
    from wheelhouse_hashes.builtin.sources.index_check import IndexCheck
    from wheelhouse_hashes.options import CheckOptions, Options
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

_checks: WeakKeyDictionary[Run, IndexCheck] = WeakKeyDictionary()


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--index``, ``--allow-extra`` and ``--download``."""
    if verb != "verify":
        return
    parser.add_argument(
        "--index",
        action=Once,
        metavar="ADDRESS",
        help="check that a package index serves the same files, and no others of the release: the "
        "URL of the project's page there; waits within --wait until all of them are there "
        "(missing: not-served, surplus: not-built, exit code 4)",
    )
    parser.add_argument(
        "--allow-extra",
        action="append",
        metavar="NAME-GLOB",
        help="files of these names may be on the index without having been built; repeatable",
    )
    parser.add_argument(
        "--download",
        action="store_true",
        help="with --index: also read the files that the index serves",
    )


@hookimpl
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Check the options, without the network."""
    options = run.options
    if not isinstance(options, VerifyOptions):
        return
    if options.index is None:
        given = [("--allow-extra", options.allow_extra), ("--download", options.download)]
        for name in [name for name, value in given if value]:
            raise UsageError(f"{name}: no effect without --index; add --index")
        return
    if options.missing_hash == ACCEPT:
        raise UsageError("--index: not possible with --missing-hash accept; remove one of them")
    from wheelhouse_hashes.builtin.sources.index_check import IndexCheck

    _checks[run] = IndexCheck(cast("Run[CheckOptions]", run), options)


@hookimpl
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:
    """Return ``elsewhere`` if the address is secure."""
    return (_checks[run].tier,) if run in _checks else ()


@hookimpl
def wheelhouse_prepare(run: Run[Options]) -> None:
    """Request the project's page until it has all files, within ``--wait``."""
    if run in _checks:
        _checks[run].request()


@hookimpl
def wheelhouse_claims(
    artifact: ListedArtifact, run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Return what the index says about an artifact."""
    return _checks[run].claims(artifact.name) if run in _checks else []


@hookimpl
def wheelhouse_inspect(
    artifact: Artifact, path: pathlib.Path | None, digests: Mapping[str, str], run: Run[Options]
) -> Sequence[Finding]:
    """Compare the size and the path on the index with the file."""
    return _checks[run].inspect(artifact.name, path, digests) if run in _checks else []


@hookimpl
def wheelhouse_conclude(run: Run[Options], report: Report) -> Sequence[Finding]:
    """Object to files of the release that nobody built."""
    return _checks[run].surplus() if run in _checks and not report.interrupted else []
