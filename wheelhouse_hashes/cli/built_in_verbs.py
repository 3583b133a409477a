"""The built-in verbs.  Their modules are imported when they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.verbs import OptionGroup, Verb

if TYPE_CHECKING:
    from wheelhouse_hashes.options import HashOptions, IndexOptions, VerifyOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.run import Run

#: The meaning of exit code 2.
USAGE = "usage or installation error (for example, a plugin that cannot be loaded)"

#: Exit codes that every verb has.
COMMON_CODES: Mapping[int, str] = {2: USAGE, 130: "interrupted"}

#: Exit codes of verbs that use a store.
STORE_CODES: Mapping[int, str] = {
    5: "store, network or authentication error",
    6: "local file or disk error",
}


def _by_cause() -> dict[int, str]:
    """Return the exit codes of ``fetch`` and ``verify``: the causes of each."""
    words = {0: ["no artifact was refused"]}
    for cause in Cause:
        words.setdefault(cause.exit_code, []).append(cause.value)
    incomplete = "expectation not met (--expect and others)"
    words[Cause.MISSING_ARTIFACT.exit_code] += [incomplete, "nothing matched"]
    return {code: ", ".join(text) for code, text in words.items()}


_BY_CAUSE = _by_cause()


def _options_of_host(_options: OptionGroup) -> None:
    """Add nothing: the host has added the options."""


def _run_by_host(run: Run[Any]) -> int:
    raise NotImplementedError(f"{run.verb} is run through the host")


def _add_index_options(options: OptionGroup) -> None:
    options.add_argument("container_name", help="name of the container, or CONTAINER/PREFIX")
    options.add_argument(
        "--no-ssl-check", action="store_true", help="disable SSL certificate validation"
    )


def _index(run: Run[Any]) -> int:
    from wheelhouse_hashes.cli.index import rebuild_index

    return rebuild_index(cast("Session[IndexOptions]", run))


def _add_verify_options(options: OptionGroup) -> None:
    options.add_argument(
        "folder",
        path="file",
        help="path to the folder to verify, or to a digest list: its digests are then compared, "
        "and no artifact is read",
    )


def _verify(run: Run[Any]) -> int:
    from wheelhouse_hashes.cli.verify import verify_folder

    return verify_folder(cast("Session[VerifyOptions]", run))


def _add_hash_options(options: OptionGroup) -> None:
    options.add_argument(
        "paths",
        path="file",
        nargs="*",
        default=["dist"],
        metavar="PATH",
        help="an artifact, or a folder whose artifacts to hash; other files are skipped "
        "(default: dist)",
    )
    options.add_argument(
        "--sums",
        writes=True,
        metavar="FILE",
        help="write the digest list to FILE instead of standard output",
    )
    options.add_argument(
        "--sidecars",
        path="folder",
        metavar="FOLDER",
        help="write a hash file (such as X.whl.sha256) for each artifact to FOLDER, which is "
        "created if needed; the digest list is then written only with --sums",
    )


def _hash(run: Run[Any]) -> int:
    from wheelhouse_hashes.cli.hash import hash_artifacts

    return hash_artifacts(cast("Session[HashOptions]", run))


UPLOAD = Verb(
    "upload",
    "Upload artifacts to a container.",
    _options_of_host,
    _run_by_host,
    store=True,
    examples=(
        (
            "from a CI job, with username and secret in the environment",
            "upload --hashfile --no-update-index wheels",
        ),
        (
            "trial run: LOCAL uses the folder USERNAME/CONTAINER and ignores the secret",
            (
                "upload --hashfile --provider-name LOCAL \\\n"
                "      --username store --secret none --local-folder dist wheels"
            ),
        ),
        (
            "below a prefix, which is a container of its own with its own index page",
            "upload --hashfile wheels/nightly",
        ),
        (
            "to a private Swift cluster",
            (
                "upload --hashfile \\\n"
                "      --provider-name OPENSTACK_SWIFT \\\n"
                "      --driver-option ex_force_auth_url=https://auth.example.org:5000 wheels"
            ),
        ),
    ),
    exit_codes={
        0: "all artifacts are in the container (--dry-run: nothing known prevents it)",
        1: "artifact refused (for example, by --no-replace), or plugin error",
        4: "no artifact found, a file that looks like one was skipped, or the index page is "
        "another program's and was kept",
    },
)

FETCH = Verb(
    "fetch",
    "Fetch the artifacts of a project.",
    _options_of_host,
    _run_by_host,
    examples=(
        (
            "download a complete release and write a digest list",
            (
                "fetch --verify --version 1.0 --expect 39 \\\n"
                "      --sums SHA256SUMS demo https://example.org/wheels/"
            ),
        ),
        (
            "show why an artifact is refused",
            "fetch --verify --explain demo-1.0.tar.gz \\\n      demo https://example.org/wheels/",
        ),
    ),
    exit_codes=_BY_CAUSE,
)

INDEX = Verb(
    "index",
    "Rebuild the index page of a container from its contents.",
    _add_index_options,
    _index,
    store=True,
    examples=(
        ("after all upload jobs have finished", "index wheels"),
        (
            "local store: LOCAL uses the folder USERNAME/CONTAINER and ignores the secret",
            "index --provider-name LOCAL \\\n      --username store --secret none wheels",
        ),
    ),
    exit_codes={
        0: "index page written",
        1: "plugin error",
        4: "the index page is another program's and was kept",
    },
)

VERIFY = Verb(
    "verify",
    "Verify the artifacts in a local folder, without changing anything.",
    _add_verify_options,
    _verify,
    examples=(
        ("last check before twine upload", "verify dist --against SHA256SUMS --expect 39"),
        ("check against the hash files in the folder", "verify dist"),
        (
            "check against the current contents of the container",
            "verify dist \\\n      --against https://example.org/wheels/",
        ),
        (
            "compare a digest list with a lock file, without the artifacts",
            "verify SHA256SUMS --against uv.lock",
        ),
    ),
    exit_codes=_BY_CAUSE,
)

HASH = Verb(
    "hash",
    "Hash local artifacts: print a digest list for sha256sum -c, or write hash files.",
    _add_hash_options,
    _hash,
    prints_result=True,
    examples=(
        ("in a build job: a digest list to keep beside the wheels", "hash dist > SHA256SUMS"),
        ("the same, in a file that is whole or not there", "hash dist --sums SHA256SUMS"),
        ("one hash file for each artifact, in another folder", "hash dist --sidecars hashes"),
        (
            "several algorithms in one read, for cksum -c",
            "hash dist \\\n      --hash-algorithm sha256 --hash-algorithm blake2b",
        ),
    ),
    exit_codes={
        0: "all artifacts are hashed",
        1: "artifact refused (for example, because its contents do not match its name), or "
        "plugin error",
        4: "no artifact found, or a file that looks like one was skipped",
        6: "an artifact cannot be read, or the digests cannot be written",
    },
)
