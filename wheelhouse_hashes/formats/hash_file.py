"""Hash files: written in one format, read in many dialects.

The written format is that of GNU ``sha256sum``: lower-case hex, two spaces, the base
name, a line feed; ASCII, no byte order mark, the same bytes on every system.
The reader also accepts upper case, CRLF, byte order marks, UTF-16, paths, and the output of
the tools that :mod:`wheelhouse_hashes.formats.digest_lines` lists.  Anything else is refused.

A hash file describes the one artifact that it is named after.  A path inside it
is never opened; only its last part is compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from wheelhouse_hashes.artifacts import ALGORITHMS, DEFAULT_ALGORITHM, Digest
from wheelhouse_hashes.errors import HashFileError, NotAHashFile
from wheelhouse_hashes.filenames import printable

if TYPE_CHECKING:
    from wheelhouse_hashes.formats.digest_lines import DigestLine

#: Maximum size of a hash file, in bytes.
MAX_BYTES = 64 * 1024


class HashFile(NamedTuple):
    """The content of a hash file."""

    #: The digest of the artifact that the file is named after.
    digest: Digest
    #: A note about something unusual in it, or the empty string.
    note: str = ""


def hash_file_name(artifact_name: str, algorithm: str) -> str:
    """Return the name of an artifact's hash file."""
    return f"{artifact_name}.{algorithm}"


def split_hash_file_name(name: str) -> tuple[str, str] | None:
    """Split the name of a hash file into the artifact's name and the algorithm.

    :returns: None if the name does not end with a known algorithm.
    """
    stem, _, algorithm = name.rpartition(".")
    return (stem, algorithm) if stem and algorithm in ALGORITHMS else None


def format_hash_file(digest: Digest, artifact_name: str) -> bytes:
    """Return the content of an artifact's hash file.

    :param digest: the artifact's digest.
    :param artifact_name: its name, without folders.
    """
    return f"{digest.hex}  {artifact_name}\n".encode("ascii")


def format_digest_list(digests: Iterable[tuple[str, Digest]]) -> bytes:
    """Return a digest list: the lines of ``sha256sum``, or with tags those of ``cksum``.

    Without tags, digests of other algorithms would be ambiguous: those of SHA-512 and BLAKE2b
    have the same length.  ``cksum -c``, ``sha512sum -c`` and ``b2sum -c`` read tags as well.

    :param digests: names of artifacts, without folders, each with a digest.
    """
    pairs = list(digests)
    if all(digest.algorithm == DEFAULT_ALGORITHM for _, digest in pairs):
        return b"".join(format_hash_file(digest, name) for name, digest in pairs)
    lines = [f"{_tag(digest.algorithm)} ({name}) = {digest.hex}\n" for name, digest in pairs]
    return "".join(lines).encode("ascii")


def _tag(algorithm: str) -> str:
    """Return the tag of an algorithm, as coreutils writes it."""
    return algorithm.upper().replace("BLAKE2B", "BLAKE2b")


def parse_hash_file(content: bytes, artifact_name: str, algorithm: str) -> HashFile:
    """Read the hash file of one artifact.

    :param content: the content of the hash file.
    :param artifact_name: the artifact that the hash file is named after.
    :param algorithm: the algorithm that the hash file is named after.
    :raises HashFileError: if it does not contain exactly one digest of that
        algorithm for that artifact.
    """
    if (digest := _as_written(content, artifact_name, algorithm)) is not None:
        return HashFile(digest)
    # Imported here: a run whose listing has all digests reads no hash file.
    from wheelhouse_hashes.formats.digest_lines import read_lines, resembles_digest
    from wheelhouse_hashes.formats.digest_list import digest_of, tag_algorithm
    from wheelhouse_hashes.formats.digest_text import HASH_FILE, DigestText
    from wheelhouse_hashes.formats.digest_tools import unreadable

    text = DigestText(content, HASH_FILE, MAX_BYTES)
    lines = list(text.lines())
    filled = [line for _, line in lines if line.strip(" \t") and not line.startswith("#")]
    if not filled:
        raise NotAHashFile("the hash file is empty")
    if not any(map(resembles_digest, filled)):
        raise unreadable(filled[0], 1, HASH_FILE, NotAHashFile)
    digests: set[Digest] = set()
    notes = set(text.notes)
    other: str | None = None
    for line in read_lines(lines, HASH_FILE):
        notes.add(_name_and_note(line, artifact_name))
        if line.tag is not None and tag_algorithm(line.tag) != algorithm:
            # ``gpg --print-mds`` and others write several algorithms.
            other = other or line.tag
            continue
        digests.add(digest_of(line, algorithm, HASH_FILE))
    if not digests:
        raise HashFileError(f"the digest is labeled {other}, not {algorithm}")
    if len(digests) > 1:
        raise HashFileError(f"the hash file has {len(digests)} different digests")
    return HashFile(digests.pop(), "; ".join(sorted(notes - {""})))


def _as_written(content: bytes, artifact_name: str, algorithm: str) -> Digest | None:
    """Return the digest of a hash file that is as :func:`format_hash_file` writes it: most are."""
    try:
        digest = Digest(algorithm, content[: ALGORITHMS[algorithm]].decode("ascii"))
        return digest if content == format_hash_file(digest, artifact_name) else None
    except ValueError:  # no digest, or a name or a content that is not ASCII
        return None


def _name_and_note(line: DigestLine, artifact_name: str) -> str:
    """Check the name in a line, and return a note about it, or the empty string."""
    name = line.name
    if name is None or name in (artifact_name, f"./{artifact_name}"):
        return ""
    base = name.replace("\\", "/").rpartition("/")[2]
    if base != artifact_name:
        raise HashFileError(f"the hash file names another file: {printable(base)!r}")
    if not name.isprintable():
        raise HashFileError(f"the hash file has a control character: {printable(name)!r}")
    return f"the hash file names a path, {printable(name)!r}; only its last part is compared"
