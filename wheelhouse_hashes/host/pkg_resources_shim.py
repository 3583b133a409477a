"""A stand-in for ``pkg_resources``, which the host imports and setuptools no longer has."""

from __future__ import annotations

import contextlib
import re
import sys
import types
import warnings
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version


def safe_version(version: str) -> str:
    """Do what ``pkg_resources.safe_version`` does: normalize a version (:pep:`440`)."""
    try:
        return str(Version(version))
    except InvalidVersion:
        return re.sub("[^A-Za-z0-9.]+", "-", version.replace(" ", "."))


@contextlib.contextmanager
def pkg_resources_stand_in() -> Iterator[None]:
    """Let the host import a module with the two functions of ``pkg_resources`` that it uses.

    Its source also has an escape that Python 3.12 and later warn about.
    """
    stand_in = types.ModuleType("pkg_resources")
    vars(stand_in).update(safe_version=safe_version, parse_version=Version)
    before = sys.modules.get("pkg_resources")
    sys.modules["pkg_resources"] = stand_in
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        if before is None:
            del sys.modules["pkg_resources"]
        else:
            sys.modules["pkg_resources"] = before
