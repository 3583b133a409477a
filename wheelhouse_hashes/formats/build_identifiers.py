"""Build identifiers of cibuildwheel: ``cp312-manylinux_x86_64``.

``cibuildwheel --print-build-identifiers`` prints one a line.  A wheel for the stable ABI serves
many identifiers, and a project may build several wheels for one: so each must have at least one
wheel, and they cannot be counted.

Source: cibuildwheel 4.3.5, ``resources/build-platforms.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from wheelhouse_hashes.formats.wheel_kinds import ANY, Kind, platform_row, tags_of

_IDENTIFIER = re.compile(
    r"(?P<python>(?:cp\d{2,3}t?|pp\d{2,3}|gp\d{2,3}(?:_\d+)?))"
    r"-(?P<platform>(?:manylinux|musllinux|macosx|win|pyodide|android|ios)_\w+|win32)",
    re.ASCII,
)

_CPYTHON = re.compile(r"cp(\d)(\d+)(t?)", re.ASCII)
_MINOR = re.compile(r"(?:cp|py)(\d)(\d+)", re.ASCII)

#: CPython before this minor version has ``m`` in the tags of its ABI.
_LAST_WITH_M = 7


class Identifier(NamedTuple):
    """A build identifier."""

    #: The interpreter: ``cp312``, ``cp313t``, ``pp311``, ``gp312_250``.
    python: str
    #: The platform: ``manylinux_x86_64``.
    platform: str

    def __str__(self) -> str:
        return f"{self.python}-{self.platform}"

    @property
    def kind(self) -> Kind:
        """Its column and row, as for wheels."""
        family, _, rest = self.platform.partition("_")
        is_versioned = rest and family != "win"
        return Kind(self.python, f"{family} {rest}" if is_versioned else self.platform)

    def fits(self, name: str) -> bool:
        """Return whether an artifact is a wheel that this build makes."""
        fits = _cpython(self.python) if self.python.startswith("cp") else _other(self.python)
        for tag in tags_of(name):
            python, _, rest = tag.partition("-")
            abi, _, platform = rest.partition("-")
            if platform and self._is_for(platform) and fits(python, abi):
                return True
        return False

    def _is_for(self, platform: str) -> bool:
        if platform == ANY:
            return True
        # Not repaired: the platform tag that the compiler's own machine has.
        family, _, machine = self.platform.partition("_")
        if family in ("manylinux", "musllinux") and platform == f"linux_{machine}":
            return True
        row = platform_row(platform).replace(" ", "_").replace("pyemscripten", "pyodide")
        return row == self.platform


def parse_identifier(text: str) -> Identifier | None:
    """Parse a build identifier; return None for other texts."""
    match = _IDENTIFIER.fullmatch(text)
    return Identifier(match["python"], match["platform"]) if match else None


def unmet(identifiers: Collection[Identifier], names: Collection[str]) -> list[Identifier]:
    """Return the identifiers for which no artifact is a wheel."""
    return [each for each in identifiers if not any(map(each.fits, names))]


def _cpython(python: str) -> Callable[[str, str], bool]:
    """Return a function that takes the Python and ABI of a tag; whether a CPython has it."""
    match = _CPYTHON.fullmatch(python)
    assert match  # noqa: S101 (only identifiers are passed)
    major, minor, threads = match[1], int(match[2]), match[3]
    own = f"cp{major}{minor}{threads}" + ("m" if minor <= _LAST_WITH_M else "")
    stable = f"abi3{threads}"

    def fits(tag: str, abi: str) -> bool:
        if abi == own:
            return tag == f"cp{major}{minor}"
        if abi == "none" and tag == f"py{major}":
            return True
        found = _MINOR.fullmatch(tag)
        if found is None or found[1] != major:
            return False
        if abi == stable:
            return int(found[2]) <= minor
        if abi != "none":
            return False
        return int(found[2]) == minor or (tag.startswith("py") and int(found[2]) < minor)

    return fits


def _other(python: str) -> Callable[[str, str], bool]:
    own = python if python.startswith("pp") else "graalpy" + python[2:].partition("_")[0]

    def fits(tag: str, abi: str) -> bool:
        return tag == own or (tag == "py3" and abi == "none")

    return fits
