"""Wait, at next to no cost, for the host to be imported.

``wheelhouse_hashes.pth`` (and, from Python 3.15 on, ``wheelhouse_hashes.start``,
:pep:`829`) calls :func:`install` at the start of every interpreter, in a
virtual environment twice.  All that happens then is that one finder joins
``sys.meta_path``.  It finds nothing, ever; but when somebody imports the host
it wakes :mod:`wheelhouse_hashes.host.attach` first.

Nothing but ``sys`` is imported before that.
"""

import sys

HOST = "wheelhouse_uploader"

#: The module to wake.  It is imported by its name: this module is below all others.
ATTACH_MODULE = "wheelhouse_hashes.host.attach"

DISABLE = "WHEELHOUSE_HASHES_DISABLE"

#: The one that also asks for a check where there is no command line of ours.
VERIFY = "WHEELHOUSE_UPLOADER_VERIFY"

#: The environment variables of command line options.  They are here, and not with
#: the options, because they must be known even if nothing else can be imported:
#: setting any of them requests a verified run.
OPTION_VARIABLES = (
    "WHEELHOUSE_UPLOADER_HASHFILE",
    "WHEELHOUSE_UPLOADER_HASH_ALGORITHM",
    "WHEELHOUSE_UPLOADER_DRIVER_OPTIONS",
    VERIFY,
    "WHEELHOUSE_UPLOADER_WAIT",
    "WHEELHOUSE_UPLOADER_TIMEOUT",
    "WHEELHOUSE_UPLOADER_MAX_WORKERS",
)


def is_on(value: "str | None") -> bool:
    """Tell whether the value of a switch in the environment means "on"."""
    return (value or "").strip().lower() not in ("", "0", "false")


def variables_set() -> "list[str]":
    """Return the names of the environment variables of options that are on."""
    import os

    return [name for name in OPTION_VARIABLES if is_on(os.environ.get(name))]


def refuse(reason: str) -> None:
    """Say why the host runs without us; exit with 2 if that would break a promise.

    :raises SystemExit: with status 2 when such a variable is set, since
        the run it asks for cannot be had.
    """
    asked = variables_set()
    verdict = f"; {', '.join(asked)} asks for it: unset one of them" if asked else ""
    sys.stderr.write(f"wheelhouse-hashes: {reason}{verdict}\n")
    if asked:
        raise SystemExit(2)


def wake() -> None:
    """Get ready for the host, which is about to be imported."""
    import os

    if is_on(os.environ.get(DISABLE)):
        if variables_set():
            refuse(f"switched off by {DISABLE}={os.environ[DISABLE]}")
        return
    try:
        import importlib

        importlib.import_module(ATTACH_MODULE).watch()
    except Exception as error:  # noqa: BLE001 (a broken installation must not stop the host)
        refuse(f"cannot extend {HOST}: {type(error).__name__}: {error}")


class _Finder:
    """A finder that finds nothing and wakes us when the host is looked for."""

    woken = False

    @classmethod
    def find_spec(
        cls,
        name: str,
        path: object = None,  # noqa: ARG003 (the import system's signature)
        target: object = None,  # noqa: ARG003 (the same)
    ) -> None:
        """Answer the import system (:class:`importlib.abc.MetaPathFinder`)."""
        # ``python -m`` looks a package up twice.
        if name == HOST and not cls.woken:
            cls.woken = True
            wake()


def install() -> None:
    """Start to wait for the host.  Calling it again changes nothing."""
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
