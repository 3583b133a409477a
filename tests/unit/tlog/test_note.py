"""Signed notes, keys and checkpoints."""

from __future__ import annotations

import sys

import pytest

from tests.unit.tlog.trees import flipped
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.tlog.keys import COSIGNATURE, SigningKey, VerifierKey, encode_base64
from wheelhouse_hashes.tlog.merkle import EMPTY_ROOT, LogError
from wheelhouse_hashes.tlog.note import MAX_NOTE, Checkpoint, Note, Signature, open_checkpoint, sign

# The keys and the note of the documentation of Go's package ``sumdb/note``.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
    "rRumRZb6KxOHP2SnWq0gNoqJ3Q1oGp"
)
# A published test key of Tessera, with its checkpoint of size 0.
TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
SEED = bytes(range(32))


@pytest.fixture
def key() -> SigningKey:
    return SigningKey("example.org/log", SEED)


@pytest.fixture
def signed(key: SigningKey) -> bytes:
    return sign(Checkpoint(key.name, 0, EMPTY_ROOT).encode(), key)


def test_keys_are_written_back() -> None:
    for text in (PETER, ENOCH, TESSERA):
        assert str(VerifierKey.parse(text)) == text
    secret = SigningKey.parse(PETER_SECRET)
    assert (secret.encode(), str(secret.verifier)) == (PETER_SECRET, PETER)
    assert secret.encode() not in repr(secret)


def test_golden_checkpoint(key: SigningKey, signed: bytes) -> None:
    assert str(key.verifier) == (
        "example.org/log+98af023b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    )
    assert signed.decode() == (
        "example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
        "\u2014 example.org/log mK8COwULP8PgLMj+ndVqffA48/tkGePNxwqDuZS7k7TeiIO/XGAHYaBSebc1VGSiY"
        "0uZ421fdHpfYlhKFTWu7Luy8A0=\n"
    )
    assert open_checkpoint(signed, key.verifier) == Checkpoint(key.name, 0, EMPTY_ROOT)


def test_signing_is_deterministic(key: SigningKey) -> None:
    assert sign(TEXT, SigningKey.parse(PETER_SECRET)) == sign(TEXT, SigningKey.parse(PETER_SECRET))
    assert sign("a\n", key) != sign("b\n", key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", ""),
        PETER[:-1],
        PETER[:-4],
        PETER + "AAAA",
        PETER + "\n",
        PETER.replace("+ARpc", "+BhpC"),
        PETER_SECRET,
    ],
)
def test_other_texts_are_not_keys(text: str) -> None:
    with pytest.raises(LogError):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PETER,
        PETER_SECRET[:-1],
        PETER_SECRET.replace("c74f20a3", "c74f20a4"),
        PETER_SECRET.replace("+AYEK", "+BIEK"),
        PETER_SECRET + "\n",
    ],
)
def test_other_texts_are_not_private_keys(text: str) -> None:
    with pytest.raises(LogError) as error:
        SigningKey.parse(text)
    assert "AYEK" not in str(error.value)


def test_any_flipped_bit_of_a_checkpoint_is_refused(key: SigningKey, signed: bytes) -> None:
    for bit in range(len(signed) * 8):
        with pytest.raises(LogError):
            open_checkpoint(flipped(signed, bit), key.verifier)


def test_other_key_of_the_same_name(signed: bytes) -> None:
    other = SigningKey("example.org/log", SEED[::-1]).verifier
    with pytest.raises(LogError, match=r"not signed by example\.org/log"):
        open_checkpoint(signed, other)


def test_signature_of_another_key_with_the_same_id(key: SigningKey, signed: bytes) -> None:
    note = Note.parse(signed)
    forged = Note(note.text.replace("\n0\n", "\n1\n"), note.signatures).encode()
    with pytest.raises(LogError, match="is not valid"):
        open_checkpoint(forged, key.verifier)


