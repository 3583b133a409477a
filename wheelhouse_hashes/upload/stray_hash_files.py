"""Hash files beside a published artifact that the run itself does not publish.

An earlier run with another ``--hash-algorithm`` or another tool may have left them.  A
fetch checks every one of them, so one that contradicts the artifact makes it useless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import ALGORITHMS
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError, Refusal
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    format_hash_file,
    hash_file_name,
    parse_hash_file,
)
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.upload.companions import media_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wheelhouse_hashes.artifacts import Companion, Digest, LocalArtifact
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot


def listed_algorithms(snapshot: ContainerSnapshot, name: str) -> list[str]:
    """Return the algorithms of an artifact's listed hash files.

    :param snapshot: the container's listing.
    :param name: the artifact's name.
    """
    return [each for each in ALGORITHMS if hash_file_name(name, each) in snapshot.objects]


def correct_stray_hash_files(
    run: Session[UploadOptions],
    store: Store,
    snapshot: ContainerSnapshot,
    artifact: LocalArtifact,
    companions: Sequence[Companion],
) -> Iterator[Refusal]:
    """Correct hash files that contradict an artifact in the container; report foreign ones.

    A file in the format of this package is corrected.  Any other one is left, because
    another tool may maintain it.

    :param run: the command in progress.
    :param store: the container.
    :param snapshot: the container's listing at the start of the run.
    :param artifact: the artifact; it must be in the container.
    :param companions: the objects that the run publishes beside it.
    :returns: an error for each hash file that still contradicts the artifact.
    :raises StoreError: if one cannot be read or replaced.
    """
    ours = {companion.name for companion in companions}
    for algorithm in listed_algorithms(snapshot, artifact.name):
        name = hash_file_name(artifact.name, algorithm)
        if name in ours:
            continue
        digest = artifact.digest(algorithm)
        right = format_hash_file(digest, artifact.name)
        if store.is_known_content(snapshot.objects[name], right):
            continue
        content = store.read(name, MAX_BYTES + 1)
        if content is None:
            continue
        try:
            found = parse_hash_file(content, artifact.name, algorithm).digest
        except HashFileError:
            yield _refusal(run, name, digest, Cause.UNREADABLE_HASH, "is not a valid hash file")
            continue
        if found == digest:
            continue
        if content != format_hash_file(found, artifact.name):
            yield _refusal(run, name, digest, Cause.CONFLICT, f"contains {found}")
        elif store.replace_bytes(name, content, right, media_type(name)):
            run.note(line("note", name, f"corrected: it contained {found}"))


def _refusal(
    run: Session[UploadOptions], name: str, digest: Digest, cause: Cause, why: str
) -> Refusal:
    algorithms = dict.fromkeys((*run.algorithms, digest.algorithm))
    options = " ".join(f"--hash-algorithm {algorithm}" for algorithm in algorithms)
    return Refusal(
        cause,
        f"{name} {why}, but the artifact has {digest}; a fetch will refuse the artifact: delete "
        f"{name}, or upload it again with --hashfile {options}",
    )
