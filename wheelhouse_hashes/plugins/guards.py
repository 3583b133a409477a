"""Checks of what plugins are and return."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import Interrupted, PluginError, Refusal

if TYPE_CHECKING:
    import pluggy

    from wheelhouse_hashes.artifacts import Companion


def guarded_content(plugin: str, hook: str, companion: Companion) -> Callable[[], bytes]:
    """Return a companion's content function, wrapped so that errors name the plugin.

    :param plugin: the description of the plugin, for messages.
    :param hook: the hook that returned the companion.
    :param companion: the companion.
    """

    def content() -> bytes:
        try:
            made = companion.content()
            if not isinstance(made, bytes):
                kind = type(made).__name__
                raise TypeError(f"the content of {companion.name} must be bytes, not {kind}")
        except (Refusal, Interrupted):
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(plugin, hook, error) from error
        return made

    return content


def unknown_hooks(manager: pluggy.PluginManager, plugin: object) -> list[str]:
    """Return the names of hooks that a plugin implements but that do not exist."""
    callers = manager.get_hookcallers(plugin) or []
    return [
        caller.name
        for caller in callers
        if caller.spec is None
        and not all(i.optionalhook for i in caller.get_hookimpls() if i.plugin is plugin)
    ]
