"""TAG-GLOBs: patterns of the tags of wheels, and ``sdist``.

A pattern matches ``PYTHON-ABI-PLATFORM`` of each expanded tag (``cp313-cp313t-win_amd64``)
and the same without the Python that the ABI repeats (``cp313t-win_amd64``).  It never matches
file names: the order of compressed tags differs from release to release, and versions change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.formats.wheel_kinds import SDIST, column_of_tag, tags_of

_LEGAL = re.compile(r"[a-z0-9_.*?!\[\]-]+", re.ASCII)

#: The number of hyphens in ``PYTHON-ABI-PLATFORM``.
_HYPHENS = 2

#: Wildcards of one character.
_ONE_CHARACTER = re.compile(r"\?|\[[^]]+\]")

#: The maximum length of a pattern.  Each ``*`` multiplies the time that matching can take.
MAX_LENGTH, MAX_STARS = 200, 8

_EXAMPLES = "cp313t-*, *-win_amd64, sdist"


def check_globs(option: str, globs: Iterable[str]) -> None:
    """Check the values of an option.

    :param option: the option, for messages.
    :param globs: its values.
    :raises UsageError: if one cannot match a tag.
    """
    for glob in globs:
        if why := why_no_glob(glob):
            raise UsageError(f"{option} {glob[:80]!r}: {why}")


def why_no_glob(glob: str) -> str | None:
    """Return why a text is not a TAG-GLOB, None if it is one."""
    if glob.endswith((".whl", ".tar.gz", ".zip", ".exe")):
        return f"patterns match tags such as {_EXAMPLES}, not file names"
    if len(glob) > MAX_LENGTH or glob.count("*") > MAX_STARS:
        return f"a pattern has at most {MAX_LENGTH} characters and {MAX_STARS} stars"
    if not _LEGAL.fullmatch(glob):
        return f"not a pattern of tags, such as {_EXAMPLES}"
    if glob != SDIST and "-" not in glob and not set("*?[") & set(glob):
        return f"a tag has the form PYTHON-ABI-PLATFORM; patterns are such as {_EXAMPLES}"
    return None


def matches(glob: str, name: str) -> bool:
    """Return whether a pattern matches one of the tags of an artifact.

    :param glob: the pattern; upper and lower case differ, on all systems.
    :param name: the name of the artifact; other names match nothing.
    """
    return any(matches_tag(glob, tag) for tag in tags_of(name))


def matches_tag(glob: str, tag: str) -> bool:
    """Return whether a pattern matches one tag, or its short form.

    :param glob: the pattern.
    :param tag: ``PYTHON-ABI-PLATFORM``, or a text without a short form, such as ``sdist``.
    """
    return fnmatchcase(tag, glob) or (tag.count("-") == _HYPHENS and fnmatchcase(_short(tag), glob))


def matches_any(globs: Iterable[str], name: str) -> bool:
    """Return whether one of some patterns matches an artifact."""
    return any(matches(glob, name) for glob in globs)


def covers(glob: str, other: str) -> bool:
    """Return whether a pattern certainly matches every tag that another pattern matches.

    The second pattern is compared as text, with nothing and with a few characters in the place
    of its wildcards.

    :param glob: the pattern that may be the wider one.
    :param other: the other pattern.
    """
    if glob == other:
        return True
    if "[" in glob:
        return False  # which characters a set has is not compared
    single = _ONE_CHARACTER.sub("\0", other)
    return all(fnmatchcase(single.replace("*", some), glob) for some in ("", "\0" * MAX_LENGTH))


def _short(tag: str) -> str:
    python, abi, platform = tag.split("-")
    return f"{column_of_tag(python, abi)}-{platform}"
