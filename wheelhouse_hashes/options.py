"""The parsed command line: one frozen dataclass per verb, and defaults.

Field names are option names with underscores.  An option that was not given has its
default value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from wheelhouse_hashes.masking import MASK, forms_of

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Tier

#: The prefix of option environment variables.
PREFIX = "WHEELHOUSE_UPLOADER_"

#: What to do if no digest is found for an artifact.
REFUSE, ACCEPT = "refuse", "accept"

#: The kind of companions that can be published and saved.
ATTESTATION = "attestation"

#: How to check the contents of artifacts.
CHECK_QUICK, CHECK_FULL, CHECK_NONE = "quick", "full", "none"

#: Maximum total time that a run waits for the store, in seconds.
DEFAULT_WAIT = 90.0

#: Maximum time to transfer one artifact, in seconds.  Six hours is the limit of a common CI job
#: and enough for 1.5 GB at 70 kB/s.  Stalled connections hit the idle limit much earlier;
#: this limit ends downloads that trickle just above it.
DEFAULT_TIMEOUT = 21600.0

#: Maximum number of artifacts processed at a time; for uploads that of the host.
DEFAULT_MAX_WORKERS = 4

#: The same for ``fetch``, which begins with fewer and grows as the server answers.
DEFAULT_FETCH_WORKERS = 16

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
    #: Whether to print what the command would do, and change nothing.
    dry_run: bool = False
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
    #: The kinds of files beside an artifact to publish with it: ``attestation``.
    carry: tuple[str, ...] = ()


class IndexOptions(StoreOptions):
    """The options of ``index``."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class HashOptions(Options):
    """The options of ``hash``."""

    #: The files to hash, and the folders whose artifacts to hash.
    paths: tuple[str, ...] = ("dist",)
    #: The file for the digest list, None for standard output.
    sums: str | None = None
    #: The folder for the hash files, None for none.
    sidecars: str | None = None


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
    #: Whether a downloads page without its hash is an ordinary index page.
    unpinned: bool = False
    #: The signers of which each artifact must have an attestation; empty if it need not.
    attested_by: tuple[str, ...] = ()
    #: The file with the keys that attestations are checked with, None for those of sigstore.
    trusted_root: str | None = None
    #: Number of artifacts to process in parallel.
    max_workers: int = DEFAULT_MAX_WORKERS
    #: Whether to refuse yanked artifacts.
    fail_on_yanked: bool = False
    #: The required number of good artifacts, None for any number.
    expect: int | None = None
    #: A file with names and patterns of the required artifacts, None if not given.
    expect_file: str | None = None
    #: The release whose kinds of artifacts are required, None if not given.
    expect_like: str | None = field(default=None, repr=False)
    #: Patterns of the tags of artifacts of that release that are no longer built.
    without: tuple[str, ...] = ()
    #: Files with build identifiers of cibuildwheel, each of which requires a wheel.
    expect_cibuildwheel: tuple[str, ...] = ()
    #: Patterns of the tags of artifacts that are not asked for.
    exclude: tuple[str, ...] = ()
    #: The file to write the digests of verified artifacts to, None for no file.
    sums: str | None = None
    #: Whether to print the grid of the release.
    grid: bool = False
    #: The file for the report as a page, None for no file.
    html: str | None = None
    #: The artifacts whose verdicts to explain.
    explain: tuple[str, ...] = ()
    #: The transparency log that must have each artifact, None for no log.
    log: str | None = field(default=None, repr=False)
    #: The public key of the log, None if not given.
    log_key: str | None = None
    #: A file with an earlier checkpoint of the log, None if not given.
    log_checkpoint: str | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The paths and URLs that the user gave."""
        return (*([self.url] if isinstance(self, FetchOptions) else []), *self.against)


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
    #: Maximum number of artifacts to process in parallel.
    max_workers: int = DEFAULT_FETCH_WORKERS
    #: The kinds of companions to save beside verified artifacts: ``attestation``.
    save: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class VerifyOptions(CheckOptions):
    """The options of ``verify``."""

    #: The folder with the artifacts to check, or a digest list.
    folder: str
    #: The address of the project's page at a package index to compare with; None if not given.
    index: str | None = field(default=None, repr=False)
    #: Patterns of the names of files that the index may have beside the artifacts.
    allow_extra: tuple[str, ...] = ()
    #: Whether to read the files that the index serves.
    download: bool = False
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
