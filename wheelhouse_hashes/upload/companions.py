"""The companions of an artifact: collected from the plugins, and read in the container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError, Refusal
from wheelhouse_hashes.filenames import printable, why_unsafe
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    hash_file_name,
    parse_hash_file,
    split_hash_file_name,
)
from wheelhouse_hashes.runtime.retry import repeat
from wheelhouse_hashes.stores.base import BINARY, TEXT, Store

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Companion, Digest, LocalArtifact
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session

T = TypeVar("T")


def collect_companions(run: Session[UploadOptions], artifact: LocalArtifact) -> list[Companion]:
    """Collect companions from the plugins; reject one whose name no plugin recognizes.

    A plugin's request that failed is repeated, also one for a companion's content.

    :param run: the command in progress.
    :param artifact: the artifact.
    :raises Refusal: if a companion has an unsafe name, or one that no plugin recognizes.
    """
    companions = [
        replace(companion, content=_repeating(run, artifact, companion.content))
        for companion in _repeating(run, artifact, lambda: run.plugins.companions(artifact, run))()
    ]
    for companion in companions:
        if why := why_unsafe(companion.name):
            raise Refusal(
                Cause.UNSAFE_NAME,
                f"a plugin returned an invalid companion, {printable(companion.name)!r}: {why}",
            )
        if run.plugins.companion_of(companion.name) != artifact.name:
            raise Refusal(
                Cause.PLUGIN,
                f"a plugin returned an invalid companion, {companion.name!r}: no plugin's "
                f"wheelhouse_companion_of returns {artifact.name} for it",
            )
    return companions


def _repeating(
    run: Session[UploadOptions], artifact: LocalArtifact, call: Callable[[], T]
) -> Callable[[], T]:
    return lambda: repeat(call, run.budget, waiting=run.waiting(artifact.name))


def announced_digest(run: Session[UploadOptions], store: Store, name: str) -> Digest | None:
    """Return the digest in the container's hash file, None without a valid hash file.

    :param run: the command in progress.
    :param store: the container.
    :param name: the artifact's name.
    """
    for algorithm in run.algorithms:
        content = store.read(hash_file_name(name, algorithm), MAX_BYTES + 1)
        if content is not None:
            try:
                return parse_hash_file(content, name, algorithm).digest
            except HashFileError:
                continue
    return None


def media_type(companion: str) -> str:
    """Return a companion's media type; hash files are text, so that browsers show them."""
    return BINARY if split_hash_file_name(companion) is None else TEXT
