"""The kind of a file, by its first bytes."""

from __future__ import annotations

#: The first bytes of each kind of artifact, by extension.
_MAGIC = {
    ".whl": (b"PK\x03\x04",),
    ".zip": (b"PK\x03\x04", b"PK\x05\x06"),
    ".tar.gz": (b"\x1f\x8b",),
    ".exe": (b"MZ",),
}


def is_too_little_to_tell(name: str, head: bytes) -> bool:
    """Return whether a head is too short to rule out the kind that the name says.

    :param name: the name of an artifact.
    :param head: the first bytes of the file.
    """
    magics = next(m for extension, m in _MAGIC.items() if name.endswith(extension))
    return any(magic.startswith(head) for magic in magics)


def is_markup(head: bytes) -> bool:
    """Return whether a file seems to be HTML or XML, judging by its first bytes."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def other_kind(name: str, head: bytes) -> str | None:
    """Return the kind of a file that does not match its name, None if it matches.

    :param name: the name of an artifact.
    :param head: the first bytes of the file.
    :raises ValueError: if it is not the name of an artifact.
    """
    for extension, magics in _MAGIC.items():
        if name.endswith(extension):
            if head.startswith(magics):
                return None
            if not head:
                return "empty"
            if is_markup(head):
                return "an HTML or XML page"
            return f"not a {extension} file, judging by its first bytes"
    raise ValueError(f"{name!r} is not the name of an artifact")
