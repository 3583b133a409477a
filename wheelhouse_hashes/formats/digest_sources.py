"""Texts that name artifacts, or releases, with their digests: which kind one is, and its content.

Digest lists (``SHA256SUMS``) and hash files *announce*: what they name must be there.  Lock
files, requirements files, reports and pages of an API only *claim*: they also name artifacts
that nobody asked for.  The kind is determined by the content; the name of the file decides
only about the algorithm of a digest list.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection

from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES
from wheelhouse_hashes.formats.named_digests import DigestSource, Named


def read_digests(content: bytes, file_name: str, algorithms: Collection[str] = ()) -> DigestSource:
    """Read a text with digests.

    :param content: the content of the file.
    :param file_name: the name of the file.
    :param algorithms: as for :func:`~.digest_list.parse_digest_list`.
    :raises HashFileError: if it is another text, cannot be read, or is ambiguous; the message
        names what it was recognized as.
    """
    if len(content) > MAX_LIST_BYTES:
        raise HashFileError(f"it is larger than {MAX_LIST_BYTES} bytes")
    match kind_of(content):
        case "JSON":
            from wheelhouse_hashes.formats.json_digests import read_json_digests

            return read_json_digests(content, file_name)
        case "TOML":
            from wheelhouse_hashes.formats.lock_files import read_lock_file

            return read_lock_file(content)
        case "requirements":
            from wheelhouse_hashes.formats.requirements import read_requirements

            return read_requirements(content)
    return _read_list(content, file_name, algorithms)


def kind_of(content: bytes) -> str:
    """Return the kind of a text: ``JSON``, ``TOML``, ``requirements``, or empty for lines."""
    from wheelhouse_hashes.formats import lock_files, requirements

    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ""
    if lock_files.is_toml(content):
        return "TOML"
    if content.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        return "JSON"
    return "requirements" if requirements.is_requirements_file(content) else ""


def _read_list(content: bytes, file_name: str, algorithms: Collection[str]) -> DigestSource:
    """Read a digest list, or the hash file of one artifact."""
    from wheelhouse_hashes.formats.digest_list import parse_digest_list
    from wheelhouse_hashes.formats.hash_file import parse_hash_file, split_hash_file_name

    split = split_hash_file_name(file_name)
    if split is not None and parse_artifact_name(split[0]) is not None:
        read = parse_hash_file(content, *split)
        notes = (read.note,) if read.note else ()
        return DigestSource(
            "hash file",
            "hash file",
            (Named(split[0], (read.digest,)),),
            announces=True,
            notes=notes,
        )
    listed = parse_digest_list(content, file_name, algorithms)
    artifacts = tuple(Named(name, tuple(found)) for name, found in listed.digests.items())
    return DigestSource("digest list", "list", artifacts, announces=True, notes=listed.notes)


def resembles_source(head: bytes) -> bool:
    """Return whether a page is one of these texts, other than JSON.

    :param head: the beginning of the page.
    """
    from wheelhouse_hashes.formats.digest_lines import resembles_digest

    if kind := kind_of(head):
        return kind != "JSON"
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    text = head.decode(encoding, "replace").replace("\0", "\n")
    return any(map(resembles_digest, text.splitlines()))
