"""Options that belong to no other plugin.

A separate plugin, like the sources, so that these options use the public hook as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookspecs
from wheelhouse_hashes.artifacts import Tier
from wheelhouse_hashes.option_values import count, driver_option, seconds, some_seconds, tier
from wheelhouse_hashes.options import (
    ACCEPT,
    DEFAULT_FETCH_WORKERS,
    DEFAULT_KEEP,
    DEFAULT_MAX_WORKERS,
    DEFAULT_TIMEOUT,
    DEFAULT_WAIT,
    PREFIX,
    REFUSE,
)

if TYPE_CHECKING:
    from wheelhouse_hashes.verbs import OptionGroup


@hookspecs.hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add the general options of each verb."""
    if verb != "index":
        parser.add_argument(
            "-q",
            "--quiet",
            action="store_true",
            help="print only refused artifacts, warnings, errors and the summary",
        )
    if verb in ("upload", "fetch"):
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help=f"name the artifacts that would be {verb}ed, and change nothing; the exit code "
            "is that of what is known before anything is transferred",
        )
    if verb == "upload":
        _add_publishing_options(parser)
        add_driver_option(parser)
    if verb in ("upload", "index"):
        add_time_limits(
            parser,
            "wait for the store and to retry failed requests",
            "makes no progress for 60 seconds; the store may take 300 seconds to answer",
        )
    if verb == "fetch":
        parser.add_argument(
            "--verify",
            action="store_true",
            environment=f"{PREFIX}VERIFY",
            help="keep an artifact only if it matches every digest found for it "
            f"(environment: {PREFIX}VERIFY=1)",
        )
    if verb in ("fetch", "verify"):
        _add_check_options(parser, verb)
    if verb == "verify":
        _add_folder_options(parser)
    if verb not in ("hash", "upload", "index"):
        _add_network_options(parser)


def _add_publishing_options(parser: OptionGroup) -> None:
    parser.add_argument(
        "--no-replace",
        action="store_true",
        help="do not overwrite an artifact that is already in the container; fail with exit code "
        "1 if its content differs",
    )
    parser.add_argument(
        "--resend",
        action="store_true",
        help="upload everything again, even if it is already in the container",
    )
    parser.add_argument(
        "--allow-empty",
        action="store_true",
        environment=f"{PREFIX}ALLOW_EMPTY",
        help="succeed even if the folder has no artifacts (exit code 4 otherwise; environment: "
        f"{PREFIX}ALLOW_EMPTY=1)",
    )
    parser.add_argument(
        "--keep-dev-builds",
        type=count,
        metavar="N",
        default=DEFAULT_KEEP,
        help="number of dev builds to keep for each project and platform; older ones are deleted, "
        "but never those of this upload (default: %(default)s)",
    )


def add_driver_option(parser: OptionGroup) -> None:
    """Add ``--driver-option``, which every verb with a store has."""
    parser.add_argument(
        "--driver-option",
        dest="driver_options",
        action="append",
        type=driver_option,
        metavar="KEY=VALUE",
        environment=f"{PREFIX}DRIVER_OPTIONS",
        help="argument for the provider's Libcloud driver, such as host or "
        "ex_force_auth_url; repeatable; if KEY is unknown, the error message lists the valid "
        f"keys (environment: {PREFIX}DRIVER_OPTIONS, space-separated and quoted as in a shell)",
    )


#: How many artifacts a verb processes at a time, up to the maximum.
_GROWTH: Mapping[str, str] = {
    "fetch": ": fetch begins with 4, adds one for each good answer, and halves them if the server "
    "refuses connections or asks for fewer",
    "verify": ": verify begins with as many as there are processors, and adds one for each good "
    "answer while it mostly waits",
}


def _add_check_options(parser: OptionGroup, verb: str) -> None:
    own = "" if verb == "fetch" else " (default: the folder itself)"
    parser.add_argument(
        "--against",
        path="file",
        action="append",
        metavar="SOURCE",
        environment=f"{PREFIX}AGAINST",
        help="refuse an artifact unless SOURCE has its digest (exit code 3): a digest list such "
        "as SHA256SUMS, a requirements file, lock file or JSON report, a folder with hash files, "
        f"or a URL of one of them, of an index page or of a container; repeatable{own} "
        f"(environment: {PREFIX}AGAINST, space-separated)",
    )
    parser.add_argument(
        "--missing-hash",
        choices=(REFUSE, ACCEPT),
        default=REFUSE,
        help="what to do if no digest is found for an artifact (default: %(default)s)",
    )
    parser.add_argument(
        "--require",
        action="append",
        type=tier,
        metavar="TIER",
        environment=f"{PREFIX}REQUIRE",
        help="refuse an artifact unless a digest of this tier matches (exit code 3): "
        f"{', '.join(map(str, Tier))}; repeatable (environment: {PREFIX}REQUIRE, space-separated)",
    )
    parser.add_argument(
        "--max-workers",
        type=count,
        metavar="N",
        default=DEFAULT_FETCH_WORKERS if verb == "fetch" else DEFAULT_MAX_WORKERS,
        environment=f"{PREFIX}MAX_WORKERS",
        help=f"maximum number of artifacts to process concurrently{_GROWTH.get(verb, '')} "
        f"(default: %(default)s; environment: {PREFIX}MAX_WORKERS)",
    )


def _add_folder_options(parser: OptionGroup) -> None:
    parser.add_argument(
        "--allow",
        action="append",
        metavar="NAME-GLOB",
        help="ignore files of these names that are not artifacts; without it, a file that twine "
        "would send without a check is an error (exit code 4), and one that twine would refuse "
        "is noted; repeatable",
    )
    parser.add_argument(
        "--strict-folder",
        action="store_true",
        help="also fail if the folder has files that twine would refuse (exit code 4), or if "
        "other users can write to it (exit code 6)",
    )


def _add_network_options(parser: OptionGroup) -> None:
    add_time_limits(
        parser,
        "wait for files that are not published yet and to retry failed requests",
        "stays below 1000 bytes per second for 60 seconds",
    )
    parser.add_argument(
        "--no-ssl-check",
        action="store_true",
        help="do not verify TLS certificates (insecure: downloads can be modified in "
        "transit); for a private CA, set SSL_CERT_FILE instead",
    )


def add_time_limits(parser: OptionGroup, waits: str, stalls: str) -> None:
    """Add ``--wait`` and ``--timeout``.

    :param waits: what a run waits for, after "to".
    :param stalls: when a request fails, other than by connecting.
    """
    parser.add_argument(
        "--wait",
        type=seconds,
        metavar="SECONDS",
        default=DEFAULT_WAIT,
        environment=f"{PREFIX}WAIT",
        help=f"maximum total time to {waits} (default: %(default)g; environment: {PREFIX}WAIT)",
    )
    parser.add_argument(
        "--timeout",
        type=some_seconds,
        metavar="SECONDS",
        default=DEFAULT_TIMEOUT,
        environment=f"{PREFIX}TIMEOUT",
        help="maximum total time to transfer one artifact, retries included; in addition, a "
        f"request fails if it cannot connect within 30 seconds or {stalls} "
        f"(default: %(default)g; environment: {PREFIX}TIMEOUT)",
    )
