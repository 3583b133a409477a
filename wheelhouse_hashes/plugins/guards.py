"""Checks of what plugins are and return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim, Entry, Finding, Listing
from wheelhouse_hashes.errors import PluginError

if TYPE_CHECKING:
    import pluggy

    from wheelhouse_hashes.artifacts import Companion


def guarded_content(
    plugin: str,
    hook: str,
    companion: Companion,
    keeps_its_meaning: Callable[[BaseException, str], bool],
) -> Callable[[], bytes]:
    """Return a companion's content function, wrapped so that errors name the plugin.

    :param plugin: the description of the plugin, for messages.
    :param hook: the hook that returned the companion.
    :param companion: the companion.
    :param keeps_its_meaning: returns whether an exception is passed on as it is.
    """

    def content() -> bytes:
        try:
            made = companion.content()
            if not isinstance(made, bytes):
                kind = type(made).__name__
                raise TypeError(f"the content of {companion.name} must be bytes, not {kind}")
        except BaseException as error:
            if keeps_its_meaning(error, hook):
                raise
            raise PluginError(plugin, hook, error) from error
        return made

    return content


def check_listing(listing: Listing) -> None:
    """Check the types of a listing's entries, before anything relies on them.

    :raises TypeError: if an entry or one of its fields has the wrong type.
    """
    for entry in listing.entries:
        if not isinstance(entry, Entry):
            raise TypeError(f"expected Entry, got {entry!r}")
        if not (
            isinstance(entry.name, str)
            and isinstance(entry.url, str)
            and (entry.size is None or isinstance(entry.size, int))
            and isinstance(entry.headers, Mapping)
            and all(isinstance(claim, (Claim, Finding)) for claim in entry.claims)
        ):
            raise TypeError(f"a field of the entry has the wrong type: {entry}")
    if not isinstance(listing.url, str):
        raise TypeError(f"expected the URL of the listing, got {listing.url!r}")


def unknown_hooks(manager: pluggy.PluginManager, plugin: object) -> list[str]:
    """Return the names of hooks that a plugin implements but that do not exist."""
    callers = manager.get_hookcallers(plugin) or []
    return [
        caller.name
        for caller in callers
        if caller.spec is None
        and not all(i.optionalhook for i in caller.get_hookimpls() if i.plugin is plugin)
    ]
