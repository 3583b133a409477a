"""The kinds of artifacts in a release: a column for each Python, a row for each platform.

Releases are compared by the kinds of their artifacts, not by their names: versions differ,
and so does the order of compressed tags (``manylinux_2_17_x86_64.manylinux2014_x86_64``).
The versions in platform tags are not part of a kind: a newer image builds for a newer glibc.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from wheelhouse_hashes.filenames import parse_artifact_name

#: The row of sdists.
SDIST = "sdist"

#: The row of wheels for all platforms.
ANY = "any"

#: A platform tag with a version: ``manylinux2014_x86_64``, ``macosx_10_9_universal2``.
_VERSIONED = re.compile(r"([a-z]+)(?:\d+|(?:_\d+)+)_(.+)", re.ASCII)

#: ABI flags that follow the interpreter: ``cp313t``, ``cp37m``, ``cp27mu``.
_FLAGS = re.compile(r"[a-z]+", re.ASCII)

#: The beginnings of ABI tags that name the interpreter again.
_IMPLEMENTATIONS = ("pypy", "graalpy")

_NUMBER = re.compile(r"(\d+)", re.ASCII)


class Kind(NamedTuple):
    """What an artifact of a release is for."""

    #: Its Python: ``cp313t``, ``cp39-abi3``, ``pp311``, ``py3``; empty for sdists and installers.
    column: str
    #: Its platform: ``manylinux x86_64``, ``win_amd64``, ``any``; or ``sdist``.
    row: str

    def __str__(self) -> str:
        return f"{self.column} {self.row}" if self.column else self.row


def kind_of(name: str) -> Kind | None:
    """Return the kind of an artifact, None if it is not the name of one.

    Several artifacts of a release may be of one kind, as wheels for an old and a new glibc.

    :param name: the artifact's name.
    """
    parsed = parse_artifact_name(name)
    if parsed is None:
        return None
    if parsed.kind == "wheel":
        python, abi, platform = name[: -len(".whl")].lower().split("-")[-3:]
        return Kind(column_of_tag(python, abi), _row(platform))
    if parsed.kind == SDIST:
        return Kind("", SDIST)
    return Kind("", " ".join(["installer", *sorted(parsed.variant, reverse=True)]).rstrip())


def row_of(name: str) -> str:
    """Return the row of an artifact: its platform without versions, ``any`` or ``sdist``.

    :param name: the artifact's name.
    :returns: the row; empty if it is not the name of an artifact.
    """
    kind = kind_of(name)
    return kind.row if kind else ""


def column_of(name: str) -> str:
    """Return the column of an artifact: its Python, with the ABI if that is not the usual one.

    :param name: the artifact's name.
    :returns: the column; empty for other artifacts, and if it is not the name of one.
    """
    kind = kind_of(name)
    return kind.column if kind else ""


def tags_of(name: str) -> frozenset[str]:
    """Return the ``PYTHON-ABI-PLATFORM`` tags of a wheel, or ``sdist``.

    :param name: the artifact's name.
    :returns: the tags; empty if it is not the name of a wheel or sdist.
    """
    parsed = parse_artifact_name(name)
    if parsed is None or parsed.kind == "exe":
        return frozenset()
    return parsed.variant if parsed.kind == "wheel" else frozenset({SDIST})


def platform_row(tag: str) -> str:
    """Return the row of one platform tag.

    :param tag: the tag, in lower case.
    """
    match = _VERSIONED.fullmatch(tag)
    return f"{match[1]} {match[2]}" if match else tag


def in_order(label: str) -> tuple[tuple[bool, int, str], ...]:
    """Return the sort key of a row or column, by which ``cp39`` comes before ``cp310``."""
    parts = enumerate(_NUMBER.split(label))
    # By the number of digits: Python converts 4,300 of them at most.
    return tuple((odd := bool(i % 2), len(part) if odd else 0, part) for i, part in parts)


def _row(platforms: str) -> str:
    rows = {platform_row(tag) for tag in platforms.split(".")}
    return " + ".join(sorted(rows))


def column_of_tag(pythons: str, abis: str) -> str:
    """Return the column of a wheel.

    :param pythons: its Python tags in lower case, with dots between them.
    :param abis: its ABI tags.
    """
    python = ".".join(sorted(set(pythons.split(".")), key=in_order))
    abi = ".".join(sorted(set(abis.split(".")), key=in_order))
    if abi == python or (abi == "none" and python.startswith("py")):
        return python
    if abi.startswith(python) and _FLAGS.fullmatch(abi, len(python)):
        return abi
    # The rest of these ABI tags changes with the interpreter's releases.
    return python if abi.startswith(_IMPLEMENTATIONS) else f"{python}-{abi}"
