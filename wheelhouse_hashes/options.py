"""The parsed command line: one frozen dataclass for each verb, defaults, readers of values.

The parser makes the dataclasses once, and nobody changes them.  Field names are the
names of the options with underscores; an option that nobody gave has its default.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, TypeVar

from wheelhouse_hashes.artifacts import ALGORITHMS

#: What the environment variables of options begin with.
PREFIX = "WHEELHOUSE_UPLOADER_"

#: The options that hand a verb of the host over to us, also by their environment variables.
SWITCHES: Mapping[str, tuple[str, ...]] = {
    "upload": ("hashfile", "driver_options"),
    "fetch": ("verify",),
}

#: What is done if nobody claims a digest.
REFUSE, ACCEPT = "refuse", "accept"

#: How long a run may wait in all, in seconds.
DEFAULT_WAIT = 90.0

#: Six hours, as long as a CI job may run: 1.5 GB at 70 kB/s.  A server that has
#: stopped is noticed by the idle limit; this one ends what merely drips.
DEFAULT_TIMEOUT = 21600.0

#: How many artifacts are worked on at the same time.
DEFAULT_MAX_WORKERS = 4

OptionsT = TypeVar("OptionsT", bound="Options")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Options:
    """What the options of all verbs have in common.

    Some verbs lack an option of these; the run goes by the default then.
    Comparing and showing stand here once: to generate them for each class would
    take milliseconds of every start.
    """

    #: Whether only what goes wrong and the closing lines are printed.
    quiet: bool = False
    #: How long a run may wait, in all, for a store that is not consistent yet; in seconds.
    wait: float = DEFAULT_WAIT
    #: How long one download may take, in all; in seconds.
    timeout: float = DEFAULT_TIMEOUT
    #: Whether TLS certificates go unchecked.
    no_ssl_check: bool = False
    #: The digest algorithms that were asked for; the default one if none was.
    hash_algorithm: tuple[str, ...] = ()
    #: The file for the JSON report, None if none is wanted.
    report: str | None = None
    #: The options that other plugins than the built-in ones added, by name.
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{type(self).__name__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class StoreOptions(Options):
    """How a verb reaches a store; ``upload`` and ``index``."""

    #: The name of the container.
    container_name: str
    #: The account; None if it is in the environment.
    username: str | None = field(default=None, repr=False)
    #: The secret key; None if it is in the environment.
    secret: str | None = field(default=None, repr=False)
    #: The name of a libcloud storage provider.
    provider_name: str = "CLOUDFILES"
    #: The region, None if nobody gave one.
    region: str | None = None
    #: Arguments of the provider's driver, ``KEY=VALUE`` each.  They may hold secrets.
    driver_options: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class UploadOptions(StoreOptions):
    """The options of ``upload``."""

    #: The folder whose artifacts are uploaded.
    local_folder: str = "dist"
    #: How many artifacts are sent at the same time.
    max_workers: int = DEFAULT_MAX_WORKERS
    #: Whether the index page is left as it is.
    no_update_index: bool = False
    #: Whether hash files are published.
    hashfile: bool = False
    #: Whether an artifact with other bytes is left alone.
    no_replace: bool = False
    #: Whether what is there already is sent again.
    resend: bool = False


class IndexOptions(StoreOptions):
    """The options of ``index``."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CheckOptions(Options):
    """How artifacts are judged; ``fetch`` and ``verify``."""

    #: What is done with an artifact without a claim: ``refuse`` or ``accept``.
    missing_hash: str = REFUSE
    #: How many artifacts are worked on at the same time.
    max_workers: int = DEFAULT_MAX_WORKERS
    #: The number of good artifacts that there must be, None if any will do.
    expect: int | None = None
    #: A file with the names of the artifacts that there must be.
    expect_file: str | None = None
    #: The file for the digests of what was verified, None if none is wanted.
    sums: str | None = None
    #: The artifacts whose verdicts are explained.
    explain: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class FetchOptions(CheckOptions):
    """The options of ``fetch``."""

    #: The name of the project.
    project_name: str
    #: The address that the artifacts are fetched from, as the user gave it.
    url: str = field(repr=False)
    #: The version, None for all versions.
    version: str | None = None
    #: The folder that artifacts are kept in.
    local_folder: str = "dist"
    #: Whether only what is verified is kept; without it the host fetches alone.
    verify: bool = False


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class VerifyOptions(CheckOptions):
    """The options of ``verify``."""

    #: The folder whose artifacts are judged.
    folder: str
    #: What announces the artifacts; None for the folder itself.
    against: str | None = field(default=None, repr=False)


#: The options of each verb.
OF_VERB: Mapping[str, type[Options]] = MappingProxyType(
    {
        "upload": UploadOptions,
        "fetch": FetchOptions,
        "index": IndexOptions,
        "verify": VerifyOptions,
    }
)


def make_options(
    kind: type[OptionsT], values: Mapping[str, Any], extra: Mapping[str, Any]
) -> OptionsT:
    """Return the options of a verb.

    :param kind: their class.
    :param values: option names and values; None is left to the default, and a
        list becomes a tuple.
    :param extra: the names and values of the options of other plugins.
    """
    known = {each.name for each in fields(kind)} - {"extra"}
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in known and value is not None
    }
    return kind(**given, extra=MappingProxyType(dict(extra)))


def refuse_our_names(verb: str, actions: Iterable[argparse.Action]) -> None:
    """Check that options of a plugin do not have the names of ours.

    :raises ValueError: if one does.
    """
    ours = {each.name for each in fields(OF_VERB[verb])}
    if names := sorted(ours.intersection(action.dest for action in actions)):
        raise ValueError(f"wheelhouse-hashes has options of these names: {', '.join(names)}")


def seconds(text: str) -> float:
    """Read a number of seconds that is not negative."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def some_seconds(text: str) -> float:
    """Read a number of seconds that is more than none."""
    value = seconds(text)
    if not value:
        raise ValueError(text)
    return value


def count(text: str) -> int:
    """Read a whole number from 1 on."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def algorithm(text: str) -> str:
    """Read the name of a digest algorithm."""
    if text not in ALGORITHMS:
        raise ValueError(text)
    return text


def driver_option(text: str) -> str:
    """Read ``KEY=VALUE``."""
    key, equals, _ = text.partition("=")
    if not key or not equals:
        # argparse would quote the text, in which there may be a secret.
        raise argparse.ArgumentTypeError("it is not KEY=VALUE")
    return text
