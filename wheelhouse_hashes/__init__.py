"""Verified uploads and fetches for wheelhouse-uploader.

Every interpreter of an environment with this package imports this module at
start-up, so it imports nothing itself.  Plugins need one name from it::

    from wheelhouse_hashes import hookimpl
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wheelhouse_hashes.hookspecs import hookimpl as hookimpl


def __getattr__(name: str) -> object:
    """Load ``hookimpl``, and with it pluggy, on first access (:pep:`562`)."""
    if name == "hookimpl":
        from wheelhouse_hashes.hookspecs import hookimpl

        return hookimpl
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
