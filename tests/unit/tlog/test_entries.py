"""The text of entries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tlog.trees import flipped
from wheelhouse_hashes.tlog.entries import Entry, Kind, name_and_digest
from wheelhouse_hashes.tlog.merkle import LogError

WHEEL = "demo-1.0-py3-none-any.whl"
DIGEST = "0123456789abcdef" * 4


def test_golden_values() -> None:
    assert Entry(WHEEL, DIGEST).encode() == (
        f"wheelhouse-hashes/v1\nfile {WHEEL}\nsha256 {DIGEST}\n".encode()
    )
    full = Entry(WHEEL, DIGEST, 17, DIGEST[::-1], Kind.OBSERVED)
    assert full.encode() == (
        f"wheelhouse-hashes/v1\nobserved {WHEEL}\nsize 17\nsha256 {DIGEST}\n"
        f"blake2b-256 {DIGEST[::-1]}\n".encode()
    )
    assert Entry.parse(full.encode()) == full
    assert name_and_digest(full.encode()) == (WHEEL, DIGEST)
    other = Entry("ünïcode name (1).zip", DIGEST, 2**62)
    assert Entry.parse(other.encode()) == other
    assert name_and_digest(other.encode()) == (other.name, DIGEST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wheelhouse-hashes/v1\n",
        f"wheelhouse-hashes/v2\nfile a\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a\nsha256 {DIGEST}",
        f"wheelhouse-hashes/v1\nfile a\nsha256 {DIGEST}\n\n",
        f"wheelhouse-hashes/v1\nfile a\nsha256 {DIGEST.upper()}\n",
        f"wheelhouse-hashes/v1\nfile a\nsha256 {DIGEST[1:]}\n",
        f"wheelhouse-hashes/v1\nfile a\r\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile  a\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a \nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a/b\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a\\b\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile ..\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile {'a' * 256}\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a\u202eb\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nseen a\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a\nsize 01\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a\nsize -1\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a\nsize {2**63}\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a\nsize \u0661\nsha256 {DIGEST}\n",
        f"wheelhouse-hashes/v1\nfile a\nsha256 {DIGEST}\nsize 1\n",
        f"wheelhouse-hashes/v1\nfile a\nsha256 {DIGEST}\nblake2b-256 {DIGEST}\ntime 1\n",
        f"wheelhouse-hashes/v1\nfile a\nblake2b-256 {DIGEST}\nsha256 {DIGEST}\n",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(LogError):
        Entry.parse(text.encode())
    assert name_and_digest(text.encode()) is None


def test_other_bytes_are_refused() -> None:
    with pytest.raises(LogError):
        Entry.parse(b"wheelhouse-hashes/v1\nfile \xff\nsha256 " + DIGEST.encode() + b"\n")


@pytest.mark.parametrize(
    ("name", "sha256", "size", "blake2b"),
    [
        ("a\nsize 3", DIGEST, None, None),
        ("", DIGEST, None, None),
        ("a", DIGEST.upper(), None, None),
        ("a", "", None, None),
        ("a", DIGEST, -1, None),
        ("a", DIGEST, None, "00"),
    ],
)
def test_values_that_cannot_be_written(
    name: str, sha256: str, size: int | None, blake2b: str | None
) -> None:
    with pytest.raises(LogError):
        Entry(name, sha256, size, blake2b)


@given(bit=st.integers(0, 8 * len(Entry(WHEEL, DIGEST, 5).encode()) - 1))
def test_what_is_read_is_written_back(bit: int) -> None:
    changed = flipped(Entry(WHEEL, DIGEST, 5).encode(), bit)
    try:
        entry = Entry.parse(changed)
    except LogError:
        assert name_and_digest(changed) is None
        return
    assert name_and_digest(changed) == (entry.name, entry.sha256)
    assert entry.encode() == changed
    assert entry != Entry(WHEEL, DIGEST, 5)
