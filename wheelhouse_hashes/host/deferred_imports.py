"""Deferred imports of Libcloud, which the host needs for uploads only, and urllib's client.

The host's command line module imports Libcloud, and with it requests, for every verb.
That takes a fifth to a third of the startup time, and a broken Libcloud would break
every verb.  While the command line module is imported, placeholders take the place of
these modules.  The names that it imported from them are resolved when an upload starts
or when one of them is accessed.  ``importlib.util.LazyLoader`` does not help: the host
imports names from these modules, which loads a lazy module at once.

The host's own downloads use ``urllib.request``; ``fetch --verify`` and the other verbs do not.
Importing it takes a twentieth of the time of a fetch of one wheel.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import types
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes._startup import HOST

if TYPE_CHECKING:
    import argparse

#: Modules that the host's command line imports and only its upload function uses.
_FOR_UPLOADS = (
    "libcloud",
    "libcloud.common",
    "libcloud.common.types",
    "libcloud.security",
    f"{HOST}.upload",
)

#: Name of the upload function of the host's command line.
_UPLOADS = "handle_upload"


class _StandIn(types.ModuleType):
    """Placeholder for a module that is not imported yet."""

    def __getattr__(self, name: str) -> _Later:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Later(self.__name__, name)

    def real(self) -> object:
        """Import the module, with those of its submodules that have placeholders."""
        for name in _FOR_UPLOADS:
            if f"{name}.".startswith(f"{self.__name__}."):
                importlib.import_module(name)
        return sys.modules[self.__name__]


class _Later:
    """Placeholder for an attribute of a module that is not imported yet."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def real(self) -> object:
        """Import the module and return the attribute."""
        return getattr(importlib.import_module(self._module), self._name)


@contextlib.contextmanager
def later_urlopen() -> Iterator[None]:
    """Put a module with a function that imports the real one in the place of ``urllib.request``.

    Does nothing if that is imported already.
    """
    name = "urllib.request"
    if name in sys.modules:
        yield
        return

    def urlopen(*args: object, **kwargs: object) -> object:
        return importlib.import_module(name).urlopen(*args, **kwargs)

    module = types.ModuleType(name)
    vars(module)["urlopen"] = urlopen
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]


@contextlib.contextmanager
def stand_ins() -> Iterator[None]:
    """Put placeholders in the place of the modules that only uploads need.

    Does nothing if any of them is imported already, because there is no time to save.
    """
    if any(name in sys.modules for name in _FOR_UPLOADS):
        yield
        return
    modules = {name: _StandIn(name) for name in _FOR_UPLOADS}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


class _PutOff:
    """The deferred globals of a module, and its ``__getattr__`` (:pep:`562`) meanwhile."""

    def __init__(self, module: types.ModuleType, later: Mapping[str, _StandIn | _Later]) -> None:
        self._module = module
        self._later = later
        self._uploads = vars(module)[_UPLOADS]

    def __call__(self, name: str) -> object:
        if name not in self._later:
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}")
        complete(self._module)
        return vars(self._module)[name]

    def __contains__(self, name: str) -> bool:
        return name in self._later

    def begin(self) -> None:
        @functools.wraps(self._uploads)
        def handle_upload(options: argparse.Namespace) -> object:
            complete(self._module)
            return self._uploads(options)

        for name in self._later:
            delattr(self._module, name)
        vars(self._module).update({"__getattr__": self, _UPLOADS: handle_upload})

    def end(self) -> None:
        imported = {name: value.real() for name, value in self._later.items()}
        vars(self._module).update({**imported, _UPLOADS: self._uploads})
        del self._module.__getattr__


def put_off(module: types.ModuleType) -> None:
    """Resolve the placeholders in a module as soon as they are needed.

    :param module: the host's command line module, imported inside :func:`stand_ins`.
    """
    later = {n: v for n, v in vars(module).items() if isinstance(v, (_StandIn, _Later))}
    if not later:
        return
    if _UPLOADS in vars(module):
        _PutOff(module, later).begin()
    else:  # an unknown host: any function may need them
        vars(module).update({name: value.real() for name, value in later.items()})


def is_put_off(module: types.ModuleType, name: str) -> bool:
    """Return whether a global of a module is deferred and not imported yet."""
    later = vars(module).get("__getattr__")
    return isinstance(later, _PutOff) and name in later


def complete(module: types.ModuleType) -> None:
    """Import everything that is still deferred.

    :raises ImportError: if an import fails.
    """
    later = vars(module).get("__getattr__")
    if isinstance(later, _PutOff):
        later.end()
