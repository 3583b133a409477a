"""Loading and calling plugins: built-in ones, entry points, blocking and tracing.

Errors name the plugin that raised.  ``hooks`` has one typed method per hook.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Self, TypeVar

import pluggy

from wheelhouse_hashes import hookspecs
from wheelhouse_hashes._startup import is_on
from wheelhouse_hashes.errors import Interrupted, PluginError, Refusal, UsageError, described
from wheelhouse_hashes.plugins.blocking import Blocking
from wheelhouse_hashes.plugins.guards import unknown_hooks
from wheelhouse_hashes.plugins.trace import trace_calls

if TYPE_CHECKING:
    import threading
    from contextlib import AbstractContextManager

T = TypeVar("T")

#: Environment variable: comma-separated names of plugins to disable.
DISABLED_PLUGINS = "WHEELHOUSE_HASHES_DISABLED_PLUGINS"

#: Environment variable: print every hook call to standard error.
TRACE = "WHEELHOUSE_HASHES_TRACE"

#: Shown in messages as the distribution of a built-in plugin.
BUILT_IN_ORIGIN = "built-in"

#: Hooks of the main thread, which may raise UsageError to end the command.
_MAIN_THREAD = frozenset(
    f"wheelhouse_{name}"
    for name in (
        *("add_options", "verbs", "run_started", "tiers", "prepare", "locate", "read_listing"),
        *("conclude", "run_finished"),
    )
)


def _names(kinds: type | tuple[type, ...]) -> str:
    """Return the names of types, for messages."""
    return " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


class PluginManager:
    """Finds the plugins of one command and calls their hooks."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(hookspecs.GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._hook = self._manager.hook
        self._distributions: dict[str, str] = {}
        #: Whether the main thread is in a hook of an installed plugin.
        self.blocking = Blocking()
        #: Whether hook calls are printed.
        self.tracing = False
        self._excluded: set[str] = set()
        #: Masks the secrets in a text; set as soon as they are known.
        self.masked: Callable[[str], str] = str
        self._hooks_of: dict[str, pluggy.HookRelay] = {}
        #: One sentence for each plugin that could not be loaded.
        self.failures: list[str] = []
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

    def _load_installed(self) -> None:
        for point in sorted(entry_points(group=hookspecs.GROUP), key=lambda p: p.name):
            if self._manager.is_blocked(point.name):
                continue
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
        manager = pluggy.PluginManager(hookspecs.GROUP)
        manager.add_hookspecs(hookspecs)
        manager.register(plugin, name)
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

    def _call_one(self, name: str, plugin: object, hook: str, **arguments: object) -> None:
        """Call a hook of one plugin only; a returned value would have no effect."""
        try:
            with self._watched(hook):
                answers = getattr(self._alone(name, plugin), hook)(**arguments)
            if answers:
                raise TypeError(f"expected None, got {type(answers[0]).__name__}")
        except BaseException as error:
            if self.keeps_its_meaning(error, hook):
                raise
            raise PluginError(self.describe(name), hook, error) from error

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
        if isinstance(error, UsageError):
            return hook in _MAIN_THREAD
        return bool(hook) and isinstance(error, Refusal)

    def _watched(self, hook: str) -> AbstractContextManager[None]:
        """Return the context for a call of a hook, which may block the main thread."""
        may_block = hook in _MAIN_THREAD and bool(self._others_with(hook))
        return self.blocking.hook(self.stop, may_block=may_block)

    def _call(self, hook: str, **arguments: object) -> Any:  # noqa: ANN401 (each hook has its own)
        try:
            with self._watched(hook):
                return getattr(self._hook, hook)(**arguments)
        except BaseException as error:
            if self.keeps_its_meaning(error, hook):
                raise
            raise self._failure(hook, error) from error

    def _raised(self, hook: str, error: BaseException) -> BaseException:
        """Return the exception to raise for one from an iterator that a hook returned."""
        return error if self.keeps_its_meaning(error, hook) else self._failure(hook, error)

    def _failure(self, hook: str, error: BaseException) -> PluginError:
        """Return the error that names the plugin that raised an exception."""
        return PluginError(self._culprit(hook, error), hook, error)

    def _checked(self, hook: str, answer: T | None, check: Callable[[T], object]) -> T | None:
        """Check the fields of a result; an error names the plugin."""
        if answer is not None:
            try:
                check(answer)
            except (Exception, SystemExit) as error:
                raise PluginError(self._any_of(hook), hook, error) from error
        return answer

    def _notify(self, hook: str, **arguments: object) -> None:
        """Call a hook that returns nothing; a returned value would have no effect."""
        answers = self._call(hook, **arguments)
        if answers:  # pluggy omits results that are None
            error = TypeError(f"expected None, got {type(answers[0]).__name__}")
            raise PluginError(self._sources(hook, answers)[0], hook, error)

    def _culprit(self, hook: str, error: BaseException) -> str:
        """Return the description of the plugin that raised, found in the traceback."""
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        # An iterator that a hook returned has its own code, but the globals of the module.
        for attribute, found in (
            ("__code__", [frame.f_code for frame in frames]),
            ("__globals__", [frame.f_globals for frame in frames]),
        ):
            for impl in getattr(self._hook, hook).get_hookimpls():
                if any(getattr(impl.function, attribute, None) is each for each in found):
                    return self.describe(impl.plugin_name)
        return self._any_of(hook)

    def _any_of(self, hook: str) -> str:
        """Describe the plugins that implement a hook, if it is unknown which one failed.

        Built-in plugins are named only if there are no others.
        """
        names = [impl.plugin_name for impl in getattr(self._hook, hook).get_hookimpls()]
        return self._others_with(hook) or " or ".join(map(self.describe, names))

    def _others_with(self, hook: str) -> str:
        """Describe the plugins that implement a hook and are not built in; empty if none."""
        return " or ".join(self.installed_with(hook))

    def _gather(
        self, hook: str, kinds: type | tuple[type, ...], **arguments: object
    ) -> list[tuple[str, Any]]:
        """Call a hook, join the returned sequences and check the types of their items.

        :returns: the items, each with the description of its plugin.
        """
        answers = self._call(hook, **arguments)
        if all(isinstance(answer, (list, tuple)) and not answer for answer in answers):
            return []  # fast path, by far the most frequent case
        items = []
        for name, answer in zip(self._sources(hook, answers), answers, strict=True):
            try:
                with self._watched(hook):  # a generator runs here
                    for item in answer:
                        if not isinstance(item, kinds):
                            raise TypeError(f"expected {_names(kinds)}, got {item!r}")
                        items.append((name, item))
            except BaseException as error:
                if self.keeps_its_meaning(error, hook):
                    raise
                raise PluginError(name, hook, error) from error
        return items

    def _sources(self, hook: str, answers: Sequence[object]) -> list[str]:
        """Return the description of the plugin that gave each answer.

        pluggy omits answers that are None, so the plugins can then not be matched.
        """
        impls = getattr(self._hook, hook).get_hookimpls()
        names = [self.describe(impl.plugin_name) for impl in reversed(impls)]
        return names if len(names) == len(answers) else [self._any_of(hook)] * len(answers)

    def _first(self, hook: str, kind: type[T], **arguments: object) -> T | None:
        """Call a ``firstresult`` hook and check the type of its result."""
        answer = self._call(hook, **arguments)
        if answer is not None and not isinstance(answer, kind):
            error = TypeError(f"expected {_names(kind)} or None, got {type(answer).__name__}")
            raise PluginError(self._any_of(hook), hook, error)
        return answer
