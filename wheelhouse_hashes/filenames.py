"""Names of artifacts: which are valid, which may become a file here.

The names of wheels and sdists are read by :mod:`packaging` (the binary
distribution format and the source distribution file name specifications, and
:pep:`503` for project names).  ``.exe`` installers are a name form that the
host still uploads.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

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

# Project names (:pep:`508`), versions (:pep:`440`) and tags need no more.
_LEGAL = re.compile(r"[A-Za-z0-9._+!-]+", re.ASCII)

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_WINDOWS_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.I)
_SEPARATORS_AND_WILDCARDS = '/\\:*?"<>|'

#: The longest file name, in bytes, that common file systems take.
MAX_NAME_BYTES = 255

#: The most tags that the compressed tags of a wheel may stand for.  No wheel has
#: a fourth of that; 255 bytes have room for half a million.
MAX_TAGS = 256

# Control, format and surrogate characters, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class ArtifactName:
    """The parts of an artifact's name."""

    #: The project's name, normalized as :pep:`503` says.
    project: str
    #: The version (:pep:`440`).
    version: Version
    #: ``wheel``, ``sdist`` or ``exe``.
    kind: str
    #: What else tells builds of one version apart: tags, platform, extension.
    variant: frozenset[str]
    #: The build tag of a wheel; empty if it has none.
    build: tuple[int, str] | tuple[()] = ()


@functools.lru_cache(maxsize=1 << 16)
def parse_artifact_name(name: str) -> ArtifactName | None:
    """Read the name of an artifact.

    :param name: a file or object name, without folders.
    :returns: its parts, or None if it is not the name of an artifact.
    """
    try:
        return read_artifact_name(name)
    except ValueError:
        return None


def read_artifact_name(name: str) -> ArtifactName:
    """Read the name of an artifact, or say what is wrong with it.

    :param name: a file or object name, without folders.
    :raises ValueError: with the reason, if it is not the name of an artifact.
    """
    if len(name) > MAX_NAME_BYTES:
        raise ValueError(f"it is longer than {MAX_NAME_BYTES} bytes")
    if not _LEGAL.fullmatch(name):
        raise ValueError("it has a character that no artifact's name has")
    if name.endswith(".whl"):
        if math.prod(part.count(".") + 1 for part in name.split("-")[-3:]) > MAX_TAGS:
            raise ValueError(f"it has more than {MAX_TAGS} tags")
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
    raise ValueError("not the name of a wheel (.whl), an sdist (.tar.gz, .zip) or an .exe")


def why_unsafe(name: str) -> str | None:
    """Say why a name must not become a file here, by POSIX and Windows rules.

    :param name: the name, percent-decoded exactly once.
    :returns: the reason, or None if the name is safe.
    """
    if name in ("", ".", ".."):
        return "it is empty or a folder"
    # Before it is normalized: that takes time that grows with the square of the length.
    if len(name) > MAX_NAME_BYTES:
        return f"it is longer than {MAX_NAME_BYTES} bytes"
    if not _LEGAL.fullmatch(name):
        if any(unicodedata.category(c) in _UNSEEN for c in name):
            return "it has a control character"
        if any(c in _SEPARATORS_AND_WILDCARDS for c in name):
            return "it has a path separator or a character that Windows refuses"
        if unicodedata.normalize("NFC", name) != name:
            return "it is not in Unicode normal form C"
    if name.startswith(("-", ".")):
        return "it begins with a dash or a dot"
    if name.endswith((".", " ", ".part")):
        return "it ends with a dot, a space or .part"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"it is longer than {MAX_NAME_BYTES} bytes"
    if _WINDOWS_RESERVED.fullmatch(name):
        return "Windows reserves it for a device"
    return None


def resembled(name: str) -> ArtifactName | None:
    """Read a name that is not safe as what it would be taken for.

    A path is taken for its last part, a name with an alternate data stream for
    either part; what cannot be seen is passed over or ends the name; dots and
    spaces at the end and dashes and dots at the beginning are passed over.

    :param name: the name, percent-decoded exactly once.
    :returns: the parts of the artifact's name that it resembles, None if it
        resembles none.
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
            # The first two parts are enough to tell whether somebody wants it.
            stem = "-".join(stem.split("-")[:2])[:MAX_NAME_BYTES] + ".tar.gz"
        if (parsed := parse_artifact_name(stem)) is not None:
            return parsed
    return None


#: What is said of each name that :func:`case_conflicts` returns.
CASE_CONFLICT = "another name differs from it in case only"


def case_conflicts(names: Iterable[str]) -> set[str]:
    """Return the names that another one differs from in case only.

    On Windows and macOS the second of them would overwrite the first.
    """
    folded: dict[str, list[str]] = defaultdict(list)
    for name in names:
        folded[name.casefold()].append(name)
    return {name for same in folded.values() if len(same) > 1 for name in same}


def printable(text: str) -> str:
    """Return text for the screen: control characters escaped, one line."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )
