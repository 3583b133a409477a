"""Libcloud, imported by the host when it is needed: for an upload, and for nothing else.

The host's command line imports it for every verb, and requests with it; that
takes half of a start.  While the command line is imported, empty modules stand
in their place.  What it took from them is put in, as if nothing had been, when
somebody uploads or looks at it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import types
from collections.abc import Iterator
from typing import Any

from wheelhouse_hashes._startup import HOST

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


def _real(value: _StandIn | _Later) -> object:
    if isinstance(value, _Later):
        return getattr(sys.modules[value.module], value.name)
    return sys.modules[value.__name__]


class _Later:
    """What is to be taken from a module when that is imported."""

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name


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


def put_off(module: types.ModuleType) -> None:
    """Have what stands in a module imported as soon as it is needed.

    :param module: the host's command line, imported among :func:`stand_ins`.
    """
    later = {n: v for n, v in vars(module).items() if isinstance(v, (_StandIn, _Later))}
    if not later:
        return
    uploads = vars(module)[_UPLOADS]

    def complete() -> None:
        if not is_put_off(module):
            return
        for name in _FOR_UPLOADS:
            importlib.import_module(name)
        for name, value in later.items():
            setattr(module, name, _real(value))
        setattr(module, _UPLOADS, uploads)
        del module.__getattr__

    def needed(name: str) -> Any:
        if name not in later:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        complete()
        return vars(module)[name]

    @functools.wraps(uploads)
    def handle_upload(options: Any) -> Any:
        complete()
        return uploads(options)

    for name in later:
        delattr(module, name)
    module.__getattr__ = needed  # type: ignore[method-assign]
    setattr(module, _UPLOADS, handle_upload)


def is_put_off(module: types.ModuleType) -> bool:
    """Tell whether some of a module is not imported yet."""
    return "__getattr__" in vars(module)
