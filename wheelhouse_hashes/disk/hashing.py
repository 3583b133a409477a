"""Hash many local files concurrently."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import LocalArtifact
from wheelhouse_hashes.disk.files import LocalFile, hash_file, size_on_disk
from wheelhouse_hashes.errors import Interrupted, Refusal, disk_errors
from wheelhouse_hashes.runtime.parallel import for_each

if TYPE_CHECKING:
    import threading

    from wheelhouse_hashes.runtime.activity import Activities, Activity

Hashed = dict[pathlib.Path, LocalArtifact | Refusal]


def hash_artifact(
    file: LocalFile, algorithms: tuple[str, ...], stop: threading.Event, activity: Activity
) -> LocalArtifact:
    """Read and hash an open file once.

    :param file: the file.
    :param algorithms: the digests to compute.
    :param stop: set when the run must end.
    :param activity: the work of this thread, for the display.
    :raises DiskError: if the file cannot be read.
    :raises Interrupted: if the run must end.
    """
    with disk_errors(f"read {file.path}"):
        version = file.identity
        seen = hash_file(file.rewound(), algorithms, stop, activity.begin("hashing"))
    return LocalArtifact(file.path, seen.size, seen.digests, version)


def hash_all(
    paths: Sequence[pathlib.Path],
    algorithms: tuple[str, ...],
    max_workers: int,
    stop: threading.Event,
    activities: Activities,
) -> Hashed:
    """Hash files concurrently; each is read once.

    :param paths: the files.
    :param algorithms: the digests to compute.
    :param max_workers: the maximum number of files to read at the same time.
    :param stop: set when the run must end.
    :param activities: the activities of the run, for the display.
    :returns: for each path, in their order, the file with its digests, or the reason why
        it cannot be read.
    :raises Interrupted: if the run must end.
    """
    results: Hashed = {}

    def hash_one(path: pathlib.Path) -> None:
        with activities.on(path.name) as activity:
            try:
                with LocalFile(path) as file:
                    results[path] = hash_artifact(file, algorithms, stop, activity)
            except Refusal as refusal:
                results[path] = refusal

    activities.plan({path.name: size_on_disk(path) for path in paths})
    if not for_each(paths, hash_one, max_workers, stop):
        raise Interrupted("interrupted")
    return {path: results[path] for path in paths}
