"""Lock files in TOML: ``pylock.toml`` (:pep:`751`), uv.lock, poetry.lock and pdm.lock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.named_digests import (
    GIVE_A_LIST,
    DigestSource,
    digests_in,
    gathered,
    tagged_digests,
)

if TYPE_CHECKING:
    from packaging.pylock import PackageSdist, PackageWheel

    from wheelhouse_hashes.digests import Digest

#: The beginning of a table, or a key of a lock file, on a line of its own.
_TOML = re.compile(
    rb"^[ \t]*(?:\[\[?[A-Za-z][\w.\"-]*\]\]?|(?:lock-version|version|revision) *= *[\"\d].*)"
    rb"[ \t]*\r?$",
    re.MULTILINE,
)

#: Maximum size of a lock file, in bytes: tomllib reads about a megabyte a second.
MAX_BYTES = 4 * 1024 * 1024

#: A key of many parts: tomllib takes time with the square of their number.
_LONG_KEY = re.compile(rb"(?:[\w\"'-]{1,256}[ \t]{0,8}\.[ \t]{0,8}){64}")

_SOURCE = "lock file"
_CURE = "write it again, or give a digest list"


def is_toml(content: bytes) -> bool:
    """Return whether a text is TOML, even if it is cut off."""
    return _TOML.search(content) is not None


def read_lock_file(content: bytes) -> DigestSource:
    """Read a lock file.

    :param content: its content.
    :raises HashFileError: if it is another file, or cannot be read.
    """
    import tomllib

    if len(content) > MAX_BYTES or _LONG_KEY.search(content):
        why = f"more than {MAX_BYTES} bytes, or a key of more than 64 parts"
        raise HashFileError(f"TOML that is not read: {why}", next=GIVE_A_LIST)
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        why = printable(str(error)[:100])
        raise HashFileError(f"TOML that cannot be read: {why}", next=_CURE) from None
    if "lock-version" in document and "packages" in document:
        return DigestSource("pylock.toml file", _SOURCE, _pylock(document))
    packages = _tables(document.get("package"))
    if "version" in document and any("wheels" in p or "sdist" in p for p in packages):
        kind = "uv.lock file"
        sizes = {name: each.get("size") for name, each in _uv(packages)}
        found = ((name, tagged_digests(each.get("hash"))) for name, each in _uv(packages))
        return DigestSource(kind, _SOURCE, gathered(kind, found, sizes))
    kind = "poetry.lock or pdm.lock file"
    if "metadata" in document and any("files" in p for p in packages):
        return DigestSource(kind, _SOURCE, gathered(kind, _poetry(packages)))
    keys = ", ".join(repr(printable(key[:40])) for key in list(document)[:5])
    raise HashFileError(f"TOML of an unknown kind, with the keys {keys}", next=GIVE_A_LIST)


def _pylock(document: Mapping[str, Any]) -> tuple[Any, ...]:
    from packaging.pylock import Pylock, PylockValidationError

    try:
        lock = Pylock.from_dict(document)
    except PylockValidationError as error:  # other versions of the format, too
        why = printable(str(error)[:200])
        raise HashFileError(f"a pylock.toml file that is not valid: {why}", next=_CURE) from None
    found: list[tuple[str, Iterator[Digest]]] = []
    sizes: dict[str, int | None] = {}
    for package in lock.packages:
        files: list[PackageWheel | PackageSdist] = list(package.wheels or ())
        files += [package.sdist] if package.sdist is not None else []
        for each in files:
            # uv writes normalized names beside URLs with the names that the files have.
            names = {each.filename, last_part(each.url or each.path or each.filename)}
            found += [(name, digests_in(dict(each.hashes))) for name in sorted(names)]
            sizes.update(dict.fromkeys(names, each.size))
        archive = package.archive
        if archive is not None:
            name = last_part(archive.url or archive.path or "")
            found.append((name, digests_in(dict(archive.hashes))))
    return gathered("pylock.toml file", found, sizes)


def _uv(packages: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for package in packages:
        for each in (*_tables(package.get("wheels")), package.get("sdist")):
            if isinstance(each, dict):
                where = each.get("filename") or each.get("url") or each.get("path") or ""
                yield last_part(str(where)), each


def _poetry(packages: list[Mapping[str, Any]]) -> Iterator[tuple[str, Iterator[Digest]]]:
    for package in packages:
        for each in _tables(package.get("files")):
            where = each.get("file") or each.get("url") or ""
            yield last_part(str(where)), tagged_digests(each.get("hash"))


def _tables(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def last_part(address: str) -> str:
    """Return the name of a file, from its URL or path."""
    path = address.partition("#")[0].partition("?")[0] if "://" in address else address
    name = path.replace("\\", "/").rpartition("/")[2]
    return unquote(name) if "://" in address else name
