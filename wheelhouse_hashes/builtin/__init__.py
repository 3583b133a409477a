"""Built-in plugins, which use the public hooks.

``sources`` locate artifacts and claims, ``reports`` write reports, ``verbs`` add verbs; the
modules here add options, checks and the progress display.  The plugins import only the public
modules and ``formats``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.builtin import completeness, options, progress, soundness, yanked
from wheelhouse_hashes.builtin.reports import explain, github, grid, html, json_report, sums
from wheelhouse_hashes.builtin.sources import (
    attestations,
    containers,
    digest_lists,
    hash_files,
    headers,
    index_pages,
    local_folders,
    log,
    package_index,
    pinned_pages,
    store_listings,
)
from wheelhouse_hashes.builtin.verbs import log as log_verbs
from wheelhouse_hashes.builtin.verbs import page

if TYPE_CHECKING:
    from types import ModuleType

#: Built-in plugins by the name that disables them, in registration order.  Hooks call
#: the last one first, but it adds its options last.
BUILT_IN: Mapping[str, ModuleType] = {
    "options": options,
    "completeness": completeness,
    "soundness": soundness,
    "yanked": yanked,
    "index-pages": index_pages,
    "store-listings": store_listings,
    "digest-lists": digest_lists,
    "folders": local_folders,
    "pinned-pages": pinned_pages,
    "containers": containers,
    "headers": headers,
    "attestations": attestations,
    "transparency-log": log,
    "log-verbs": log_verbs,
    "hash-files": hash_files,
    "package-index": package_index,
    "explain": explain,
    "grid": grid,
    "sums-file": sums,
    "json-report": json_report,
    "html": html,
    "github": github,
    "progress": progress,
    "pages": page,
}
