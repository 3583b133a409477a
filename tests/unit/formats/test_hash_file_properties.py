from __future__ import annotations

import hashlib
import pathlib
import subprocess
import tempfile

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.slow.fuzz.targets import opening_nothing
from tests.support.strategies import algorithms, artifact_names, digests
from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import parse_artifact_name, why_unsafe
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    format_hash_file,
    hash_file_name,
    parse_hash_file,
    split_hash_file_name,
)

NAME = "numpy-2.3.5-cp311-cp311-win_amd64.whl"


@settings(deadline=None)
@given(artifact_names)
def test_strategy_draws_valid_safe_names_only(name: str) -> None:
    assert parse_artifact_name(name) is not None
    assert why_unsafe(name) is None


@settings(deadline=None)
@given(artifact_names, digests)
def test_written_hash_file_reads_back_without_note(name: str, digest: Digest) -> None:
    read = parse_hash_file(format_hash_file(digest, name), name, digest.algorithm)
    assert read.digest == digest
    assert read.note == ""


@settings(deadline=None)
@given(artifact_names, digests)
def test_written_hash_file_is_one_ascii_line(name: str, digest: Digest) -> None:
    content = format_hash_file(digest, name)
    assert content.isascii()
    assert content.count(b"\n") == 1
    assert content.endswith(b"\n")
    assert content.decode("ascii") == f"{digest.hex}  {name}\n"


@settings(deadline=None)
@given(artifact_names, algorithms)
def test_hash_file_name_splits_into_its_parts(name: str, algorithm: str) -> None:
    assert split_hash_file_name(hash_file_name(name, algorithm)) == (name, algorithm)


@settings(deadline=None, max_examples=12)
@given(artifact_names, st.binary(max_size=64))
def test_gnu_sha256sum_accepts_written_hash_file(name: str, body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        artifact = pathlib.Path(folder, name)
        artifact.write_bytes(body)
        digest = Digest("sha256", hashlib.sha256(body).hexdigest())
        companion = artifact.with_name(hash_file_name(name, "sha256"))
        companion.write_bytes(format_hash_file(digest, name))
        done = subprocess.run(
            ["sha256sum", "--check", "--strict", companion.name],
            check=False,
            cwd=folder,
            capture_output=True,
            text=True,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{name}: OK\n", "")


_hex = st.one_of(
    *(st.just("a" * length) for length in sorted({*ALGORITHMS.values()})),
    st.text("0123456789abcdefABCDEFg", max_size=130),
)
_names = st.one_of(
    st.sampled_from((NAME, f"./{NAME}", f"../{NAME}", f"dist\\{NAME}", f"folder/{NAME}")),
    st.text(max_size=20),
)
_pieces = st.one_of(
    _hex,
    _names,
    st.sampled_from(
        ("  ", " *", " ", "\t", "\n", "\r\n", "\r", "#", "\\", "\0", "\u202e", "\x1b[2J", "<", "(")
    ),
    st.sampled_from(("SHA256 (", "SHA2-256(", "sha256:", ") = ", ")= ", "MD5", "CertUtil: ")),
)
_encodings = st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"))
_almost = st.builds(
    lambda pieces, encoding: "".join(pieces).encode(encoding, "replace"),
    st.lists(_pieces, max_size=12),
    _encodings,
)


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.binary(max_size=300), _almost), algorithms)
@example(b"\xff\xfe\x00\xd8", "sha256")
@example(b"\xff\xfe\x00\x00", "sha256")
@example(b"(" * MAX_BYTES, "md5")
@example(b"A(" + b")" * 4000, "sha512")
def test_any_bytes_are_parsed_or_refused_without_opening_paths(
    content: bytes, algorithm: str
) -> None:
    with opening_nothing():
        try:
            read = parse_hash_file(content, NAME, algorithm)
        except HashFileError as error:
            text = str(error)
        else:
            assert read.digest.algorithm == algorithm
            text = read.note
    assert text.isprintable()


@settings(deadline=None, max_examples=100)
@given(_almost)
def test_accepted_digest_is_in_the_file(content: bytes) -> None:
    try:
        read = parse_hash_file(content, NAME, "sha256")
    except HashFileError:
        return
    folded = content.replace(b"\0", b"").lower()
    assert read.digest.hex.encode() in folded


def test_existing_path_in_hash_file_is_not_opened(tmp_path: pathlib.Path) -> None:
    other = tmp_path / "elsewhere" / NAME
    other.parent.mkdir()
    other.write_bytes(b"not the artifact")
    content = f"{'0' * 64}  {other}\n".encode()
    with opening_nothing():
        read = parse_hash_file(content, NAME, "sha256")
    assert read.digest.hex == "0" * 64
