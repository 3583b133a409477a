"""Hash files: written in one format, read in many dialects.

The written format is that of GNU ``sha256sum``: lower-case hex, two spaces, the base
name, a line feed; ASCII, no byte order mark, the same bytes on every system.
The reader also accepts the output of other tools and systems: BSD tags, OpenSSL's
spelling, bare digits, upper case, CRLF, byte order marks, UTF-16, paths.
Anything else is refused.

A hash file describes the one artifact that it is named after.  A path inside it
is never opened; only its last part is compared.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.errors import HashFileError, NotAHashFile
from wheelhouse_hashes.filenames import printable

#: Maximum size of a hash file, in bytes.
MAX_BYTES = 64 * 1024

#: Maximum size of a digest list, in bytes.
MAX_LIST_BYTES = 16 * 1024 * 1024

#: Maximum length of a line, in characters.
MAX_LINE = 4 * 1024

_GNU = re.compile(r"(?P<escaped>\\?)(?P<hex>[0-9A-Fa-f]+)(?: [ *]|[ \t])(?P<name>\S.*)", re.ASCII)
_TAG = re.compile(
    r"(?P<tag>[A-Za-z][A-Za-z0-9-]*) ?\((?P<name>.+)\) ?= ?(?P<hex>[0-9A-Fa-f]+)", re.ASCII
)
_BARE = re.compile(r"(?:(?P<tag>[A-Za-z][A-Za-z0-9-]*):)?(?P<hex>[0-9A-Fa-f]+)", re.ASCII)

#: A line that may contain a digest, even in a wrong form: digits first, or a tag.
_DIGEST = re.compile(r"\s*\\?(?:[A-Za-z0-9-]+:|.*\) ?= ?)?[0-9A-Fa-f]{32}", re.ASCII)

#: More hex digits than a request identifier has: a digest in another form.
_LONG = re.compile(r"[0-9A-Fa-f]{56}", re.ASCII)

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
    "md5": "md5",
}

#: Names of digest lists, such as ``SHA256SUMS``, and their algorithms.
_LISTS = {
    "sha256sums": "sha256",
    "sha384sums": "sha384",
    "sha512sums": "sha512",
    "b2sums": "blake2b",
    "blake2sums": "blake2b",
    "md5sums": "md5",
}

_LENGTHS = {32: "MD5", 40: "SHA-1", 56: "SHA-224", 64: "SHA-256", 96: "SHA-384", 128: "SHA-512"}


@dataclass(frozen=True)
class HashFile:
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


def parse_hash_file(content: bytes, artifact_name: str, algorithm: str) -> HashFile:
    """Read the hash file of one artifact.

    :param content: the content of the hash file.
    :param artifact_name: the artifact that the hash file is named after.
    :param algorithm: the algorithm that the hash file is named after.
    :raises HashFileError: if it does not contain exactly one digest of that
        algorithm for that artifact.
    """
    lines = [line for line in _lines(_decode(content)) if line and not line.startswith("#")]
    if not lines:
        raise NotAHashFile("the hash file is empty")
    if not any(_DIGEST.match(line) or _LONG.search(line.replace(" ", "")) for line in lines):
        raise NotAHashFile(_unknown_form(lines[0]))
    read = {_read_line(line, artifact_name, algorithm) for line in lines}
    digests = {digest for digest, _ in read}
    if len(digests) > 1:
        raise HashFileError(f"the hash file has {len(digests)} different digests")
    notes = sorted({note for _, note in read if note})
    return HashFile(digests.pop(), "; ".join(notes))


def list_algorithm(name: str) -> str | None:
    """Return the algorithm that the name of a digest list implies.

    :param name: a file name, such as ``SHA256SUMS`` or ``sha256sums.txt``.
    :returns: None if it is not the name of a digest list.
    """
    return _LISTS.get(name.lower().removesuffix(".txt"))


def parse_list(content: bytes, algorithm: str) -> dict[str, Digest]:
    """Read a digest list, such as the output of ``sha256sum *``.

    :param content: the content of the list.
    :param algorithm: the algorithm of its digests.
    :returns: the digests by file name, without folders.
    :raises HashFileError: if a line has an unknown form, or two lines contradict
        each other.
    """
    digests: dict[str, Digest] = {}
    for line in _lines(_decode(content, MAX_LIST_BYTES)):
        if not line or line.startswith("#"):
            continue
        match = _TAG.fullmatch(line) or _GNU.fullmatch(line)
        if match is None:
            raise HashFileError(_unknown_form(line))
        name = re.split(r"[/\\]", match["name"])[-1]
        digest, _ = _read_line(line, name, algorithm)
        if digests.setdefault(name, digest) != digest:
            raise HashFileError(f"the digest list has two digests for {printable(name)!r}")
    if not digests:
        raise HashFileError("the digest list is empty")
    return digests


def _decode(content: bytes, max_bytes: int = MAX_BYTES) -> str:
    if len(content) > max_bytes:
        raise NotAHashFile(f"the hash file is larger than {max_bytes} bytes")
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if utf16 else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise NotAHashFile("the hash file is not text") from None
    if "\0" in text:
        raise HashFileError("the hash file has NUL bytes (UTF-16 without a byte order mark?)")
    return text


def _lines(text: str) -> list[str]:
    if text.lstrip()[:1] == "<":
        raise NotAHashFile("the hash file is an HTML or XML page")
    if text.lstrip()[:1] in ("{", "["):
        raise NotAHashFile("the hash file is JSON")
    lines = text.replace("\r\n", "\n").split("\n")
    if any(len(line) > MAX_LINE for line in lines):
        raise NotAHashFile(f"the hash file has a line longer than {MAX_LINE} characters")
    return [line.rstrip(" \t") for line in lines]


def _read_line(line: str, artifact_name: str, algorithm: str) -> tuple[Digest, str]:
    """Return the digest in a line, and a note or the empty string."""
    name: str | None = None
    tag: str | None = None
    if match := _TAG.fullmatch(line) or _BARE.fullmatch(line):
        tag, name = match["tag"], match.groupdict().get("name")
    elif match := _GNU.fullmatch(line):
        name = match["name"]
        if match["escaped"]:
            name = name.replace("\\\\", "\\")
    else:
        raise HashFileError(_unknown_form(line))
    note = "" if name is None else _check_name(name, artifact_name)
    if tag is not None and _TAGS.get(tag.lower()) != algorithm:
        raise HashFileError(f"the hash file has a {tag} digest, not {algorithm}")
    digits = match["hex"]
    if len(digits) != ALGORITHMS[algorithm]:
        kind = _LENGTHS.get(len(digits), "unknown algorithm")
        raise HashFileError(
            f"the digest has {len(digits)} hex digits ({kind}); {algorithm} has "
            f"{ALGORITHMS[algorithm]}"
        )
    return Digest(algorithm, digits), note


def _check_name(name: str, artifact_name: str) -> str:
    base = re.split(r"[/\\]", name)[-1]
    if base != artifact_name:
        raise HashFileError(f"the hash file names another file: {printable(base)!r}")
    if name in (base, f"./{base}"):
        return ""
    if not name.isprintable():
        raise HashFileError(f"the hash file has a control character: {printable(name)!r}")
    return f"the hash file names a path, {printable(name)!r}; only its last part is compared"


def _unknown_form(line: str) -> str:
    if line.startswith(("Algorithm", "---------")):
        return "the hash file is Get-FileHash output; write it with sha256sum or --hashfile"
    if re.match(r"[A-Za-z0-9-]+ (hash of|von) ", line) or line.startswith("CertUtil:"):
        return "the hash file is certutil output; write it with sha256sum or --hashfile"
    return f"the hash file has a line in an unknown format: {printable(line[:80])!r}"
