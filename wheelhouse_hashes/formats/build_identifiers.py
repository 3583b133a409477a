"""Build identifiers of cibuildwheel: ``cp312-manylinux_x86_64``.

``cibuildwheel --print-build-identifiers`` prints one a line.  A wheel for the stable ABI serves
many identifiers, and a project may build several wheels for one: so each must have at least one
wheel, and they cannot be counted.

Source: cibuildwheel 4.3.5, ``resources/build-platforms.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from wheelhouse_hashes.formats.tag_globs import matches_tag
from wheelhouse_hashes.formats.wheel_kinds import ANY, Kind, column_of_tag, platform_row, tags_of

_IDENTIFIER = re.compile(
    r"(?P<python>(?:cp\d{2,3}t?|pp\d{2,3}|gp\d{2,3}(?:_\d+)?))"
    r"-(?P<platform>(?:manylinux|musllinux|macosx|win|pyodide|android|ios)_\w+|win32)",
    re.ASCII,
)

_CPYTHON = re.compile(r"cp(\d)(\d+)(t?)", re.ASCII)
_MINOR = re.compile(r"(?:cp|py)(\d)(\d+)", re.ASCII)

_GRAALPY = re.compile(r"gp(\d+)(?:_(\d+))?", re.ASCII)

#: Two versions of each platform that has versions, in the tags of wheels.
_VERSIONS: Mapping[str, tuple[str, str]] = {
    "manylinux": ("2_17", "2_34"),
    "musllinux": ("1_1", "1_2"),
    "macosx": ("10_13", "11_0"),
    "pyodide": ("2024_0", "2025_0"),
    "android": ("21", "24"),
    "ios": ("13_0", "15_4"),
}

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
        row = f"{family} {rest}" if family in _VERSIONS else self.platform
        return Kind(column_of_tag(*self._python_and_abi), row)

    @property
    def _python_and_abi(self) -> tuple[str, str]:
        """The tags of a wheel for this Python alone."""
        if match := _CPYTHON.fullmatch(self.python):
            return f"cp{match[1]}{match[2]}", self.python
        if match := _GRAALPY.fullmatch(self.python):
            return f"graalpy{match[1]}", f"graalpy{match[2] or ''}_{match[1]}_native"
        return self.python, f"pypy{self.python[2:]}_pp73"

    def matches(self, glob: str) -> bool:
        """Return whether a TAG-GLOB is about all wheels that this build makes.

        The tags of wheels have a version of the platform, which an identifier lacks: a pattern
        for one version (``*-manylinux_2_28_*``) is about some of the wheels.

        :param glob: the pattern.
        """
        own = "-".join(self._python_and_abi)
        family, _, rest = self.platform.partition("_")
        versions = _VERSIONS.get(family, ())
        tags = [f"{own}-{family}_{version}_{rest}" for version in versions]
        whole = any(matches_tag(glob, each) for each in (str(self), f"{own}-{self.platform}"))
        return whole or (bool(tags) and all(matches_tag(glob, tag) for tag in tags))

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
    match = _GRAALPY.fullmatch(python)
    own = f"graalpy{match[1]}" if match else python
    # The ABI of GraalPy changes with its release: graalpy250_312_native.
    release = f"graalpy{match[2]}_" if match and match[2] else ""

    def fits(tag: str, abi: str) -> bool:
        if abi == "none":
            return tag in (own, "py3")
        return tag == own and abi.startswith(release)

    return fits
