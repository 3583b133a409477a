"""Files of other tools that belong to artifacts that an upload replaced or pruned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheelhouse_hashes.formats.digest_list import is_list_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot

#: A file beside an artifact, such as ``X.whl.asc`` or ``X.tar.gz.minisig``.
_BESIDE = re.compile(r"(.+?\.(?:whl|tar\.gz|zip|exe))\..+", re.DOTALL)


def outdated_files(
    snapshot: ContainerSnapshot, replaced: Collection[str], pruned: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield objects that no plugin recognizes and that no longer fit, each with a description.

    They are left alone, because only the tool that made them can make them again.

    :param snapshot: the container's listing at the start of the run.
    :param replaced: the artifacts that now have other bytes.
    :param pruned: the artifacts that were deleted.
    """
    for name in sorted(snapshot.objects):
        if replaced and is_list_name(name):
            yield name, "may list the digests of replaced artifacts: create it again"
        beside = _BESIDE.fullmatch(name)
        if beside is None or name in snapshot.companions.get(beside[1], ()):
            continue
        if beside[1] in replaced:
            yield name, "belongs to the previous artifact: create it again, or delete it"
        elif beside[1] in pruned:
            yield name, "belongs to an artifact that was pruned: delete it as well"
