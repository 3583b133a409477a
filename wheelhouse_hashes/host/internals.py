"""What the host is known to be: the functions that are replaced, and who looks them up."""

from __future__ import annotations

import inspect
import types

from wheelhouse_hashes._startup import HOST
from wheelhouse_hashes.errors import HostMismatch
from wheelhouse_hashes.host.deferred_imports import is_put_off

#: Functions of the host's command line: the parameters that they begin with,
#: and the globals that their code must look up for a replacement to be seen.
SEAMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "main": ((), ("parse_args", "handle_upload", "download_artifacts")),
    "parse_args": ((), ("argparse",)),
    "handle_upload": (("options",), ("Uploader", "check_upload_credentions")),
    "download_artifacts": (("index_url", "folder", "project_name", "version"), ()),
    "Uploader": (
        ("username", "secret", "provider_name", "region", "update_index", "max_workers"),
        (),
    ),
}


def check_host(module: types.ModuleType) -> None:
    """Check that a host is one that we know.

    What it has not imported yet is checked when it is, by :func:`check_seam`.

    :param module: the host's command line module.
    :raises HostMismatch: naming the first thing that is not as expected.
    """
    for name in SEAMS:
        if not is_put_off(module, name):
            check_seam(module, name)


def check_seam(module: types.ModuleType, name: str) -> None:
    """Check one of the host's functions.

    :param module: the host's command line module.
    :param name: one of :data:`SEAMS`.
    :raises HostMismatch: if it is not as expected.
    """
    parameters, looked_up = SEAMS[name]
    seam = getattr(module, name, None)
    if not callable(seam):
        raise HostMismatch(f"this {HOST} has no {name}; 0.10.0 to 0.10.3 are known")
    has = tuple(inspect.signature(seam).parameters)
    code = getattr(inspect.unwrap(seam), "__code__", None)
    uses = code.co_names if code is not None else ()
    if has[: len(parameters)] != parameters or not set(looked_up) <= set(uses):
        raise HostMismatch(f"the {name} of this {HOST} is another; 0.10.0 to 0.10.3 are known")
