"""The parsed command line: one frozen dataclass per verb, defaults, and value parsers.

Field names are option names with underscores.  An option that was not given has its
default value.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, TypeVar

from wheelhouse_hashes.artifacts import ALGORITHMS, Tier
from wheelhouse_hashes.masking import MASK, forms_of

#: The prefix of option environment variables.
PREFIX = "WHEELHOUSE_UPLOADER_"

#: What to do if no digest is found for an artifact.
REFUSE, ACCEPT = "refuse", "accept"

#: How to check the contents of artifacts.
CHECK_QUICK, CHECK_FULL, CHECK_NONE = "quick", "full", "none"

#: Maximum total time that a run waits for the store, in seconds.
DEFAULT_WAIT = 90.0

#: Maximum time to transfer one artifact, in seconds.  Six hours is the limit of a common CI job
#: and enough for 1.5 GB at 70 kB/s.  Stalled connections hit the idle limit much earlier;
#: this limit ends downloads that trickle just above it.
DEFAULT_TIMEOUT = 21600.0

#: Number of artifacts processed in parallel.
DEFAULT_MAX_WORKERS = 4

#: Number of dev builds for each project and platform that a container keeps, as with the host.
DEFAULT_KEEP = 5

OptionsT = TypeVar("OptionsT", bound="Options")


class Secret(str):
    """The value of a secret option: a text whose ``repr`` does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)


