"""Finding plugins: built-in ones, entry points, disabled ones."""

from __future__ import annotations

import functools
import inspect
import os
import types
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Self

import pluggy

from wheelhouse_hashes import hookspecs
from wheelhouse_hashes._startup import is_on
from wheelhouse_hashes.errors import Interrupted, Refusal, StoreError, UsageError, described
from wheelhouse_hashes.plugins.guards import unknown_hooks
from wheelhouse_hashes.plugins.trace import trace_calls

if TYPE_CHECKING:
    import threading

#: Environment variable: comma-separated names of plugins to disable.
DISABLED_PLUGINS = "WHEELHOUSE_HASHES_DISABLED_PLUGINS"

#: Environment variable: print every hook call to standard error.
TRACE = "WHEELHOUSE_HASHES_TRACE"

#: Shown in messages as the distribution of a built-in plugin.
BUILT_IN_ORIGIN = "built-in"

#: The attributes in which pluggy keeps the options of hooks.
_IMPL, _SPEC = f"{hookspecs.GROUP}_impl", f"{hookspecs.GROUP}_spec"

#: Hooks of the main thread, which may raise UsageError or StoreError to end the command.
MAIN_THREAD = frozenset(
    f"wheelhouse_{name}"
    for name in (
        *("add_options", "verbs", "run_started", "tiers", "prepare", "locate", "read_listing"),
        *("conclude", "run_finished"),
    )
)


@functools.cache
def _hooks_in(module: types.ModuleType, marker: str) -> frozenset[str]:
    """Return the names of the hooks in a module; cached because each manager asks again.

    :param marker: the attribute of their specifications or of their implementations.
    """
    names = vars(module).items()
    return frozenset(
        name for name, value in names if inspect.isroutine(value) and hasattr(value, marker)
    )


class _Manager(pluggy.PluginManager):
    """Finds the hooks of modules with fewer static lookups.

    Modules have many names that are not hooks.  pluggy's static lookup of each takes longer
    than anything else at the start of a command.
    """

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:  # noqa: ANN401
        """Return the options of a hook, None if the name is none; see :mod:`pluggy`."""
        if isinstance(plugin, types.ModuleType) and name not in _hooks_in(plugin, _IMPL):
            return None
        return super().parse_hookimpl_opts(plugin, name)

    def parse_hookspec_opts(self, module_or_class: object, name: str) -> Any:  # noqa: ANN401
        """Return the options of a specification, None if the name is none."""
        module = module_or_class
        if isinstance(module, types.ModuleType) and name not in _hooks_in(module, _SPEC):
            return None
        return super().parse_hookspec_opts(module, name)  # type: ignore[arg-type]