def test_unknown_signatures_are_ignored(key: SigningKey, signed: bytes) -> None:
    note = Note.parse(signed)
    unknown = tuple(Signature(f"witness{n}", b"\1\2\3\4", b"x" * 72) for n in range(16))
    more = Note(note.text, (*unknown, *note.signatures)).encode()
    assert open_checkpoint(more, key.verifier).size == 0
    # The key is known, so a second signature of it that is not valid counts.
    wrong = Signature(key.name, key.verifier.id, b"x" * 64)
    with pytest.raises(LogError, match="is not valid"):
        open_checkpoint(Note(note.text, (*note.signatures, wrong)).encode(), key.verifier)
    short = Signature(key.name, key.verifier.id, b"x")
    with pytest.raises(LogError, match="is not valid"):
        open_checkpoint(Note(note.text, (short,)).encode(), key.verifier)


def test_checkpoint_of_another_origin(key: SigningKey) -> None:
    other = sign(Checkpoint("example.org/other", 0, EMPTY_ROOT).encode(), key)
    with pytest.raises(LogError, match=r"of 'example.org/other', not of 'example.org/log'"):
        open_checkpoint(other, key.verifier)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAA=",
        b"text\n\n\xe2\x80\x94 a AAAAAA==\n",
        b"text\n\n- a AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94  a AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAB=\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAA=\nmore\n",
        b"one\rtwo\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"one\0two\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"one\xfftwo\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"text\n\n" + b"\xe2\x80\x94 a AAAAAAA=\n" * 101,
        b"x" * MAX_NOTE + b"\n\n\xe2\x80\x94 a AAAAAAA=\n",
    ],
)
def test_other_bytes_are_not_notes(content: bytes) -> None:
    with pytest.raises(LogError):
        Note.parse(content)


def test_text_and_signatures_are_split_at_the_last_empty_line() -> None:
    note = Note("a\n\nb\n", (Signature("name", b"1234", b"5"),))
    assert Note.parse(note.encode()) == note


ROOT = encode_base64(EMPTY_ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n",
        "a\n1\n",
        f"a\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"a\n01\n{ROOT}\n",
        f"a\n-1\n{ROOT}\n",
        f"a\n1 \n{ROOT}\n",
        f"a\n{2**63}\n{ROOT}\n",
        f"a\n1\n{ROOT[:-1]}\n",
        "a\n1\nAAAA\n",
        f"a\n1\n{ROOT}\n\n",
    ],
)
def test_other_texts_are_not_checkpoints(text: str) -> None:
    with pytest.raises(LogError):
        Checkpoint.parse(text)


def test_extension_lines_are_kept() -> None:
    text = f"a\n{2**63 - 1}\n{ROOT}\nmore\nand more\n"
    checkpoint = Checkpoint.parse(text)
    assert checkpoint.extensions == ("more", "and more")
    assert checkpoint.encode() == text


def test_cosignature_with_a_time(key: SigningKey) -> None:
    public = VerifierKey("witness.example.org", COSIGNATURE, key.verifier.public)
    text = Checkpoint("example.org/log", 0, EMPTY_ROOT).encode()
    time = (1_700_000_000).to_bytes(8, "big")
    made = Note.parse(sign("cosignature/v1\ntime 1700000000\n" + text, key)).signatures[0].value
    note = Note(text, (Signature(public.name, public.id, time + made),)).encode()
    assert open_checkpoint(note, public).origin == "example.org/log"
    late = Note(text, (Signature(public.name, public.id, b"\0" * 8 + made),)).encode()
    with pytest.raises(LogError, match="is not valid"):
        open_checkpoint(late, public)
    assert str(VerifierKey.parse(str(public))) == str(public)


def test_without_cryptography(
    key: SigningKey, signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = key.verifier
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(UsageError, match=r"pip install 'wheelhouse-hashes\[log\]'"):
        open_checkpoint(signed, verifier)
    assert VerifierKey.parse(PETER)
    assert Note.parse(signed)
