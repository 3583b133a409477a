"""Parsers of hostile texts: only LogError, and whatever is read is written back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tlog.trees import make_log
from wheelhouse_hashes.tlog.entries import Entry, Kind, name_and_digest, names_in
from wheelhouse_hashes.tlog.keys import SigningKey, VerifierKey
from wheelhouse_hashes.tlog.merkle import LogError
from wheelhouse_hashes.tlog.note import Checkpoint, Note, sign
from wheelhouse_hashes.tlog.proof import Proof
from wheelhouse_hashes.tlog.tiles import Tile, decode_bundle, encode_entries, parse_path

pytestmark = pytest.mark.thorough

KEY = SigningKey("example.org/log", bytes(range(32)))
ENTRY = Entry("demo-1.0-py3-none-any.whl", "1" * 64, 17, "2" * 64, Kind.OBSERVED)
CHECKPOINT = Checkpoint(KEY.name, 1, make_log([ENTRY.encode()])[1], ("an extension",))
NOTE = sign(CHECKPOINT.encode(), KEY)
PROOF = Proof(3, (bytes(32), bytes(range(32))), Note.parse(NOTE), ENTRY.encode())


def read_note(content: bytes) -> bytes:
    note = Note.parse(content)
    assert Checkpoint.parse(note.text).encode() == note.text
    return note.encode()


def read_bundle(content: bytes) -> bytes:
    return encode_entries(decode_bundle(content, 2))


def read_tile(content: bytes) -> bytes:
    return parse_path(content.decode("latin-1")).path.encode("latin-1")


def read_public_key(content: bytes) -> bytes:
    return str(VerifierKey.parse(content.decode("latin-1"))).encode("latin-1")


def read_private_key(content: bytes) -> bytes:
    return SigningKey.parse(content.decode("latin-1")).encode().encode("latin-1")


#: A valid text, and the function that reads it and writes it back.
FORMATS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "entry": (ENTRY.encode(), lambda content: Entry.parse(content).encode()),
    "note": (NOTE, read_note),
    "proof": (PROOF.encode(), lambda content: Proof.parse(content).encode()),
    "bundle": (encode_entries([ENTRY.encode(), b"x"]), read_bundle),
    "tile": (Tile(1, 1_234_067, 7).path.encode(), read_tile),
    "public key": (str(KEY.verifier).encode(), read_public_key),
    "private key": (KEY.encode().encode(), read_private_key),
}

#: Changes of a text: where, how much of it is replaced, and by what.
EDITS = st.lists(
    st.tuples(
        st.integers(0, 2000),
        st.integers(0, 5),
        st.one_of(
            st.binary(max_size=4),
            st.sampled_from(
                [b"\n", b"\n\n", b"\r", b"0", b"+", b" ", b"=", b"\xe2\x80\x94 a AAAAAAA="]
            ),
        ),
    ),
    max_size=4,
)


@pytest.mark.parametrize("name", FORMATS)
@given(edits=EDITS)
@settings(max_examples=300)
def test_what_is_read_is_written_back(name: str, edits: list[tuple[int, int, bytes]]) -> None:
    content, read = FORMATS[name]
    for place, count, added in edits:
        start = place % (len(content) + 1)
        content = content[:start] + added + content[start + count :]
    try:
        written = read(content)
    except LogError:
        return
    assert written == content


@given(edits=EDITS)
@settings(max_examples=300)
def test_ways_to_read_a_name_agree(edits: list[tuple[int, int, bytes]]) -> None:
    content = ENTRY.encode()
    for place, count, added in edits:
        start = place % (len(content) + 1)
        content = content[:start] + added + content[start + count :]
    try:
        entry = Entry.parse(content)
    except LogError:
        assert (name_and_digest(content), names_in([content])) == (None, [None])
    else:
        assert name_and_digest(content) == (entry.name, entry.sha256)
        assert names_in([content]) == [entry.name.encode()]
