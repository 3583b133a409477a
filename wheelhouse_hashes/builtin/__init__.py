"""The built-in plugins, which take part in a command through the public hooks.

``sources`` find artifacts and claims, ``reports`` say what became of a command; options
and progress are here.  Plugins import the public modules and ``formats``.  Some still
import ``disk`` and ``runtime``; none imports a room above those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.builtin import completeness, options, progress
from wheelhouse_hashes.builtin.reports import explain, github, json_report, sums
from wheelhouse_hashes.builtin.sources import hash_files, headers, index_pages, local_folders

if TYPE_CHECKING:
    from types import ModuleType

#: The name that each one is blocked by, in the order in which they register;
#: the last one is asked first, but adds its options last.
BUILT_IN: Mapping[str, ModuleType] = {
    "options": options,
    "completeness": completeness,
    "index-pages": index_pages,
    "folders": local_folders,
    "headers": headers,
    "hash-files": hash_files,
    "explain": explain,
    "sums-file": sums,
    "json-report": json_report,
    "github": github,
    "progress": progress,
}
