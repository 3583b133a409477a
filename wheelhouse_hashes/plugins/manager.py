"""Calling hooks: errors name the plugin that raised.

``hooks`` has one typed method per hook.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from wheelhouse_hashes.errors import PluginError
from wheelhouse_hashes.plugins.blocking import Blocking
from wheelhouse_hashes.plugins.registry import MAIN_THREAD, PluginRegistry

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

T = TypeVar("T")

#: The context for a call that needs no watching; entering it twice does no harm.
_UNWATCHED = nullcontext()


def _names(kinds: type | tuple[type, ...]) -> str:
    """Return the names of types, for messages."""
    return " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


class PluginManager(PluginRegistry):
    """Calls the hooks of the plugins of one command, and checks what they return."""

    def __init__(self) -> None:
        super().__init__()
        #: Whether the main thread is in a hook of an installed plugin.
        self.blocking = Blocking()

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

    def _watched(self, hook: str) -> AbstractContextManager[None]:
        """Return the context for a call of a hook, which may block the main thread."""
        if hook in MAIN_THREAD and self._others_with(hook):
            return self.blocking.hook(self.stop)
        return _UNWATCHED

    def _call(self, hook: str, **arguments: object) -> Any:  # noqa: ANN401 (each hook has its own)
        call = getattr(self._hook, hook)
        try:
            if hook not in MAIN_THREAD:  # by far the most calls
                return call(**arguments)
            with self._watched(hook):
                return call(**arguments)
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

    def _gather(
        self, hook: str, kinds: type | tuple[type, ...], **arguments: object
    ) -> list[tuple[str, Any]]:
        """Call a hook, join the returned sequences and check the types of their items.

        :returns: the items, each with the description of its plugin.
        """
        return self._described(hook, kinds, self._call(hook, **arguments))

    def _items(self, hook: str, kinds: type | tuple[type, ...], **arguments: object) -> list[Any]:
        """Call a hook as :meth:`_gather` does; return the items only.

        It is called several times per artifact, so the plugins are described only if an item
        is wrong.
        """
        answers = self._call(hook, **arguments)
        items: list[Any] = []
        for answer in answers:
            if type(answer) is not list and type(answer) is not tuple:
                break
            if answer:
                items += answer
        else:
            for item in items:
                if not isinstance(item, kinds):
                    break
            else:
                return items
        return [item for _, item in self._described(hook, kinds, answers)]

    def _described(
        self, hook: str, kinds: type | tuple[type, ...], answers: Sequence[Any]
    ) -> list[tuple[str, Any]]:
        """Check and join the sequences that plugins returned, as :meth:`_gather` does."""
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
