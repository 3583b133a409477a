"""The built-in plugins.  They use the public hooks, and nothing else of ours."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from wheelhouse_hashes import completeness, options, progress
from wheelhouse_hashes.reports import explain, github, jsonfile, sums
from wheelhouse_hashes.sources import folders, hashfiles, headers, indexpages

#: The name that each one is blocked by, in the order in which they register;
#: the last one is asked first, but adds its options last.
BUILT_IN: Mapping[str, ModuleType] = {
    "options": options,
    "completeness": completeness,
    "index-pages": indexpages,
    "folders": folders,
    "headers": headers,
    "hash-files": hashfiles,
    "explain": explain,
    "sums-file": sums,
    "json-report": jsonfile,
    "github": github,
    "progress": progress,
}
