"""The built-in plugins.  They use the public hooks, and nothing else of ours."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from wheelhouse_hashes import options
from wheelhouse_hashes.sources import hashfiles, headers, indexpages

#: The name that each one is blocked by, in the order in which they register;
#: the last one is asked first.
BUILT_IN: Mapping[str, ModuleType] = {
    "options": options,
    "index-pages": indexpages,
    "headers": headers,
    "hash-files": hashfiles,
}
