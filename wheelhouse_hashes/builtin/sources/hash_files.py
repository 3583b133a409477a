"""Hash files: published beside each artifact on upload, requested on fetch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import (
    ALGORITHMS,
    DEFAULT_ALGORITHM,
    Claim,
    Companion,
    Digest,
    Finding,
    ListedArtifact,
    LocalArtifact,
    Tier,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError, NotAHashFile, TransferError, UsageError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.hash_file import (
    format_hash_file,
    hash_file_name,
    parse_hash_file,
    split_hash_file_name,
)
from wheelhouse_hashes.formats.urls import origins_of, shown
from wheelhouse_hashes.options import CheckOptions, Options, UploadOptions

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

SOURCE = "hash file"


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--hashfile`` and ``--hash-algorithm``."""
    if verb == "upload":
        parser.add_argument(
            "--hashfile",
            action="store_true",
            environment="WHEELHOUSE_UPLOADER_HASHFILE",
            help="publish a hash file (such as X.whl.sha256) beside each artifact, for use with "
            "sha256sum -c (environment: WHEELHOUSE_UPLOADER_HASHFILE=1)",
        )
    if verb in ("upload", "fetch", "verify"):
        purpose = "algorithm of the hash files" + (
            "" if verb == "upload" else " to try if the source lists no hash files"
        )
        parser.add_argument(
            "--hash-algorithm",
            action="append",
            environment="WHEELHOUSE_UPLOADER_HASH_ALGORITHM",
            choices=tuple(ALGORITHMS),
            metavar="NAME",
            help=f"{purpose}: {', '.join(ALGORITHMS)} (md5 detects accidental corruption, not "
            f"tampering); repeatable (default: {DEFAULT_ALGORITHM}; environment: "
            "WHEELHOUSE_UPLOADER_HASH_ALGORITHM, space-separated)",
        )


@hookimpl
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Refuse an upload with ``--hash-algorithm`` but without ``--hashfile``."""
    options = run.options
    if isinstance(options, UploadOptions) and options.hash_algorithm and not options.hashfile:
        raise UsageError("--hash-algorithm: no effect without --hashfile; add --hashfile")


@hookimpl
def wheelhouse_tiers() -> Sequence[Tier]:
    """Return ``container``: hash files are beside the artifacts."""
    return (Tier.CONTAINER,)


@hookimpl
def wheelhouse_companions(artifact: LocalArtifact, run: Run[UploadOptions]) -> Sequence[Companion]:
    """Publish one hash file for each algorithm."""
    if not run.options.hashfile:
        return []
    return [
        _companion(artifact.digest(algorithm), artifact.name)
        for algorithm in dict.fromkeys(run.options.hash_algorithm or (DEFAULT_ALGORITHM,))
    ]


def _companion(digest: Digest, name: str) -> Companion:
    return Companion(hash_file_name(name, digest.algorithm), lambda: format_hash_file(digest, name))


@hookimpl
def wheelhouse_companion_of(object_name: str) -> str | None:
    """Recognize hash files, such as ``X.whl.sha256``."""
    split = split_hash_file_name(object_name)
    if split is None or parse_artifact_name(split[0]) is None:
        return None
    return split[0]


@hookimpl
def wheelhouse_claims(
    artifact: ListedArtifact, run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Read all listed hash files, or, if none are listed, the first one that exists."""
    listed = [a for a in ALGORITHMS if hash_file_name(artifact.name, a) in artifact.companions]
    # A server may return anything for a hash file that is not listed.
    optional = not listed and any(
        isinstance(claim, Claim) and claim.digest.algorithm != "md5" for claim in artifact.claims
    )
    claims: list[Claim | Finding] = []
    for algorithm in listed or run.algorithms:
        suffix = hash_file_name("", algorithm)
        url = run.companion_url(artifact, suffix) or ""
        where = shown(url)
        try:
            # Nothing depends on an optional one, so it gets a single retry; the others are
            # requested again together with their artifact.
            content = run.companion(artifact, suffix, tries=2 if optional else 1)
            if content is None:
                continue
            read = parse_hash_file(content, artifact.name, algorithm)
        except (HashFileError, TransferError) as error:
            if optional and _is_absence(error):
                run.note_once("no hash file", _why_absent(error, where))
                continue
            if error.cause not in (Cause.UNREADABLE_HASH, Cause.TOO_LARGE):
                raise
            # The text of a TransferError has the URL already.
            text = str(error) if isinstance(error, TransferError) else f"{error} ({where})"
            claims.append(Finding(Cause.UNREADABLE_HASH, text))
        else:
            claims.append(Claim(read.digest, SOURCE, where, origins=origins_of(url)))
        if not listed:
            break
    return claims


def _why_absent(error: HashFileError | TransferError, where: str) -> str:
    """Return the note about a hash file that is treated as missing."""
    if isinstance(error, TransferError):
        # Its text has the URL already.
        return f"{error}; the page lists no hash file for this artifact, so it counts as missing"
    return (
        f"{where}: not a valid hash file, and the page lists no hash file for this artifact, so "
        f"it counts as missing ({error})"
    )


def _is_absence(error: HashFileError | TransferError) -> bool:
    """Return whether an error means that the hash file does not exist."""
    if isinstance(error, TransferError):
        # An error without a response (such as a bad certificate) concerns the whole server.
        return error.status != 0 or error.transient
    return isinstance(error, NotAHashFile)
