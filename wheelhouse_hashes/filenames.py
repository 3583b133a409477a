"""Artifact names: parsing, and checks that a name is safe as a local file name.

:mod:`packaging` parses the names of wheels and sdists (the binary distribution format
and source distribution file name specifications; :pep:`503` for project names).
``.exe`` installers are supported because the host still uploads them.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# packaging.utils imports this module lazily on Python 3.15 (PEP 810): without this
# line, the first name of a wheel would need a free file descriptor.
import packaging.tags  # noqa: F401
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

_EXE = re.compile(
    r"(?P<name>.+)-(?P<version>[^-]+?)\.(?P<platform>win32|win-amd64|win-arm64)"
    r"(?P<python>-py\d(?:\.\d+)?)?\.exe",
    re.ASCII,
)

# All characters that project names (:pep:`508`), versions (:pep:`440`) and tags may have.
_LEGAL = re.compile(r"[A-Za-z0-9._+!-]+", re.ASCII)

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_WINDOWS_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_SEPARATORS_AND_WILDCARDS = '/\\:*?"<>|'

#: The maximum length of a file name on common file systems, in bytes.
MAX_NAME_BYTES = 255

#: Indentation of the lines that follow the first one about a file.
MARGIN = " " * 11

#: The maximum number of names that a message lists.
_MAX_LISTED = 4

#: The maximum number of tags after expanding a wheel's compressed tag set.  Real wheels
#: have less than a quarter of this, but a name of 255 bytes could expand to half a million.
MAX_TAGS = 256

# Control, format and surrogate characters, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class ArtifactName(NamedTuple):
    """The parts of an artifact's name."""

    #: The project's name, normalized according to :pep:`503`.
    project: str
    #: The version (:pep:`440`).
    version: Version
    #: ``wheel``, ``sdist`` or ``exe``.
    kind: str
    #: What else distinguishes builds of one version: tags, platform or extension.
    variant: frozenset[str]
    #: A wheel's build tag; empty if there is none.
    build: tuple[int, str] | tuple[()] = ()


# An entry takes about a kilobyte.
@functools.lru_cache(maxsize=1 << 14)
def parse_artifact_name(name: str) -> ArtifactName | None:
    """Parse the name of an artifact.

    :param name: a file or object name, without folders.
    :returns: its parts, or None if it is not the name of an artifact.
    """
    try:
        return read_artifact_name(name)
    except ValueError:
        return None


def read_artifact_name(name: str) -> ArtifactName:
    """Parse the name of an artifact.

    :param name: a file or object name, without folders.
    :raises ValueError: with the reason, if it is not the name of an artifact.
    """
    if len(name) > MAX_NAME_BYTES:
        raise ValueError(f"the name is longer than {MAX_NAME_BYTES} bytes")
    if not _LEGAL.fullmatch(name):
        raise ValueError("the name contains a character not allowed in artifact names")
    if name.endswith(".whl"):
        if math.prod(part.count(".") + 1 for part in name.split("-")[-3:]) > MAX_TAGS:
            raise ValueError(f"the name has more than {MAX_TAGS} tags")
        try:
            project, version, build, tags = parse_wheel_filename(name)
        except (InvalidWheelFilename, InvalidVersion) as error:
            raise ValueError(str(error)) from None
        return ArtifactName(project, version, "wheel", frozenset(map(str, tags)), build)
    if name.endswith((".tar.gz", ".zip")):
        try:
            project, version = parse_sdist_filename(name)
        except (InvalidSdistFilename, InvalidVersion) as error:
            raise ValueError(str(error)) from None
        extension = "zip" if name.endswith(".zip") else "tar.gz"
        return ArtifactName(project, version, "sdist", frozenset({extension}))
    if match := _EXE.fullmatch(name):
        try:
            version = Version(match["version"])
        except InvalidVersion as error:
            raise ValueError(str(error)) from None
        variant = frozenset({match["platform"], match["python"] or ""})
        return ArtifactName(canonicalize_name(match["name"]), version, "exe", variant)
    raise ValueError("not the name of a wheel (.whl), sdist (.tar.gz, .zip) or .exe installer")


