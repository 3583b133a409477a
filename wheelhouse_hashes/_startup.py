"""Register an import hook that notices when the host is imported.

``wheelhouse_hashes.pth`` (from Python 3.15 on, ``wheelhouse_hashes.start``, :pep:`829`)
calls :func:`install` at the start of every interpreter; in a virtual environment it
runs twice.  It only adds a finder to ``sys.meta_path``.  The finder never finds a
module, but it activates :mod:`wheelhouse_hashes.host.attach` before the host is imported.

Until then only ``sys`` is imported, to keep interpreter start-up fast.
"""

import sys

HOST = "wheelhouse_uploader"

#: The module that extends the host.  It is imported by name because this module is
#: the lowest layer and must not depend on any other.
ATTACH_MODULE = "wheelhouse_hashes.host.attach"

DISABLE = "WHEELHOUSE_HASHES_DISABLE"

#: Also applies where the command line is not used: ``python setup.py fetch_artifacts``.
VERIFY = "WHEELHOUSE_UPLOADER_VERIFY"

#: The environment variables of command line options.  They are defined here because
#: they must be available even if no other module can be imported: setting any of
#: them requests a verified run, which must not silently become an unverified one.
OPTION_VARIABLES = (
    "WHEELHOUSE_UPLOADER_HASHFILE",
    "WHEELHOUSE_UPLOADER_HASH_ALGORITHM",
    "WHEELHOUSE_UPLOADER_DRIVER_OPTIONS",
    VERIFY,
    "WHEELHOUSE_UPLOADER_WAIT",
    "WHEELHOUSE_UPLOADER_TIMEOUT",
    "WHEELHOUSE_UPLOADER_MAX_WORKERS",
    "WHEELHOUSE_UPLOADER_EXPECT",
    "WHEELHOUSE_UPLOADER_AGAINST",
)


def is_on(value: "str | None") -> bool:
    """Return whether the value of an environment variable means "on"."""
    return (value or "").strip().lower() not in ("", "0", "false")


def variables_set() -> "list[str]":
    """Return the names of the option environment variables that are on."""
    import os

    return [name for name in OPTION_VARIABLES if is_on(os.environ.get(name))]


def refuse(reason: str) -> None:
    """Report why the host runs alone; exit if a verified run was requested.

    :param reason: why the host cannot be extended.
    :raises SystemExit: with status 2 if one of :data:`OPTION_VARIABLES` is on.
    """
    requested = variables_set()
    advice = ""
    if requested:
        one = len(requested) == 1
        require, variables = ("requires", "variable") if one else ("require", "variables")
        advice = (
            f"; {', '.join(requested)} {require} wheelhouse-hashes: fix the problem or unset the "
            f"{variables}"
        )
    sys.stderr.write(f"wheelhouse-hashes: {reason}{advice}\n")
    if requested:
        raise SystemExit(2)


def wake() -> None:
    """Prepare to extend the host, which is about to be imported."""
    import os

    if is_on(os.environ.get(DISABLE)):
        if variables_set():
            refuse(f"disabled by {DISABLE}={os.environ[DISABLE]}")
        return
    try:
        import importlib

        importlib.import_module(ATTACH_MODULE).watch()
    except Exception as error:  # noqa: BLE001 (a broken installation must not stop the host)
        refuse(f"cannot extend {HOST}: {type(error).__name__}: {error}")


class _Finder:
    """A finder that never finds a module but calls :func:`wake` when the host is imported."""

    woken = False

    @classmethod
    def find_spec(
        cls,
        name: str,
        path: object = None,  # noqa: ARG003 (the import system's signature)
        target: object = None,  # noqa: ARG003 (the same)
    ) -> None:
        """Implement :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        # ``python -m`` looks up a package twice.
        if name == HOST and not cls.woken:
            cls.woken = True
            wake()


def install() -> None:
    """Register the finder.  Further calls have no effect."""
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
