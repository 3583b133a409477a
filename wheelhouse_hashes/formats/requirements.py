"""Requirements files with digests (https://pip.pypa.io/en/stable/reference/requirements-file-format/).

``NAME==VERSION --hash=sha256:HEX ...`` names a release: each of its artifacts must have one of
the digests.  ``NAME @ URL`` and URLs name one artifact.  Files named by ``-r`` and ``-c`` are
not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.lock_files import last_part
from wheelhouse_hashes.formats.named_digests import DigestSource, gathered, tagged_digests

if TYPE_CHECKING:
    from wheelhouse_hashes.digests import Digest

#: A line that is none of a digest list: a requirement, or one of pip's options.
_REQUIREMENT = re.compile(
    rb"^[ \t]*(?:[A-Za-z0-9][\w.-]*(?:\[[\w, .-]*\])?[ \t]*(?:[=~!<>]=|[<>]|@[ \t]*\S)"
    rb"|\S+[ \t]+--hash[= ]"
    rb"|--?(?:i|r|c|f|e|index-url|extra-index-url|requirement|constraint|find-links|editable"
    rb"|no-index|require-hashes|only-binary|no-binary|prefer-binary|pre)(?:[ =]|\r?$))",
    re.MULTILINE,
)

_HASH = re.compile(r"(?:^|\s)--hash[= \t]\s*(\S+)")
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTIONS = re.compile(r"\s--?[A-Za-z]")
_NESTED = re.compile(r"-(?:r|c|-requirement|-constraint)\b")

_KIND = "requirements file"
_CURE = "write it with pip-compile --generate-hashes, or give a digest list"


def is_requirements_file(content: bytes) -> bool:
    """Return whether a text is a requirements file, with digests or without."""
    return _REQUIREMENT.search(content) is not None


def read_requirements(content: bytes) -> DigestSource:
    """Read a requirements file.

    :param content: its content.
    :raises HashFileError: if it cannot be read, or has no digest that an artifact can be
        compared with.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HashFileError(f"the {_KIND} is not UTF-8", next=_CURE) from None
    releases: dict[tuple[str, Version], dict[Digest, None]] = {}
    artifacts: list[tuple[str, list[Digest]]] = []
    notes: dict[str, None] = {}
    for number, line in _logical_lines(text):
        if line.startswith("-") and not line.startswith("--hash"):
            if _NESTED.match(line):
                notes[f"the {_KIND} names another file, which is not read"] = None
            continue
        digests = _digests(line, number)
        what = line[: match.start()] if (match := _OPTIONS.search(line)) else line
        name, release = _subject(what.strip(), number)
        if name:
            artifacts.append((name, [*digests, *_in_fragment(what)]))
        elif release and digests:
            releases.setdefault(release, {}).update(dict.fromkeys(digests))
        elif digests:
            notes[f"line {number} of the {_KIND} names no version, so its digests are not used"] = (
                None
            )
    named = gathered(_KIND, artifacts) if artifacts or not releases else ()
    known = {release: tuple(digests) for release, digests in releases.items()}
    return DigestSource(_KIND, _KIND, named, releases=known, notes=tuple(notes))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, joined where a backslash continues them."""
    joined, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", raw)
        first = first or number
        if line.endswith("\\") and not raw.lstrip().startswith("#"):
            joined += line[:-1] + " "
            continue
        joined += line
        if joined.strip():
            yield first, joined.strip()
        joined, first = "", 0
    if joined.strip():
        raise HashFileError(f"the {_KIND} is cut off: its last line is continued", next=_CURE)


def _digests(line: str, number: int) -> list[Digest]:
    """Return the digests of a requirement.

    :raises HashFileError: if one is not valid.
    """
    found: list[Digest] = []
    for value in _HASH.findall(line):
        try:
            found += tagged_digests(value)
        except HashFileError as error:
            text = f"line {number} of the {_KIND}: {error}"
            raise HashFileError(text, next=_CURE) from None
    return found


def _in_fragment(what: str) -> list[Digest]:
    """Return the digests in the fragment of a URL: ``#sha256=HEX``."""
    fragment = what.partition("#")[2]
    return [one for part in fragment.split("&") for one in tagged_digests(part.split(" ")[0])]


def _subject(what: str, number: int) -> tuple[str, tuple[str, Version] | None]:
    """Return what a requirement is about: the name of an artifact, or a release.

    :raises HashFileError: if it cannot be read.
    """
    if parse_artifact_name(name := last_part(what.partition(" ")[0].partition("#")[0])):
        return name, None
    try:
        requirement = Requirement(re.sub(r"#\S*", "", what))
    except InvalidRequirement:
        shown = printable(what[:80])
        raise HashFileError(
            f"line {number} of the {_KIND} cannot be read: {shown!r}", next=_CURE
        ) from None
    if requirement.url:
        name = last_part(requirement.url)
        return (name if parse_artifact_name(name) else ""), None
    pins = [one.version for one in requirement.specifier if one.operator in ("==", "===")]
    try:
        version = Version(pins[0]) if len(pins) == 1 else None
    except InvalidVersion:  # demo==1.*
        version = None
    return "", (canonicalize_name(requirement.name), version) if version else None
