"""Delete old dev builds together with their companions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.formats.dev_builds import DevBuilds
from wheelhouse_hashes.lines import line

if TYPE_CHECKING:
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot


def prune(
    run: Session[UploadOptions],
    store: Store,
    snapshot: ContainerSnapshot,
    uploaded: Mapping[str, Sequence[str]],
) -> list[str]:
    """Delete the dev builds that the uploaded ones supersede, but none of the uploaded ones.

    The parameters are those of :func:`superseded`.

    :returns: the names of the deleted objects.
    :raises StoreError: if an object cannot be deleted.
    """
    deleted: list[str] = []
    for victim in superseded(run, store, snapshot, uploaded):
        store.delete(victim)
        run.note(line("pruned", victim))
        deleted.append(victim)
    return deleted


def superseded(
    run: Session[UploadOptions],
    store: Store,
    snapshot: ContainerSnapshot,
    uploaded: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    """Yield the objects to delete: superseded dev builds, each before its companions.

    In this order, a build never exists without its hash file.

    An uploaded build may be older than those in the container, for example if it is of
    a maintenance branch.  If a lagging listing lacks some builds, too few are deleted.  If it
    still shows builds that are gone, they must not cost an existing one, so the builds to
    keep are looked up in the store first.

    :param run: the command in progress.
    :param store: the container.
    :param snapshot: the container's listing at the start of the run.
    :param uploaded: the artifacts that this run published, with the names of
        their companions; the listing may not show them yet.
    """
    companions = {
        name: {*snapshot.companions.get(name, ()), *uploaded.get(name, ())}
        for name in {*snapshot.companions, *uploaded}
    }
    keep = run.options.keep_dev_builds
    # Builds of which only companions are left count too: an earlier delete may
    # have failed halfway.
    builds = DevBuilds({*snapshot.objects, *companions})
    kinds = {tuple(builds.like(name)) for name in uploaded}
    for kind in sorted(kinds):
        kept = 0
        for build in kind if len(kind) > keep else ():
            if build in uploaded:
                kept += 1
                continue
            if kept < keep:
                kept += store.stat(build) is not None
                continue
            for victim in (build, *sorted(companions.get(build, ()))):
                if victim in snapshot.objects:
                    yield victim
