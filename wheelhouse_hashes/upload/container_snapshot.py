"""One listing of a container, with its companions assigned to their artifacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.hooks import Plugins
    from wheelhouse_hashes.stores.stored import Stored


class ContainerSnapshot:
    """The objects of a container at one moment.

    :param objects: the container's listing, by name.
    :param plugins: identify companions and the artifacts they belong to.
    """

    def __init__(self, objects: Mapping[str, Stored], plugins: Plugins) -> None:
        #: The objects, by name.
        self.objects = objects
        self._plugins = plugins

    @cached_property
    def companions(self) -> Mapping[str, list[str]]:
        """The names of the listed companions, by artifact name."""
        companions: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self.objects):
            if (owner := self._plugins.companion_of(name)) is not None:
                companions[owner].append(name)
        return dict(companions)
