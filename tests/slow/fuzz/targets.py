"""Fuzz targets: each takes arbitrary bytes and must not fail.

A target may refuse its input with the documented error. It must not raise anything else or
open any path, and its results must be consistent.
"""

from __future__ import annotations

import contextlib
import importlib
import pathlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import wheelhouse_hashes
from tests.slow.fuzz.archives import check_tar_bytes, check_wheel_bytes
from wheelhouse_hashes import formats, listing
from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.builtin import sources
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.formats.api_version import UnsupportedVersion
from wheelhouse_hashes.formats.digest_list import (
    base_name,
    is_list_name,
    named_algorithm,
    parse_digest_list,
)
from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES
from wheelhouse_hashes.formats.hash_file import MAX_BYTES, parse_hash_file
from wheelhouse_hashes.formats.json_listings import read_json
from wheelhouse_hashes.formats.offers import NotAListing, Offers, TooLarge, Unfinished
from wheelhouse_hashes.formats.pages import JSON_TYPE, Link, TooManyLinks, read_page
from wheelhouse_hashes.formats.sniffing import is_index_page
from wheelhouse_hashes.formats.urls import normalized, shown
from wheelhouse_hashes.formats.xml_listings import read_xml

NAME = "numpy-2.3.5-cp311-cp311-win_amd64.whl"
URL = "http://127.0.0.1/wheels/"

#: The paths that the interpreter was asked to open while watching is on.
_opened: list[object] = []
_watching = False

#: Coverage reads the sources of modules when their code first runs.
_SOURCES = {str(path) for path in pathlib.Path(wheelhouse_hashes.__file__).parent.rglob("*.py")}


def _audit(event: str, args: tuple[object, ...]) -> None:
    watched = ("open", "os.listdir", "os.scandir", "subprocess.Popen")
    if _watching and event in watched and args[0] not in _SOURCES:
        _opened.append(args[0])


sys.addaudithook(_audit)
# Many modules are imported on first use.  One needs sigstore, which is not installed here.
for _package in (formats, listing, sources):
    for _module in pkgutil.iter_modules(_package.__path__, f"{_package.__name__}."):
        if not _module.name.endswith(".attestation_checks"):
            importlib.import_module(_module.name)
# Python loads a codec from a file on first use.
for _codec in (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-8-sig",
    "unicode_escape",
    "latin-1",
    "idna",
    "cp437",
):
    "warm".encode(_codec).decode(_codec)
"wärm".encode("idna")


@contextmanager
def opening_nothing() -> Iterator[None]:
    """Fail if a file, folder or program is opened in the ``with`` block."""
    global _watching  # noqa: PLW0603 (an audit hook has no other state)
    _opened.clear()
    _watching = True
    try:
        yield
    finally:
        _watching = False
    assert not _opened, _opened


def hash_file(data: bytes) -> None:
    """Parse a hash file for each algorithm."""
    for algorithm in ALGORITHMS:
        with opening_nothing():
            try:
                read = parse_hash_file(data, NAME, algorithm)
            except HashFileError as error:
                assert str(error).isprintable()  # noqa: PT017 (it need not raise)
                continue
        assert len(data) <= MAX_BYTES
        assert read.note.isprintable()
        assert read.digest.hex.encode() in data.replace(b"\0", b"").lower()


#: Names of digest lists, and the values of ``--hash-algorithm``.
LISTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ()),
    ("checksums.txt", ("blake2b",)),
    ("SHA256SUMS", ("sha512", "blake2b")),
    ("SHA512SUMS", ()),
    ("SHA1SUMS", ("sha256",)),
)


def digest_list(data: bytes) -> None:
    """Parse a digest list, under names that imply different algorithms."""
    for name, algorithms in LISTS:
        with opening_nothing():
            try:
                read = parse_digest_list(data, name, algorithms)
            except HashFileError as error:
                assert str(error).isprintable()  # noqa: PT017 (it need not raise)
                continue
        assert len(data) <= MAX_LIST_BYTES
        assert read.entries
        assert all(note.isprintable() for note in read.notes)
        digits = data.lower().translate(None, b"\0 :\t\r\n")
        for entry in read.entries:
            assert entry.name == base_name(entry.path)
            # A comment may be between the groups of a digest.
            assert entry.digest.hex.encode() in digits or b"#" in data or b";" in data
        assert sum(map(len, read.digests.values())) <= len(read.entries)


def list_name(data: bytes) -> None:
    """Tell the algorithm of a digest list by its name."""
    name = data.decode("utf-8", "replace")
    algorithm = named_algorithm(name)
    if is_list_name(name):
        assert algorithm is None or algorithm in ALGORITHMS


def _check(links: list[Link]) -> None:
    for link in links:
        assert link.name is None or isinstance(link.name, str)
        assert link.size is None or link.size >= 0
        shown(link.address)
        try:
            normalized(link.address)
        except ValueError:
            continue  # the page reader skips such links
        for algorithm, value in link.hashes:
            if algorithm in ALGORITHMS:
                try:
                    Digest(algorithm, value)
                except ValueError:
                    continue


def index_page(data: bytes) -> None:
    """Parse an HTML page."""
    with opening_nothing(), contextlib.suppress(UnsupportedVersion):
        _check(list(read_page(data, "text/html", URL)))


def json_page(data: bytes) -> None:
    """Parse a JSON page (:pep:`691`)."""
    with opening_nothing():
        try:
            links = list(read_page(data, JSON_TYPE, URL))
        except ValueError:
            return
        _check(links)


def _check_offers(offers: Offers) -> None:
    assert offers.next is None or offers.next.startswith("http://127.0.0.1/")
    for offer in offers.offers:
        assert offer.name
        assert offer.size is None or offer.size >= 0
        assert all(isinstance(text, str) for pair in offer.digests for text in pair)
        shown(offer.url)
        try:
            normalized(offer.url)
        except ValueError:
            continue  # the reader refuses such objects


def xml_listing(data: bytes) -> None:
    """Parse a listing in XML."""
    is_index_page("", data)
    with opening_nothing():
        try:
            _check_offers(read_xml(data, URL))
        except (NotAListing, Unfinished, TooLarge, TooManyLinks) as error:
            assert str(error)  # noqa: PT017 (it need not raise)


def json_listing(data: bytes) -> None:
    """Parse a listing in JSON."""
    is_index_page("application/json", data)
    with opening_nothing():
        try:
            offers = read_json(data, f"{URL}?format=json", {"x-container-object-count": "9"})
        except (NotAListing, Unfinished, TooLarge, TooManyLinks) as error:
            assert str(error)  # noqa: PT017 (it need not raise)
            return
        _check_offers(offers)


def fragment(data: bytes) -> None:
    """Parse a link's fragment, quoted and unquoted."""
    text = data.decode("utf-8", "replace")
    page = f'<a href="{NAME}#{text}">x</a> <a href={NAME}#{text}>x</a>'.encode()
    with opening_nothing(), contextlib.suppress(UnsupportedVersion):
        _check(list(read_page(page, "text/html", URL)))


def wheel(data: bytes) -> None:
    """Check the contents of a wheel."""
    with opening_nothing():
        check_wheel_bytes(data)


def sdist(data: bytes) -> None:
    """Check the contents of an sdist, given as a tar archive before compression."""
    with opening_nothing():
        check_tar_bytes(data)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "hash_file": hash_file,
    "digest_list": digest_list,
    "list_name": list_name,
    "index_page": index_page,
    "json_page": json_page,
    "fragment": fragment,
    "xml_listing": xml_listing,
    "json_listing": json_listing,
    "wheel": wheel,
    "sdist": sdist,
}