def why_unsafe(name: str) -> str | None:
    """Return why a name is not safe as a local file name on POSIX or Windows.

    :param name: the name, percent-decoded exactly once.
    :returns: the reason, or None if the name is safe.
    """
    if name in ("", ".", ".."):
        return "the name is empty or refers to a folder"
    # Checked before normalizing, which takes quadratic time.
    if len(name) > MAX_NAME_BYTES:
        return f"the name is longer than {MAX_NAME_BYTES} bytes"
    return _unsafe_characters(name) or _unsafe_form(name)


def _unsafe_characters(name: str) -> str | None:
    if not _LEGAL.fullmatch(name):
        if any(unicodedata.category(c) in _UNSEEN for c in name):
            return "the name contains a control character"
        if any(c in _SEPARATORS_AND_WILDCARDS for c in name):
            return "the name contains a path separator or a character not allowed on Windows"
        if unicodedata.normalize("NFC", name) != name:
            return "the name is not in Unicode normalization form C (NFC)"
    return None


def _unsafe_form(name: str) -> str | None:
    if name.startswith(("-", ".")):
        return "the name starts with a dash or a dot"
    if name.endswith((".", " ", ".part")):
        return "the name ends with a dot, a space or .part"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"the name is longer than {MAX_NAME_BYTES} bytes"
    if _WINDOWS_RESERVED.fullmatch(name):
        return "the name is reserved for a device on Windows"
    return None


def resembled(name: str) -> ArtifactName | None:
    """Parse the artifact name that an unsafe name could be mistaken for.

    A path is read as its last part, and a name with an alternate data stream as either
    part.  Invisible characters are either dropped or end the name.  Trailing dots and
    spaces and leading dashes, dots and spaces are ignored.

    :param name: the name, percent-decoded exactly once.
    :returns: the parts of the artifact name that it resembles, or None.
    """
    seen = [None if unicodedata.category(c) in _UNSEEN else c for c in name[-4096:]]
    parts = [
        part
        for instead in ("", "/")
        for part in re.split(r"[/\\:]", "".join(instead if c is None else c for c in seen))[::-1]
    ]
    for part in parts:
        stem = part.strip(" .").lstrip("-. ")
        if len(stem) > MAX_NAME_BYTES:
            # Project and version are enough to decide whether it was requested.
            stem = "-".join(stem.split("-")[:2])[:MAX_NAME_BYTES] + ".tar.gz"
        if (parsed := parse_artifact_name(stem)) is not None:
            return parsed
    return None


def case_conflicts(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that differ from others only in case, each with all of its spellings.

    On Windows and macOS, the second file would overwrite the first.
    """
    folded: dict[str, list[str]] = defaultdict(list)
    for name in names:
        folded[name.casefold()].append(name)
    conflicts = (sorted(same) for same in folded.values() if len(same) > 1)
    return {name: same for same in conflicts for name in same}


def case_conflict_text(name: str, spellings: Sequence[str]) -> str:
    """Return the message for a name that differs from others only in case.

    :param name: the name.
    :param spellings: all spellings of it.
    """
    return f"the name differs from {listed(spellings, name)} only in case"


def listed(names: Sequence[str], but: str | None = None, *, most: int = _MAX_LISTED) -> str:
    """Return some names on one line; the last ones are only counted.

    :param names: the names.
    :param but: one of them that is left out; None to show all.
    :param most: how many to show.
    """
    # A page can have as many spellings as links, each with a line of its own.
    shown = [*itertools.islice((name for name in names if name != but), most)]
    more = len(names) - len(shown) - (but is not None)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def printable(text: str) -> str:
    """Return text as one line with control characters escaped, for the terminal."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )
