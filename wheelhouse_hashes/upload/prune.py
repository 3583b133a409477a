"""Delete old dev builds, and their companions with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.formats.dev_builds import KEEP, DevBuilds
from wheelhouse_hashes.report import line

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
    """Delete the dev builds that those just uploaded displace.

    A build is deleted before its companions, so that it is never there without
    its hash file.  A listing that lags shows too few builds, and then too few
    are deleted; one that shows builds which are gone must not cost a real one,
    so those that displace it are looked at first.

    :param run: the command in progress.
    :param store: the container.
    :param snapshot: what it listed at the start of the run.
    :param uploaded: the artifacts that this run published, and the names of
        their companions; the listing need not show them yet.
    :returns: the names of the deleted objects.
    :raises StoreError: if something cannot be deleted.
    """
    companions = {
        name: {*snapshot.companions.get(name, ()), *uploaded.get(name, ())}
        for name in {*snapshot.companions, *uploaded}
    }
    deleted: list[str] = []
    # Names of which only companions are left count too: a delete may have
    # failed half-way.
    builds = DevBuilds({*snapshot.objects, *companions})
    kinds = {tuple(builds.like(name)) for name in uploaded}
    for kind in sorted(kinds):
        kept = 0
        for build in kind if len(kind) > KEEP else ():
            if kept < KEEP:
                kept += build in uploaded or store.stat(build) is not None
                continue
            for victim in (build, *sorted(companions.get(build, ()))):
                if victim in snapshot.objects or build in uploaded:
                    store.delete(victim)
                    run.note(line("pruned", victim))
                    deleted.append(victim)
    return deleted
