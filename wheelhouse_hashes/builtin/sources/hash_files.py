"""Hash files: published beside each artifact on upload, requested on fetch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

_TO_TRY = "algorithm of the hash files to try if the source lists no hash files"

#: The verbs with ``--hash-algorithm``, and what it is for.
_PURPOSES: Mapping[str, str] = {
    "hash": "algorithm of the digests",
    "upload": "algorithm of the hash files",
    "fetch": _TO_TRY,
    "verify": f"{_TO_TRY}, and of a digest list whose digests two algorithms may have",
}


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
    if (purpose := _PURPOSES.get(verb)) is not None:
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
    """Read all listed hash files, or, if none are listed, the first one that exists.

    An unlisted one is requested only if the folder is likely to have some, see
    :mod:`wheelhouse_hashes.runtime.unlisted`.
    """
    listed = [a for a in ALGORITHMS if hash_file_name(artifact.name, a) in artifact.companions]
    if listed:
        claims = [_read(artifact, run, algorithm) for algorithm in listed]
        return [claim for claim in claims if claim is not None]
    return run.unlisted.ask(
        artifact,
        lambda: _unlisted(artifact, run),
        lambda other: bool(_unlisted(other, run)),
        fresh=run.fresh,
    )


def _read(
    artifact: ListedArtifact, run: Run[CheckOptions], algorithm: str
) -> Claim | Finding | None:
    """Read a listed hash file; None if it does not exist."""
    url = _url(artifact, run, algorithm)
    try:
        content = run.companion(artifact, hash_file_name("", algorithm))
        if content is None:
            return None
        return _claim(content, artifact, algorithm, url)
    except (HashFileError, TransferError) as error:
        if error.cause not in (Cause.UNREADABLE_HASH, Cause.TOO_LARGE):
            raise
        return _finding(error, url)


def _unlisted(artifact: ListedArtifact, run: Run[CheckOptions]) -> list[Claim | Finding]:
    """Read the first hash file that exists; a server may return anything for one that does not."""
    # Nothing depends on it if there is another digest, so it gets a single retry; otherwise
    # it is requested again together with its artifact.
    optional = artifact.has_strong_claim
    for algorithm in run.algorithms:
        url = _url(artifact, run, algorithm)
        suffix = hash_file_name("", algorithm)
        try:
            content = run.companion(artifact, suffix, tries=2 if optional else 1)
            if content is not None:
                return [_claim(content, artifact, algorithm, url)]
        except (HashFileError, TransferError) as error:
            if _is_absence(error, optional=optional):
                run.note_once("no hash file", _why_absent(error, url))
            elif error.cause in (Cause.UNREADABLE_HASH, Cause.TOO_LARGE):
                return [_finding(error, url)]
            else:
                raise
    return []


def _url(artifact: ListedArtifact, run: Run[CheckOptions], algorithm: str) -> str:
    """Return the URL of a hash file."""
    return run.companion_url(artifact, hash_file_name("", algorithm)) or ""


def _claim(content: bytes, artifact: ListedArtifact, algorithm: str, url: str) -> Claim:
    read = parse_hash_file(content, artifact.name, algorithm)
    return Claim(read.digest, SOURCE, shown(url), origins=origins_of(url))


def _finding(error: HashFileError | TransferError, url: str) -> Finding:
    # The text of a TransferError has the URL already.
    text = str(error) if isinstance(error, TransferError) else f"{error} ({shown(url)})"
    return Finding(Cause.UNREADABLE_HASH, text, next=error.next)


def _why_absent(error: HashFileError | TransferError, url: str) -> str:
    """Return the note about a hash file that is treated as missing."""
    if isinstance(error, TransferError):
        # Its text has the URL already.
        return f"{error}; the page lists no hash file for this artifact, so it counts as missing"
    return (
        f"{shown(url)}: not a valid hash file, and the page lists no hash file for this artifact, "
        f"so it counts as missing ({error})"
    )


def _is_absence(error: HashFileError | TransferError, *, optional: bool) -> bool:
    """Return whether an error means that an unlisted hash file does not exist.

    :param optional: whether its artifact has another digest; a server error is then one, too.
    """
    if isinstance(error, HashFileError):
        return isinstance(error, NotAHashFile)
    if optional:
        # An error without a response (such as a bad certificate) concerns the whole server.
        return error.status != 0 or error.transient
    return error.status != 0 and not error.transient
