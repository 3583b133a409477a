"""Verified uploads and fetches for wheelhouse-uploader.

This module is on the start-up path of every interpreter that has the package
installed, so it imports nothing.  A plugin needs one name from here::

    from wheelhouse_hashes import hookimpl
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wheelhouse_hashes.hookspecs import hookimpl as hookimpl


def __getattr__(name: str) -> object:
    """Load ``hookimpl``, and pluggy with it, when somebody asks (:pep:`562`)."""
    if name == "hookimpl":
        from wheelhouse_hashes.hookspecs import hookimpl

        return hookimpl
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
