"""The lines of hash files and digest lists, in the dialects of the tools that write them.

====================  =====================================================================
``sha256sum``         ``HEX  NAME``, ``HEX *NAME``; a leading backslash marks an escaped name
``md5 -r``            ``HEX NAME``, with one space or a tab
``sha256sum --tag``   ``SHA256 (NAME) = HEX``, also of BSD and ``cksum``
``openssl dgst``      ``SHA2-256(NAME)= HEX``, ``(stdin)= HEX``, ``HEX`` with colons (``-c``)
``pip hash``          ``NAME:``, then ``--hash=sha256:HEX``
``gpg --print-md``    ``NAME: HEX HEX ...`` on several lines, with the algorithm or without
digest only           ``HEX``, ``sha256:HEX``
name first            ``NAME  HEX``
====================  =====================================================================

Blanks around a line, and comments (``#``, ``;``), are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from wheelhouse_hashes.digests import ALGORITHMS
from wheelhouse_hashes.formats.digest_tools import foreign_tool, unreadable
from wheelhouse_hashes.formats.lazy_patterns import lazily

GNU, BSD_REVERSED, TAGGED = "sha256sum", "md5 -r", "sha256sum --tag"
OPENSSL, PIP, GPG = "openssl dgst", "pip hash", "gpg --print-md"
BARE, NAME_FIRST = "digest only", "name first"

#: Names that stand for the standard input.
_STDIN = frozenset({"-", "stdin", ""})

_FLAGS = re.ASCII | re.DOTALL

_GNU = lazily(r"(?P<hex>[0-9A-Fa-f]{16,}) [ *](?P<name>.+)", _FLAGS)
_REVERSED = lazily(r"(?P<hex>[0-9A-Fa-f]{16,})[ \t](?P<name>[^ \t].*)", _FLAGS)
_TAGGED = lazily(
    r"(?P<tag>[A-Za-z][A-Za-z0-9/-]*)?(?P<blank> ?)\((?P<name>.+)\) ?= ?"
    r"(?P<hex>[0-9A-Fa-f]+|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})+)",
    _FLAGS,
)
_BARE = lazily(r"(?:(?P<tag>[A-Za-z][A-Za-z0-9-]*)[:=])?(?P<hex>[0-9A-Fa-f]{16,})", re.ASCII)
_OPTION = lazily(r"--hash[= ](?P<tag>[A-Za-z0-9-]+):(?P<hex>[0-9A-Fa-f]+)", re.ASCII)
_HEADER = lazily(r"(?P<name>.*[^:]):", _FLAGS)
_NAME_FIRST = lazily(r"(?P<name>[^\s.]*\.\S*[^\s:=]):?[ \t]+(?P<hex>[0-9A-Fa-f]{32,})", _FLAGS)
_GROUP = r"(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})"
_GROUPS = lazily(rf"(?:(?P<tag>[A-Z0-9-]+) = )?(?P<hex>{_GROUP}(?: +{_GROUP})+)", re.ASCII)
_MORE = lazily(rf"(?:(?P<tag>[A-Z0-9-]+) = )?(?P<hex>{_GROUP}(?: +{_GROUP})*)", re.ASCII)
_GPG = lazily(rf"(?P<name>.*[^:]): +(?P<rest>(?:[A-Z0-9-]+ = )?{_GROUP} .*)", _FLAGS)

#: A line that may contain a digest, even in a wrong form: digits first, or a tag.
_DIGEST = lazily(r"\s*\\?(?:[A-Za-z0-9-]+:|.*\) ?= ?)?[0-9A-Fa-f]{32}", re.ASCII)
#: Hex digits in groups, as ``gpg --print-md`` writes them.
_GROUPED = lazily(r"([0-9A-Fa-f]{8} +){3}|([0-9A-Fa-f]{2} +){15}", re.ASCII)
#: More hex digits than a request identifier has: a digest in another form.
_LONG = lazily(r"[0-9A-Fa-f]{56}", re.ASCII)

#: The number of hex digits of the longest digest.
_LONGEST = max(ALGORITHMS.values())

_ESCAPE = lazily(r"\\(.?)", re.DOTALL)
_ESCAPES = {"\\": "\\", "n": "\n", "r": "\r"}


class DigestLine(NamedTuple):
    """One digest, as a hash file or digest list has it."""

    #: Its hex digits.
    hex: str
    #: The file that it describes, as written, with its folders; None if there is no name.
    name: str | None
    #: The algorithm, as written; None if the line does not name one.
    tag: str | None
    #: The dialect of the line: the tool that writes it.
    dialect: str
    #: The number of the line, from 1.
    number: int


@dataclass
class _Block:
    """A name whose digest follows, or a digest that further lines may continue."""

    name: str | None
    number: int
    tag: str | None = None
    hex: str = ""


def resembles_digest(line: str) -> bool:
    """Return whether a line may contain a digest, in a known or an unknown form."""
    if _DIGEST.match(line) or _GROUPED.search(line):
        return True
    return _LONG.search(line.replace(" ", "").replace(":", "")) is not None


def read_lines(lines: Iterable[tuple[int, str]], what: str) -> Iterator[DigestLine]:
    """Yield the digests of a hash file or digest list.

    :param lines: its lines, with their numbers.
    :param what: its noun, for messages.
    :raises HashFileError: if a line is in none of the known dialects.
    """
    block: _Block | None = None
    for number, raw in lines:
        line = raw.strip(" \t")
        if not line or line.startswith(("#", ";")):
            continue
        if block is not None:
            if _continues(block, line):
                continue
            if not block.hex and (match := _OPTION.fullmatch(line)):
                yield DigestLine(match["hex"], block.name, match["tag"], PIP, number)
                block = None
                continue
            yield _finished(block, what)
            # ``gpg --print-mds`` writes the name before each digest.
            block = None
        if found := _on_one_line(raw.lstrip(" \t"), line, number):
            yield found
            continue
        block = _beginning(line, number)
        if block is None:
            raise unreadable(line, number, what)
    if block is not None:
        yield _finished(block, what)


def _on_one_line(raw: str, line: str, number: int) -> DigestLine | None:
    """Read a digest that is on one line.

    :param raw: the line without blanks at its start.
    :param line: the line without blanks at both ends.
    """
    name: str | None
    escaped = line.startswith("\\")
    if escaped:
        raw, line = raw[1:], line[1:]
    if match := _GNU.fullmatch(raw):
        # Blanks at the end are ignored, unless the name consists of them.
        name, dialect = match["name"].rstrip(" \t") or match["name"], GNU
    elif match := _REVERSED.fullmatch(line):
        name, dialect = match["name"], BSD_REVERSED
    elif match := _TAGGED.fullmatch(line):
        name = match["name"]
        dialect = TAGGED if match["blank"] and match["tag"] else OPENSSL
    elif escaped:
        return None
    elif match := _BARE.fullmatch(line) or _OPTION.fullmatch(line):
        name, dialect = None, PIP if line.startswith("-") else BARE
    elif match := _NAME_FIRST.fullmatch(line):
        name, dialect = match["name"], NAME_FIRST
    else:
        return None
    if escaped and name is not None and (name := _unescaped(name)) is None:
        return None
    tag = match.groupdict().get("tag")
    digits = match["hex"].replace(":", "")
    return DigestLine(digits, None if name in _STDIN else name, tag, dialect, number)


def _unescaped(name: str) -> str | None:
    """Return a name without GNU's escapes, None if it has an unknown one."""
    if any(each not in _ESCAPES for each in _ESCAPE.findall(name)):
        return None
    return _ESCAPE.sub(lambda match: _ESCAPES[match[1]], name)


def _beginning(line: str, number: int) -> _Block | None:
    """Read the first line of a digest, or the name whose digest follows."""
    if match := _GROUPS.fullmatch(line):
        return _Block(None, number, match["tag"], _joined(match["hex"]))
    if (match := _GPG.fullmatch(line)) and (groups := _GROUPS.fullmatch(match["rest"])):
        return _Block(match["name"], number, groups["tag"], _joined(groups["hex"]))
    if (match := _HEADER.fullmatch(line)) and foreign_tool(line) is None:
        return _Block(match["name"], number)
    return None


def _continues(block: _Block, line: str) -> bool:
    """Add a line to a digest, and return whether it belongs to it."""
    match = _MORE.fullmatch(line)
    if match is None or (match["tag"] and block.hex):
        return False
    block.tag = block.tag or match["tag"]
    block.hex += _joined(match["hex"])
    return len(block.hex) <= _LONGEST


def _finished(block: _Block, what: str) -> DigestLine:
    if not block.hex:
        line = f"{block.name}:"
        raise unreadable(line, block.number, what)
    return DigestLine(block.hex, block.name, block.tag, GPG, block.number)


def _joined(groups: str) -> str:
    return groups.replace(" ", "")
