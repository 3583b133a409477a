"""The tools whose output is not read as a hash file or digest list, and how to get one."""

from __future__ import annotations

import re

from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import printable

#: The cure for most of them.
_CURE = "write it with sha256sum or --hashfile"

#: What the first line of each tool's output looks like; the tool, and the cure.
_TOOLS = (
    (r"Algorithm|---------|\"?Algorithm\"?,", "Get-FileHash output", _CURE),
    (r"[A-Za-z0-9-]+ (hash of|von) |CertUtil:", "certutil output", _CURE),
    (r"-----BEGIN PGP SIGNATURE", "a detached signature", "give the file that it signs"),
    (r"-----BEGIN ", "a key or certificate", "give the list of digests"),
    (r".*: (OK|FAILED)( open or read)?$", "the output of sha256sum -c", "give its input"),
    (r"%%%% ", "hashdeep output", _CURE),
    (r"\d{1,10} +\d+ \S", "the CRC of sum or cksum", _CURE),
    (r"\S.* [0-9A-Fa-f]{8}$", "an SFV file, with a CRC for each file", _CURE),
    (
        r"(.*\) ?= ?)?(sha\d+-)?[A-Za-z0-9+/]{22,86}={1,2}($|  ?\S)",
        "digests in base64",
        "write it without --base64",
    ),
    (r"\S+ *(==|@|>=) ?\S+", "a requirements file", _CURE),
    (r"\[\[?[\w.-]+\]\]?$|[\w-]+ *= *[\"\[]", "TOML", _CURE),
)


def foreign_tool(line: str) -> tuple[str, str] | None:
    """Return what writes such lines, and what to do; None if it is unknown.

    :param line: a line that is in none of the dialects that are read.
    """
    for pattern, tool, cure in _TOOLS:
        if re.match(pattern, line, re.ASCII):  # rarely needed, so not compiled at import
            return tool, cure
    return None


def unreadable(
    line: str, number: int, what: str, kind: type[HashFileError] = HashFileError
) -> HashFileError:
    """Return the error about a line that cannot be read.

    :param line: the line.
    :param number: its number, from 1.
    :param what: the noun of the file.
    :param kind: the class of the error.
    """
    where = f"the {what}" if number == 1 else f"line {number} of the {what}"
    if found := foreign_tool(line):
        tool, cure = found
        return kind(f"{where} is {tool}", next=cure)
    return kind(f"line {number} of the {what} is in an unknown format: {printable(line[:80])!r}")
