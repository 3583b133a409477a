"""Functions of the host that are replaced or called, and the check of their signatures."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from wheelhouse_hashes._startup import HOST
from wheelhouse_hashes.errors import HostMismatch
from wheelhouse_hashes.host.deferred_imports import is_put_off

if TYPE_CHECKING:
    import types

#: Functions of the host's command line module: their first parameters, and the globals
#: that their code must look up for a replacement to have an effect.
KNOWN_FUNCTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "main": ((), ("parse_args", "handle_upload", "download_artifacts")),
    "parse_args": ((), ("argparse",)),
    "handle_upload": (("options",), ("Uploader", "check_upload_credentions")),
    "download_artifacts": (("index_url", "folder", "project_name", "version"), ()),
    "Uploader": (
        ("username", "secret", "provider_name", "region", "update_index", "max_workers"),
        (),
    ),
}


_SUPPORTED = "supported: 0.10.0-0.10.3"


def check_host(module: types.ModuleType) -> None:
    """Check that this version of the host is supported.

    Functions that are not imported yet are checked later, by :func:`check_function`.

    :param module: the host's command line module.
    :raises HostMismatch: if a function is not as expected; names the first one.
    """
    for name in KNOWN_FUNCTIONS:
        if not is_put_off(module, name):
            check_function(module, name)


def check_function(module: types.ModuleType, name: str) -> None:
    """Check one function of the host.

    :param module: the host's command line module.
    :param name: one of :data:`KNOWN_FUNCTIONS`.
    :raises HostMismatch: if it is not as expected.
    """
    parameters, looked_up = KNOWN_FUNCTIONS[name]
    function = getattr(module, name, None)
    if not callable(function):
        raise HostMismatch(f"unsupported {HOST}: {name}() is missing; {_SUPPORTED}")
    has = tuple(inspect.signature(function).parameters)
    code = getattr(inspect.unwrap(function), "__code__", None)
    uses = code.co_names if code is not None else ()
    if has[: len(parameters)] != parameters or not set(looked_up) <= set(uses):
        raise HostMismatch(f"unsupported {HOST}: unexpected definition of {name}(); {_SUPPORTED}")
