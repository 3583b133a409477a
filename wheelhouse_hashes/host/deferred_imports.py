"""Libcloud, imported by the host when it is needed: for an upload, and for nothing else.

The host's command line imports it for every verb, and requests with it; that
takes a fifth to a third of a start, and a Libcloud that cannot be imported would
end every verb.  While the command line is imported, empty modules stand in their
place.  What it took from them is put in, as if nothing had been, when somebody
uploads or looks at it.  ``importlib.util.LazyLoader`` saves nothing here: the
host imports names from these modules, and a lazy module is loaded for that.
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

#: What the host's command line imports and only its function for uploads uses.
_FOR_UPLOADS = (
    "libcloud",
    "libcloud.common",
    "libcloud.common.types",
    "libcloud.security",
    f"{HOST}.upload",
)

#: The function of the host's command line that uploads.
_UPLOADS = "handle_upload"


class _StandIn(types.ModuleType):
    """A module that is not imported yet."""

    def __getattr__(self, name: str) -> _Later:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Later(self.__name__, name)

    def real(self) -> object:
        """Import it, with those of its submodules that are stood in for."""
        for name in _FOR_UPLOADS:
            if f"{name}.".startswith(f"{self.__name__}."):
                importlib.import_module(name)
        return sys.modules[self.__name__]


class _Later:
    """What is to be taken from a module when that is imported."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def real(self) -> object:
        """Import the module, and take it."""
        return getattr(importlib.import_module(self._module), self._name)


@contextlib.contextmanager
def stand_ins() -> Iterator[None]:
    """Let others be imported without what only uploads need.

    Nothing is done if some of it is there already: there is no time to save.
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
    """What a module lacks until it is needed; its ``__getattr__`` (:pep:`562`) meanwhile."""

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
    """Have what stands in a module imported as soon as it is needed.

    :param module: the host's command line, imported among :func:`stand_ins`.
    """
    later = {n: v for n, v in vars(module).items() if isinstance(v, (_StandIn, _Later))}
    if not later:
        return
    if _UPLOADS in vars(module):
        _PutOff(module, later).begin()
    else:  # nobody knows what needs it
        vars(module).update({name: value.real() for name, value in later.items()})


def is_put_off(module: types.ModuleType, name: str) -> bool:
    """Tell whether one of a module's globals is not imported yet."""
    later = vars(module).get("__getattr__")
    return isinstance(later, _PutOff) and name in later


def complete(module: types.ModuleType) -> None:
    """Import what was put off, if anything was.

    :raises ImportError: if that fails.
    """
    later = vars(module).get("__getattr__")
    if isinstance(later, _PutOff):
        later.end()
