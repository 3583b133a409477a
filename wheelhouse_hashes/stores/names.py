"""Names of containers: ``CONTAINER`` or ``CONTAINER/PREFIX``.

The objects under a prefix are a container of their own.  Object stores have no folders, so
a prefix is only the first part of the names of its objects.
"""

from __future__ import annotations

from typing import NamedTuple

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import printable, why_unsafe

#: Maximum length of a container's name, as in Swift (``max_container_name_length``), in bytes.
_MAX_NAME_BYTES = 256

#: Maximum length of a prefix, in bytes.  Swift and S3 accept names of objects of 1024 bytes,
#: and the name of an artifact's companion can have some more than 255.
_MAX_PREFIX_BYTES = 512

_CHECK_VARIABLE = "check the variable it comes from"


class ContainerName(NamedTuple):
    """The parsed name of a container."""

    #: The name of the store's container.
    container: str
    #: The first part of the name of each object, with a final slash; empty for the whole
    #: container.
    prefix: str = ""

    @classmethod
    def parse(cls, name: str) -> ContainerName:
        """Split a name, which need not be valid.

        :param name: ``CONTAINER`` or ``CONTAINER/PREFIX``.
        """
        container, _, prefix = name.partition("/")
        return cls(container, f"{prefix}/" if prefix else "")


def check_container_name(name: str) -> None:
    """Check that no store would reject a name, or take it for something else.

    :param name: ``CONTAINER`` or ``CONTAINER/PREFIX``.
    :raises UsageError: if it is not the name of a container.
    """
    container, slash, prefix = name.partition("/")
    if not container.strip():
        raise UsageError(f"the name of the container is empty: {_CHECK_VARIABLE}")
    shown = repr(printable(name[:80]))
    if why := _why_impossible(container):
        raise UsageError(f"{shown} is not the name of a container: {why}")
    if not slash:
        return
    if not prefix.strip():
        raise UsageError(f"{shown}: the prefix is empty: {_CHECK_VARIABLE}, or remove the slash")
    if why := _why_impossible_prefix(prefix):
        raise UsageError(f"{shown}: {why}")


def _why_impossible_prefix(prefix: str) -> str | None:
    for part in prefix.split("/"):
        if not part:
            return "a part of the prefix is empty: remove the extra slash"
        if why := why_unsafe(part):
            return f"{printable(part[:80])!r} cannot be a part of a prefix: {why}"
    # The parts are valid Unicode, so this cannot fail.
    if len(prefix.encode()) > _MAX_PREFIX_BYTES:
        return f"the prefix is longer than {_MAX_PREFIX_BYTES} bytes"
    return None


def _why_impossible(container: str) -> str | None:
    if container in (".", ".."):
        return "it refers to a folder"
    if not container.isprintable():
        return "it contains a control character"
    if len(container.encode("utf-8", "surrogateescape")) > _MAX_NAME_BYTES:
        return f"it is longer than {_MAX_NAME_BYTES} bytes"
    return None
