"""Digest lists such as ``SHA256SUMS``: texts that name files with their digests.

The algorithm of a digest is that of its tag (``SHA256 (NAME) = HEX``), of the list's name
(``SHA512SUMS``, ``checksums.sha512``), of an option, or of its length if only one algorithm
has digests of that length.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from wheelhouse_hashes.digests import ALGORITHMS, BLAKE2B_256, Digest
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.digest_lines import DigestLine, read_lines
from wheelhouse_hashes.formats.digest_text import DIGEST_LIST, MAX_LIST_BYTES, DigestText
from wheelhouse_hashes.formats.lazy_patterns import lazily

#: Algorithms by their tags, in lower case.
_TAGS = {
    "sha256": "sha256",
    "sha2-256": "sha256",
    "sha384": "sha384",
    "sha2-384": "sha384",
    "sha512": "sha512",
    "sha2-512": "sha512",
    "blake2b": "blake2b",
    "blake2b512": "blake2b",
    "blake2b-512": "blake2b",
    "blake2b-256": BLAKE2B_256,
    "blake2b256": BLAKE2B_256,
    "md5": "md5",
}

#: What else has digests of these lengths.
_LENGTHS = {32: "MD5", 40: "SHA-1", 56: "SHA-224", 64: "SHA-256", 96: "SHA-384", 128: "SHA-512"}

#: The word for an algorithm in the name of a list.
_WORD = (
    r"(?P<word>sha-?sums?[-_.]?(?:224|256|384|512)|sha-?3[-_]?(?:224|256|384|512)"
    r"|sha-?512[-_](?:224|256)|sha-?(?:1|224|256|384|512)|md5|blake2b[-_]?256|blake2b?s?|blake3|b[23](?=-?sum))"
)
_SUMS = r"[-_.]?(?:check)?sums?"
_BEFORE = r"(?:.*[^a-z0-9])?"

#: Names that imply an algorithm: ``demo-1.0-SHA512SUMS.asc``, ``checksums.sha512``.
_NAMED = lazily(rf"{_BEFORE}{_WORD}(?:{_SUMS})?(?:\.(?:txt|text|asc))*", re.ASCII)

#: Names of digest lists in a folder: ``SHA256SUMS``, ``sha256sum.txt``, ``SHASUMS256.txt`` ...
_SUMS_NAME = lazily(rf"{_BEFORE}(?:{_WORD}{_SUMS}|sha-?sums?[-_.]?\d+)(?:\.txt)?", re.ASCII)
#: ... and ``checksums.txt``, ``demo_1.0_checksums.txt``, ``CHECKSUMS.sha512``.
_CHECKSUMS_NAME = lazily(rf"{_BEFORE}checksums?(?:[-_.]{_WORD})?(?:\.txt)?", re.ASCII)


#: Algorithms by their words, if these differ.
_WORDS = {"b2": "blake2b", "blake2": "blake2b", "blake2b256": BLAKE2B_256}

#: The advice about algorithms that are not supported.
_USE = f"use one of {', '.join(ALGORITHMS)}"


class ListEntry(NamedTuple):
    """One digest of a digest list."""

    #: The name of the file, without folders.
    name: str
    #: Its digest.
    digest: Digest
    #: The dialect of its line: the tool that writes it.
    dialect: str
    #: The name as written, with its folders.
    path: str


class DigestList(NamedTuple):
    """The content of a digest list."""

    #: Its digests, in the order of the list.
    entries: tuple[ListEntry, ...]
    #: Notes for the user, one sentence each.
    notes: tuple[str, ...] = ()

    @property
    def digests(self) -> dict[str, list[Digest]]:
        """The digests by name, without duplicates."""
        found: dict[str, dict[Digest, None]] = {}
        for entry in self.entries:
            found.setdefault(entry.name, {})[entry.digest] = None
        return {name: list(digests) for name, digests in found.items()}


def is_list_name(name: str) -> bool:
    """Return whether a file is a digest list, judging by its name.

    :param name: a file name, such as ``SHA256SUMS``, ``checksums.txt`` or ``SHASUMS256.txt``.
    :returns: False for lists of digests that are not supported, too.
    """
    lower = name.lower()
    if not (_SUMS_NAME.fullmatch(lower) or _CHECKSUMS_NAME.fullmatch(lower)):
        return False
    return named_algorithm(name) in (None, *ALGORITHMS)


def named_algorithm(name: str) -> str | None:
    """Return the algorithm that the name of a digest list implies.

    :param name: a file name, such as ``SHA256SUMS`` or ``checksums.sha512``.
    :returns: one of :data:`ALGORITHMS`, or the word for one that is not supported; None if
        the name does not imply one.
    """
    match = _NAMED.fullmatch(name.lower())
    if match is None:
        return None
    word = re.sub(r"[-_.]|sums?", "", match["word"])
    return _WORDS.get(word, word)


def parse_digest_list(
    content: bytes, file_name: str = "", algorithms: Collection[str] = ()
) -> DigestList:
    """Read a digest list, such as the output of ``sha256sum *``.

    Paths are never opened; files are told apart by the last parts of their names.

    :param content: the content of the list.
    :param file_name: the name of the list, which may imply an algorithm.
    :param algorithms: the algorithms to choose from if neither a tag nor the name decides.
    :raises HashFileError: if a line is in an unknown dialect, an algorithm is unknown or
        not supported, or two lines about one artifact contradict each other.
    """
    text = DigestText(content, DIGEST_LIST, MAX_LIST_BYTES)
    implied = named_algorithm(file_name)
    entries: list[ListEntry] = []
    digests: dict[tuple[str, str], Digest] = {}
    unsupported: dict[str, HashFileError] = {}
    for line in read_lines(text.lines(), DIGEST_LIST):
        if line.name is None:
            raise HashFileError(
                f"line {line.number} of the digest list has no file name",
                next="write it with the names, as sha256sum does",
            )
        name = base_name(line.name)
        try:
            digest = _digest(line, implied, algorithms)
        except _Unsupported as error:
            unsupported.setdefault(name, error)
            continue
        before = digests.setdefault((name, digest.algorithm), digest)
        if before != digest and parse_artifact_name(name) is not None:
            raise HashFileError(f"the digest list has two digests for {printable(name)!r}")
        entries.append(
            ListEntry(name, before if before == digest else digest, line.dialect, line.name)
        )
    _check_supported(unsupported, {entry.name for entry in entries})
    return DigestList(tuple(entries), tuple(text.notes))


def _check_supported(unsupported: dict[str, HashFileError], names: set[str]) -> None:
    """Check that no artifact has unsupported digests only.

    :param unsupported: an error for each name with such digests.
    :param names: the names with other digests.
    :raises HashFileError: if one has, or the list has no other digests at all.
    """
    for name, error in unsupported.items():
        if not names or (name not in names and parse_artifact_name(name) is not None):
            raise error
    if not names:
        raise HashFileError("the digest list is empty")


class _Unsupported(HashFileError):
    """A digest has an algorithm that is not supported."""


def _digest(line: DigestLine, implied: str | None, algorithms: Collection[str]) -> Digest:
    """Return the digest in a line of a list.

    :param implied: the algorithm that the name of the list implies, if any.
    :param algorithms: those to choose from otherwise.
    :raises HashFileError: if its algorithm is not known, or its length is wrong.
    """
    if line.tag is not None:
        algorithm = tag_algorithm(line.tag)
        if algorithm is None:
            raise _Unsupported(
                f"line {line.number} of the digest list has a {line.tag} digest, which is not "
                "supported",
                next=_USE,
            )
        return digest_of(line, algorithm, DIGEST_LIST)
    fitting = [name for name, length in ALGORITHMS.items() if length == len(line.hex)]
    if implied == "blake2b" and BLAKE2B_256 in fitting:
        implied = BLAKE2B_256  # b2sum -l 256
    chosen = [implied] if implied in fitting else [a for a in fitting if a in algorithms]
    if not chosen and implied is None:
        # Digests of 64 digits are SHA-256 unless something says otherwise.
        chosen = [a for a in fitting if a != BLAKE2B_256]
    if len(chosen) == 1:
        return Digest(chosen[0], line.hex)
    if implied is not None and not chosen:
        if implied in ALGORITHMS:
            return digest_of(line, implied, DIGEST_LIST)
        raise _Unsupported(
            f"the name of the digest list implies {implied}, which is not supported", next=_USE
        )
    if len(chosen) > 1:
        raise HashFileError(
            f"line {line.number} of the digest list has {len(line.hex)} hex digits, which may be "
            f"{' or '.join(chosen)}",
            next="name the list after its algorithm (SHA512SUMS, B2SUMS), or give "
            f"--hash-algorithm {chosen[0]}",
        )
    raise _Unsupported(f"line {line.number} of the digest list has {_length(line)}", next=_USE)


def tag_algorithm(tag: str) -> str | None:
    """Return the algorithm that a tag such as ``SHA2-256`` names, None if not supported."""
    return _TAGS.get(tag.lower())


def digest_of(line: DigestLine, algorithm: str, what: str) -> Digest:
    """Return the digest in a line whose algorithm is known.

    :param line: the line.
    :param algorithm: one of :data:`ALGORITHMS`.
    :param what: the noun of the file, for messages.
    :raises HashFileError: if it does not have the number of digits of the algorithm.
    """
    expected = ALGORITHMS[algorithm]
    if len(line.hex) != expected:
        text = f"the digest has {_length(line)}; {algorithm} has {expected}"
        if what == DIGEST_LIST:
            text = f"line {line.number} of the digest list: {text}"
        raise HashFileError(text)
    return Digest(algorithm, line.hex)


def _length(line: DigestLine) -> str:
    digits = len(line.hex)
    return f"{digits} hex digits ({_LENGTHS.get(digits, 'unknown algorithm')})"


def base_name(path: str) -> str:
    """Return the last part of a path with slashes or backslashes."""
    return path.replace("\\", "/").rpartition("/")[2]
