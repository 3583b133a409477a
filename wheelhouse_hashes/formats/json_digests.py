"""JSON documents with digests: releases, pages of a package index, and reports.

Releases and listings are read as :mod:`wheelhouse_hashes.formats.json_listings` reads them
from an address.  The others are the report of ``pip install --report`` and that of
``--report``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wheelhouse_hashes.digests import Digest
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.json_listings import load, read_json
from wheelhouse_hashes.formats.lock_files import last_part
from wheelhouse_hashes.formats.named_digests import (
    GIVE_A_LIST,
    DigestSource,
    digests_in,
    gathered,
    tagged_digests,
)
from wheelhouse_hashes.formats.offers import NotAListing, TooLarge, Unfinished
from wheelhouse_hashes.formats.pages import JSON_TYPE, TooManyLinks, read_page

Found = Iterable[tuple[str, Iterable[Digest]]]

#: The outcomes of a report whose digests were verified or published.
_GOOD = ("ok", "sent", "replaced", "there")

#: Documents about signatures, by keys that they have: what they are.
_SIGNED = (
    ({"attestation_bundles"}, "the provenance of a file (PEP 740)"),
    ({"verification_material", "envelope"}, "an attestation (PEP 740)"),
    ({"payload", "payloadType", "signatures"}, "a DSSE envelope"),
    ({"_type", "predicateType"}, "an in-toto statement"),
    ({"mediaType", "verificationMaterial"}, "a Sigstore bundle"),
    ({"bomFormat"}, "a CycloneDX bill of materials"),
    ({"spdxVersion"}, "an SPDX bill of materials"),
)

#: The base of relative links, which are not followed.
_BASE = "file:///"


def read_json_digests(content: bytes, file_name: str) -> DigestSource:
    """Read a JSON document with digests.

    :param content: its content.
    :param file_name: the name of the file, for messages.
    :raises HashFileError: if it is another document, or cannot be read.
    """
    try:
        document = load(content)
        if isinstance(document, dict):
            if read := _of_object(document, content):
                return read
            for keys, what in _SIGNED:
                if keys <= document.keys():
                    raise HashFileError(f"{what}, which is not a digest list", next=GIVE_A_LIST)
        offers = read_json(content, f"{_BASE}{file_name}", {})
    except NotAListing as error:
        raise HashFileError(printable(str(error)), next=GIVE_A_LIST) from None
    except (Unfinished, TooLarge, TooManyLinks, ValueError) as error:
        raise HashFileError(printable(str(error)), next="write it again") from None
    kind = "release or listing in JSON"
    found = [(each.name, _valid(each.digests)) for each in offers.offers if not each.problem]
    sizes = {each.name: each.size for each in offers.offers}
    return DigestSource(kind, "release", gathered(kind, found, sizes))


def is_report(content: bytes) -> bool:
    """Return whether a JSON document may be a report of pip or of wheelhouse-hashes."""
    return (b'"pip_version"' in content and b'"install"' in content) or (
        b'"verb"' in content and b'"schema"' in content and b'"artifacts"' in content
    )


def _of_object(document: Mapping[str, Any], content: bytes) -> DigestSource | None:
    if {"install", "pip_version"} <= document.keys():
        kind = "report of pip"
        return DigestSource(kind, "report", gathered(kind, _of_pip(document)))
    if {"schema", "verb", "artifacts"} <= document.keys():
        kind = "report of wheelhouse-hashes"
        sizes = {str(row.get("name")): row.get("size") for row in _rows(document["artifacts"])}
        return DigestSource(kind, "report", gathered(kind, _of_report(document), sizes))
    if "files" in document and isinstance(document.get("meta"), dict):
        kind = "page of a package index"
        links = list(read_page(content, JSON_TYPE, _BASE))
        found = [(link.name or "", _valid(link.hashes)) for link in links if not link.problem]
        sizes = {link.name or "": link.size for link in links}
        return DigestSource(kind, "page", gathered(kind, found, sizes))
    return None


def _of_pip(document: Mapping[str, Any]) -> Iterator[tuple[str, Iterable[Digest]]]:
    for item in _rows(document.get("install")):
        info = item.get("download_info")
        archive = info.get("archive_info") if isinstance(info, dict) else None
        if isinstance(info, dict) and isinstance(archive, dict):
            hashes = archive.get("hashes")
            digests = digests_in(hashes) if hashes else tagged_digests(archive.get("hash"))
            yield last_part(str(info.get("url") or "")), digests


def _of_report(document: Mapping[str, Any]) -> Iterator[tuple[str, Iterable[Digest]]]:
    for row in _rows(document.get("artifacts")):
        if row.get("outcome") in _GOOD:
            yield str(row.get("name") or ""), digests_in(row.get("digests"))


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _valid(pairs: Iterable[tuple[str, str]]) -> list[Digest]:
    return list(digests_in(dict(pairs)))
