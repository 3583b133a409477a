"""Replacement for ``pkg_resources``, which the host imports and setuptools has removed."""

from __future__ import annotations

import contextlib
import re
import sys
import types
import warnings
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version


def safe_version(version: str) -> str:
    """Normalize a version (:pep:`440`), as ``pkg_resources.safe_version`` does."""
    try:
        return str(Version(version))
    except InvalidVersion:
        return re.sub("[^A-Za-z0-9.]+", "-", version.replace(" ", "."))


@contextlib.contextmanager
def pkg_resources_stand_in() -> Iterator[None]:
    """Provide a ``pkg_resources`` module with the two functions that the host uses.

    Also ignore warnings about an invalid escape sequence in the host's source, which
    Python 3.12 and later report.
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