def secrets_of(options: Options) -> tuple[str, ...]:
    """Return the forms of the secrets of the store and of plugins' options, to be masked.

    See :func:`wheelhouse_hashes.masking.forms_of`.
    """
    values = list(options.extra.values())
    if isinstance(options, AccountOptions) and options.secret:
        values.append(Secret(options.secret))
    flat = [one for v in values for one in (v if isinstance(v, (list, tuple)) else [v])]
    return forms_of(one for one in flat if isinstance(one, Secret))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Options:
    """Options common to all verbs.

    A verb without one of these options uses its default.  ``__repr__`` and ``__eq__``
    are written by hand because generating them for each class adds milliseconds to
    every start.
    """

    #: Whether to print only problems and the closing lines.
    quiet: bool = False
    #: Maximum total time to wait for missing files and to retry failed requests, in seconds.
    wait: float = DEFAULT_WAIT
    #: Maximum total time to transfer one artifact, retries included, in seconds.
    timeout: float = DEFAULT_TIMEOUT
    #: Whether to skip checking TLS certificates.
    no_ssl_check: bool = False
    #: The digest algorithms given with ``--hash-algorithm``; empty means the default.
    hash_algorithm: tuple[str, ...] = ()
    #: How to check the contents of artifacts: ``quick``, ``full`` or ``none``.
    check_contents: str = CHECK_QUICK
    #: The file for the JSON report, None for no report.
    report: str | None = None
    #: The options added by plugins that are not built in, by name.
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{type(self).__name__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AccountOptions(Options):
    """Options for accessing the account of a store."""

    #: The account name; None if it comes from the environment.
    username: str | None = field(default=None, repr=False)
    #: The secret key; None if it comes from the environment.
    secret: str | None = field(default=None, repr=False)
    #: The name of a libcloud storage provider.
    provider_name: str = "CLOUDFILES"
    #: The region, None if not given.
    region: str | None = None
    #: Arguments for the provider's driver as ``KEY=VALUE``; may contain secrets.
    driver_options: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class StoreOptions(AccountOptions):
    """Options for accessing a container; ``upload`` and ``index``."""

    #: The name of the container, with its prefix if it has one: ``CONTAINER/PREFIX``.
    container_name: str


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class UploadOptions(StoreOptions):
    """The options of ``upload``."""

    #: The folder with the artifacts to upload.
    local_folder: str = "dist"
    #: Number of artifacts to upload in parallel.
    max_workers: int = DEFAULT_MAX_WORKERS
    #: Whether to leave the index page unchanged.
    no_update_index: bool = False
    #: Whether to publish hash files.
    hashfile: bool = False
    #: Whether to refuse replacing an artifact that has different bytes.
    no_replace: bool = False
    #: Whether to send artifacts again that are already in the container.
    resend: bool = False
    #: The required number of artifacts in the container, None for any number.
    expect: int | None = None
    #: Whether a folder without artifacts is a success.
    allow_empty: bool = False
    #: Number of dev builds of each kind to keep.
    keep_dev_builds: int = DEFAULT_KEEP


class IndexOptions(StoreOptions):
    """The options of ``index``."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CheckOptions(AccountOptions):
    """Options for checking artifacts; ``fetch`` and ``verify``.

    The account is that of the private containers in addresses: ``container://NAME``.
    """

    #: What to do with an artifact without a claim: ``refuse`` or ``accept``.
    missing_hash: str = REFUSE
    #: The tiers that each artifact must have; empty if any will do.
    require: tuple[Tier, ...] = ()
    #: The digest lists, folders and URLs to compare artifacts with, beside the sources of
    #: the page; ``verify`` without any uses the folder itself.
    against: tuple[str, ...] = field(default=(), repr=False)
    #: Number of artifacts to process in parallel.
    max_workers: int = DEFAULT_MAX_WORKERS
    #: Whether to refuse yanked artifacts.
    fail_on_yanked: bool = False
    #: The required number of good artifacts, None for any number.
    expect: int | None = None
    #: A file with the names of the required artifacts, None if not given.
    expect_file: str | None = None
    #: The file to write the digests of verified artifacts to, None for no file.
    sums: str | None = None
    #: The artifacts whose verdicts to explain.
    explain: tuple[str, ...] = ()
    #: The transparency log that must have each artifact, None for no log.
    log: str | None = field(default=None, repr=False)
    #: The public key of the log, None if not given.
    log_key: str | None = None
    #: A file with an earlier checkpoint of the log, None if not given.
    log_checkpoint: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class FetchOptions(CheckOptions):
    """The options of ``fetch``."""

    #: The name of the project.
    project_name: str
    #: The URL to fetch from, as given by the user.
    url: str = field(repr=False)
    #: The version, None for all versions.
    version: str | None = None
    #: The folder for the fetched artifacts.
    local_folder: str = "dist"
    #: Whether to keep verified artifacts only; if False, the host fetches alone.
    verify: bool = False


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class VerifyOptions(CheckOptions):
    """The options of ``verify``."""

    #: The folder with the artifacts to check, or a digest list.
    folder: str
    #: Patterns of the names of other files that may be in the folder.
    allow: tuple[str, ...] = ()
    #: Whether to refuse other files in the folder, and a folder that other users can write to.
    strict_folder: bool = False


def make_options(
    kind: type[OptionsT], values: Mapping[str, Any], extra: Mapping[str, Any]
) -> OptionsT:
    """Return the options of a verb.

    :param kind: the options class.
    :param values: option names and values; None means the default, and lists become
        tuples.
    :param extra: names and values of the options added by plugins.
    """
    known = {each.name for each in fields(kind)} - {"extra"}
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in known and value is not None
    }
    return kind(**given, extra=MappingProxyType(dict(extra)))


# The functions below raise ArgumentTypeError, because argparse prints its message.  For a
# ValueError, it prints the function's name and the text, which may contain a secret.


def seconds(text: str) -> float:
    """Parse a non-negative number of seconds.

    :raises argparse.ArgumentTypeError: if the text is anything else.
    """
    value = _number(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError("must be a number of seconds, at least 0")
    return value


def some_seconds(text: str) -> float:
    """Parse a positive number of seconds.

    :raises argparse.ArgumentTypeError: if the text is anything else.
    """
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("must be a number of seconds, greater than 0")
    return value


def _number(text: str) -> float:
    """Return the number in a text, NaN if it has none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def count(text: str) -> int:
    """Parse a positive integer.

    :raises argparse.ArgumentTypeError: if the text is anything else.
    """
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError("must be a whole number, at least 1")
    return value


def algorithm(text: str) -> str:
    """Parse the name of a digest algorithm.

    :raises argparse.ArgumentTypeError: if it is not supported.
    """
    if text not in ALGORITHMS:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(ALGORITHMS)}")
    return text


def tier(text: str) -> Tier:
    """Parse the name of a tier.

    :raises argparse.ArgumentTypeError: if there is no such tier.
    """
    for each in Tier:
        if text == str(each):
            return each
    raise argparse.ArgumentTypeError(f"must be one of {', '.join(map(str, Tier))}")


def driver_option(text: str) -> str:
    """Parse ``KEY=VALUE``.

    :raises argparse.ArgumentTypeError: if the text is anything else.
    """
    key, equals, _ = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError("must be KEY=VALUE")
    return text
