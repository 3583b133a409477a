"""What is fuzzed: each target takes any bytes and must not fail.

It may refuse them by the error that its documentation names.  Nothing else may
be raised, no path may be opened, and what is read must be what it says it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.formats.hash_file import MAX_BYTES, parse_hash_file
from wheelhouse_hashes.formats.pages import JSON_TYPE, Link, read_page
from wheelhouse_hashes.formats.urls import normalized, shown

NAME = "numpy-2.3.5-cp311-cp311-win_amd64.whl"
URL = "http://127.0.0.1/wheels/"

#: What the interpreter was asked to open while somebody watched it.
_opened: list[object] = []
_watching = False


def _audit(event: str, args: tuple[object, ...]) -> None:
    if _watching and event in ("open", "os.listdir", "os.scandir", "subprocess.Popen"):
        _opened.append(args[0])


sys.addaudithook(_audit)
# Python loads a codec from a file when it is first used.
for _codec in ("utf-16", "utf-8-sig", "unicode_escape", "latin-1", "idna"):
    "warm".encode(_codec).decode(_codec)
"wärm".encode("idna")


@contextmanager
def opening_nothing() -> Iterator[None]:
    """Fail if a file, a folder or a program is opened meanwhile."""
    global _watching  # noqa: PLW0603 (an audit hook has no other state)
    _opened.clear()
    _watching = True
    try:
        yield
    finally:
        _watching = False
    assert _opened == []


def hash_file(data: bytes) -> None:
    """Read a hash file of each algorithm."""
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


def _check(links: list[Link]) -> None:
    for link in links:
        assert link.name is None or isinstance(link.name, str)
        assert link.size is None or link.size >= 0
        shown(link.address)
        try:
            normalized(link.address)
        except ValueError:
            continue  # the reader of pages leaves such links out
        for algorithm, value in link.hashes:
            if algorithm in ALGORITHMS:
                try:
                    Digest(algorithm, value)
                except ValueError:
                    continue


def index_page(data: bytes) -> None:
    """Read a page in HTML."""
    with opening_nothing():
        _check(list(read_page(data, "text/html", URL)))


def json_page(data: bytes) -> None:
    """Read a page in JSON (:pep:`691`)."""
    with opening_nothing():
        try:
            links = list(read_page(data, JSON_TYPE, URL))
        except ValueError:
            return
        _check(links)


def fragment(data: bytes) -> None:
    """Read the fragment of a link, between quotes and as it is."""
    text = data.decode("utf-8", "replace")
    page = f'<a href="{NAME}#{text}">x</a> <a href={NAME}#{text}>x</a>'.encode()
    with opening_nothing():
        links = list(read_page(page, "text/html", URL))
        _check(links)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "hash_file": hash_file,
    "index_page": index_page,
    "json_page": json_page,
    "fragment": fragment,
}