class PluginRegistry:
    """The plugins of one command, and which of them implement a hook."""

    def __init__(self) -> None:
        self._manager = _Manager(hookspecs.GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._hook = self._manager.hook
        self._distributions: dict[str, str] = {}
        #: Whether hook calls are printed.
        self.tracing = False
        self._excluded: set[str] = set()
        #: Masks the secrets in a text; set as soon as they are known.
        self.masked: Callable[[str], str] = str
        self._hooks_of: dict[str, pluggy.HookRelay] = {}
        # The installed plugins with each hook, described, as every call needs them.
        self._others: dict[str, str] = {}
        #: One sentence for each plugin that could not be loaded.
        self.failures: list[str] = []
        #: Whether plugins other than built-in ones were imported.
        self.has_installed = False
        #: The names of the plugins that the user disabled.
        self.disabled: tuple[str, ...] = ()
        #: Set when the run must end; None before there is a run.
        self.stop: threading.Event | None = None

    @classmethod
    def load(cls, built_in: Mapping[str, object], environ: Mapping[str, str] | None = None) -> Self:
        """Return the built-in plugins and all installed ones.

        :param built_in: the built-in plugins, by name.
        :param environ: the environment; by default ``os.environ``.
        """
        environ = os.environ if environ is None else environ
        plugins = cls()
        names = environ.get(DISABLED_PLUGINS, "").split(",")
        plugins.disabled = tuple(name.strip() for name in names if name.strip())
        for name in plugins.disabled:
            plugins._manager.set_blocked(name)
        for name, module in built_in.items():
            plugins.register(module, name)
        plugins._load_installed()
        if is_on(environ.get(TRACE)):
            plugins.tracing = True
            trace_calls(plugins._manager, plugins.mask)
        return plugins

    def register(self, plugin: object, name: str, distribution: str = BUILT_IN_ORIGIN) -> None:
        """Register a plugin, unless the user disabled it.

        :param plugin: a module or object with hook implementations.
        :param name: the name for messages and for disabling it.
        :param distribution: the distribution that it comes from, for messages.
        :raises ValueError: if the name is taken or the plugin is not valid.
        """
        if self._manager.is_blocked(name):
            return
        try:
            self._manager.register(plugin, name)
            unknown = unknown_hooks(self._manager, plugin)
            if unknown:
                raise ValueError(f"unknown hooks: {', '.join(unknown)}")
        except (pluggy.PluginValidationError, ValueError) as error:
            if self._manager.get_plugin(name) is plugin:
                self._manager.unregister(plugin)
            raise ValueError(" ".join(str(error).split())) from None
        self._distributions[name] = distribution
        self._others.clear()

    def _load_installed(self) -> None:
        for point in sorted(entry_points(group=hookspecs.GROUP), key=lambda p: p.name):
            if self._manager.is_blocked(point.name):
                continue
            self.has_installed = True
            dist = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"
            # Importing a plugin can raise anything, even SystemExit; always report it.
            try:
                self.register(point.load(), point.name, dist)
            except BaseException as error:
                if self.keeps_its_meaning(error):
                    raise
                self.failures.append(
                    f"plugin {point.name!r} ({dist}) cannot be loaded: {described(error)}; "
                    f"fix or uninstall it, or set {DISABLED_PLUGINS}={point.name}"
                )

    def mask(self, text: str) -> str:
        """Return a text with the secrets masked that are known now."""
        return self.masked(text)

    def exclude(self, name: str, failure: str) -> None:
        """Call no more hooks of a plugin while the parser is built.

        :param name: the name of the plugin.
        :param failure: one sentence that names it.
        """
        self._excluded.add(name)
        self.failures.append(failure)

    def is_built_in(self, name: str) -> bool:
        """Return whether a plugin belongs to this package."""
        return self._distributions.get(name) == BUILT_IN_ORIGIN

    def describe(self, name: str) -> str:
        """Return a plugin's name and distribution, for messages."""
        return f"{name!r} ({self._distributions.get(name, 'unknown')})"

    def _implementing(self, hook: str) -> list[tuple[str, object]]:
        """Return the plugins that implement a hook, by name, in the order of registration."""
        names = {impl.plugin_name for impl in getattr(self._hook, hook).get_hookimpls()}
        return [pair for pair in self._manager.list_name_plugin() if pair[0] in names]

    def _alone(self, name: str, plugin: object) -> pluggy.HookRelay:
        """Return the hooks of one plugin only; cached because creating them is slow.

        pluggy's ``subset_hook_caller`` fails if any plugin is unhashable (a dataclass).
        """
        if name in self._hooks_of:
            return self._hooks_of[name]
        manager = _Manager(hookspecs.GROUP)
        manager.register(plugin, name)
        # Few plugins have more than two hooks: the other specifications would take most time.
        own = {caller.name for caller in manager.get_hookcallers(plugin) or ()}
        specs = {hook: spec for hook, spec in vars(hookspecs).items() if hook in own}
        manager.add_hookspecs(type("Specifications", (), specs))
        if self.tracing:
            trace_calls(manager, self.mask)
        self._hooks_of[name] = manager.hook
        return manager.hook

    def implement(self, hook: str) -> bool:
        """Return whether any plugin implements a hook."""
        return bool(getattr(self._hook, hook).get_hookimpls())

    def installed_with(self, *hooks: str) -> list[str]:
        """Describe the plugins that implement one of some hooks, except built-in ones."""
        names = {
            impl.plugin_name for hook in hooks for impl in getattr(self._hook, hook).get_hookimpls()
        }
        others = [name for name in names if not self.is_built_in(name)]
        return [self.describe(name) for name in sorted(others)]

    def _others_with(self, hook: str) -> str:
        """Describe the plugins that implement a hook and are not built in; empty if none."""
        if hook not in self._others:
            self._others[hook] = " or ".join(self.installed_with(hook))
        return self._others[hook]

    def keeps_its_meaning(self, error: BaseException, hook: str = "") -> bool:
        """Return whether an exception from a plugin is passed on as it is.

        All others are failures of the plugin, even SystemExit: ``sys.exit(0)`` must not
        make a run look successful.

        :param error: the exception.
        :param hook: the hook that raised it, if it may refuse artifacts.
        """
        # Without a signal, neither of these two is an interruption: if a plugin could raise
        # one, the artifact in hand would be missing from the report.
        if isinstance(error, Interrupted):
            return self.stop is not None and self.stop.is_set()
        if isinstance(error, KeyboardInterrupt):
            return self.stop is None or self.stop.is_set()
        if isinstance(error, (UsageError, StoreError)):
            return hook in MAIN_THREAD
        return bool(hook) and isinstance(error, Refusal)
