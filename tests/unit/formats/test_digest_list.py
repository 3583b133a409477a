from __future__ import annotations

import hashlib
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.formats.digest_list import (
    is_list_name,
    named_algorithm,
    parse_digest_list,
)
from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES

A = "demo-1.0-py3-none-any.whl"
B = "demo-1.0.tar.gz"
LONG = "numpy-2.3.5-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl"
ONE, TWO = "1" * 64, "2" * 64


def read(text: str, name: str = "", *algorithms: str) -> dict[str, list[str]]:
    """Return the digests of a list by file name."""
    found = parse_digest_list(text.encode(), name, algorithms).digests
    return {key: list(map(str, digests)) for key, digests in found.items()}


NAMED = {
    "sha256": (
        *("SHA256SUMS", "sha256sums.txt", "sha256sum.txt", "SHASUMS256.txt", "checksums.sha256"),
        *("demo-1.0-SHA256SUMS", "demo_1.0_sha256_checksums.txt", "manifest-sha256.txt"),
        *("SHA256SUMS.asc", "SHA-256SUMS", "demo-1.0.sha256", "sha256sum"),
    ),
    "sha384": ("SHA384SUMS", "shasums-384.txt", "x.sha384"),
    "sha512": ("SHA512SUMS", "checksums.sha512", "sha512sum.txt", "SHASUMS512.txt", "a-SHA512SUMS"),
    "blake2b": ("B2SUMS", "b2sum.txt", "BLAKE2SUMS", "blake2b-sums.txt", "x.blake2b"),
    "md5": ("MD5SUMS", "md5sum.txt", "demo.md5", "md5-checksums.txt"),
    "sha1": ("SHA1SUMS", "SHASUMS1.txt"),
    "sha3256": ("SHA3-256SUMS",),
    "sha512256": ("SHA512-256SUMS",),
    "blake3": ("BLAKE3SUMS",),
    "b3": ("B3SUMS",),
    None: (
        *("checksums.txt", "CHECKSUMS", "demo-1.0.txt", "digests", "", "release-notes", "SHASUMS"),
        *("md5-tools-1.0-checksums.txt", "demo-sha256-1.0.txt", "sha2560", "xsha256x"),
    ),
}


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [(n, a if a != "sha1" or "SHASUMS" not in n else None) for a, ns in NAMED.items() for n in ns],
)
def test_algorithm_of_list_name(name: str, algorithm: str | None) -> None:
    assert named_algorithm(name) == algorithm


@pytest.mark.parametrize(
    "name",
    [
        *(
            "SHA256SUMS",
            "sha256sums.txt",
            "checksums.txt",
            "SHASUMS256.txt",
            "demo_1.0_checksums.txt",
        ),
        *("demo-1.0-SHA512SUMS", "CHECKSUMS", "B2SUMS", "md5sum.txt", "checksums.sha512"),
    ],
)
def test_list_in_folder_is_recognized(name: str) -> None:
    assert is_list_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            A,
            f"{A}.sha256",
            "SHA256SUMS.asc",
            "SHA1SUMS",
            "SHA3-256SUMS",
            "B3SUMS",
            "sums",
            "README",
        ),
        *("checksums.json", "checksums.txt.asc", "demo.sha256", "sha256", "index.html"),
    ],
)
def test_other_file_in_folder_is_no_list(name: str) -> None:
    assert not is_list_name(name)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithm_by_tag(algorithm: str) -> None:
    digits = "a" * ALGORITHMS[algorithm]
    tags = {"blake2b": "BLAKE2b"}
    text = f"{tags.get(algorithm, algorithm.upper())} ({A}) = {digits}\n"
    assert read(text) == {A: [f"{algorithm}:{digits}"]}
    # The tag counts, not the name of the list.
    assert read(text, "SHA256SUMS") == {A: [f"{algorithm}:{digits}"]}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithm_by_name_of_list(algorithm: str) -> None:
    digits = "a" * ALGORITHMS[algorithm]
    assert read(f"{digits}  {A}\n", f"checksums.{algorithm}") == {A: [f"{algorithm}:{digits}"]}


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "md5"])
def test_algorithm_by_length(algorithm: str) -> None:
    digits = "a" * ALGORITHMS[algorithm]
    assert read(f"{digits}  {A}\n", "checksums.txt") == {A: [f"{algorithm}:{digits}"]}


@pytest.mark.parametrize("algorithm", ["sha512", "blake2b"])
@pytest.mark.parametrize("name", ["checksums.txt", "SHA256SUMS"])
def test_algorithm_by_option(algorithm: str, name: str) -> None:
    text = f"{'a' * 128}  {A}\n"
    assert read(text, name, algorithm) == {A: [f"{algorithm}:{'a' * 128}"]}


def test_ambiguous_length_is_refused_with_both_cures() -> None:
    with pytest.raises(HashFileError, match="sha512 or blake2b") as caught:
        read(f"{'a' * 128}  {A}\n", "checksums.txt")
    assert re.search(r"name the list .* --hash-algorithm sha512", caught.value.next)
    with pytest.raises(HashFileError, match="sha512 or blake2b"):
        read(f"{'a' * 128}  {A}\n", "checksums.txt", "sha512", "blake2b")


def test_several_algorithms_in_one_list() -> None:
    text = (
        f"SHA256 ({A}) = {ONE}\nSHA512 ({A}) = {'3' * 128}\nMD5 ({A}) = {'4' * 32}\n"
        f"SM3 ({A}) = {TWO}\nBLAKE2b-384 ({A}) = {'5' * 96}\n{TWO}  {B}\n"
    )
    assert read(text, "CHECKSUMS") == {
        A: [f"sha256:{ONE}", f"sha512:{'3' * 128}", f"md5:{'4' * 32}"],
        B: [f"sha256:{TWO}"],
    }


REFUSED = {
    "SHA-1 only": (f"{'a' * 40}  {A}\n", r"40 hex digits \(SHA-1\); use one of sha256"),
    "SHA-1 tag": (f"SHA1 ({A}) = {'a' * 40}\n", "has a SHA1 digest, which is not supported"),
    "an artifact with an unsupported digest": (
        f"{ONE}  {B}\nSHA1 ({A}) = {'a' * 40}\n", "line 2 .* SHA1 digest"
    ),
    "bare digest": (f"{ONE}\n", "line 1 .* has no file name"),
    "standard input": (f"{ONE}  {A}\n{ONE}  -\n", "line 2 .* has no file name"),
    "wrong length of a tag": (f"SHA512 ({A}) = {ONE}\n", r"64 hex digits .*; sha512 has 128"),
    "contradiction": (f"{ONE}  {A}\n{TWO}  dist/{A}\n", "two digests for 'demo-1.0"),
    "contradiction of dialects": (f"{ONE}  {A}\n{A}:\n--hash=sha256:{TWO}\n", "two digests"),
    "prose": (f"Release notes\n\n{ONE}  {A}\n", "line 1 .* unknown format: 'Release notes'"),
    "prose after": (f"{ONE}  {A}\nSee above.\n", "line 2 .* unknown format: 'See above.'"),
    "empty": ("\n# nothing\n", "is empty"),
    "HTML": ("<html>", "is an HTML or XML page"),
    "JSON": ('{"files": []}', "is JSON"),
    "lock file": ('[[package]]\nname = "demo"\n', "is TOML"),
    "lock file with a version": ('lock-version = "1.0"\n', "is TOML"),
    "requirements": (f"demo==1.0 \\\n    --hash=sha256:{ONE}\n", "is a requirements file"),
    "certutil": (f"SHA256 hash of {A}:\n{ONE}\n", "is certutil output; write it with sha256sum"),
    "Get-FileHash": ("\nAlgorithm  Hash  Path\n", "Get-FileHash output; write it with sha256sum"),
    "base64": (f"SHA256 ({A}) = {'A' * 43}=\n", "digests in base64; write it without --base64"),
    "key": ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "a key or certificate"),
    "NUL": (f"{ONE}  {A}\n\0", "NUL bytes; write it again"),
    "signed and cut": ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n", "cut off"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_unreadable_list_is_refused_with_tool_and_cure(text: str, words: str) -> None:
    with pytest.raises(HashFileError) as caught:
        parse_digest_list(text.encode(), "checksums.txt")
    message = f"{caught.value}; {caught.value.next}"
    assert re.search(words, message), message
    assert message.isprintable()


@pytest.mark.parametrize(
    ("name", "word"), [("SHA1SUMS", "sha1"), ("SHA3-256SUMS", "sha3256"), ("B3SUMS", "b3")]
)
def test_list_named_after_unsupported_algorithm_is_refused(name: str, word: str) -> None:
    with pytest.raises(HashFileError, match=f"implies {word}, which is not supported"):
        read(f"{ONE}  {A}\n", name)


def test_list_named_after_another_algorithm_is_refused() -> None:
    with pytest.raises(HashFileError, match=r"128 hex digits \(SHA-512\); sha256 has 64"):
        read(f"{'a' * 128}  {A}\n", "SHA256SUMS")


def test_list_larger_than_limit_is_refused() -> None:
    with pytest.raises(HashFileError, match=f"larger than {MAX_LIST_BYTES} bytes"):
        parse_digest_list(b"#" * (MAX_LIST_BYTES + 1))


SIGNED = f"""\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

{ONE}  {A}
- {TWO}  {B}
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCgAdFiEE
=AWU7
-----END PGP SIGNATURE-----
"""


def test_clear_signed_list_is_read_with_note() -> None:
    found = parse_digest_list(SIGNED.encode(), "SHA256SUMS.asc")
    assert found.digests == {A: [Digest("sha256", ONE)], B: [Digest("sha256", TWO)]}
    assert found.notes == (
        "the digest list is signed, but the signature was not checked; check it with gpg --verify",
    )


def test_line_after_signature_is_refused() -> None:
    with pytest.raises(HashFileError, match=r"line 11 .* is outside of the signed text"):
        read(f"{SIGNED}{ONE}  {LONG}\n")


@pytest.mark.parametrize("line", [f"{ONE}  {LONG}", f"SHA256 ({LONG}) = {ONE}", "# a comment"])
def test_line_before_signed_text_is_refused(line: str) -> None:
    with pytest.raises(HashFileError, match=r"line 1 .* is outside of the signed text"):
        read(f"{line}\n\n{SIGNED}")


def test_header_of_signature_is_not_read() -> None:
    text = SIGNED.replace("Hash: SHA512", f"Hash: SHA512\n{TWO}  {A}")
    assert read(text)[A] == [f"sha256:{ONE}"]


def test_unsupported_digests_of_other_files_do_not_matter() -> None:
    text = f"{ONE}  {A}\nSHA1 (README) = {'a' * 40}\n{ONE}  README\n{TWO}  docs/README\n"
    assert read(text) == {A: [f"sha256:{ONE}"], "README": [f"sha256:{ONE}", f"sha256:{TWO}"]}


def test_entry_has_path_and_dialect() -> None:
    text = f"\\{ONE}  a\\\\b\\nc/{A}\n{TWO} {B}\n"
    entries = parse_digest_list(text.encode()).entries
    assert [(e.name, e.path, e.dialect) for e in entries] == [
        (A, f"a\\b\nc/{A}", "sha256sum"),
        (B, B, "md5 -r"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be"])
def test_byte_order_mark_and_crlf(encoding: str) -> None:
    mark = "\ufeff" if "16" in encoding else ""
    content = f"{mark}{ONE}  {A}\r\n{TWO}  {B}\r\n".encode(encoding)
    assert parse_digest_list(content).digests == {
        A: [Digest("sha256", ONE)],
        B: [Digest("sha256", TWO)],
    }


# What the tools on this machine write.

PIP = (sys.executable, "-m", "pip")
TOOLS = {
    "sha256sum": ("sha256sum", A, B, LONG),
    "sha256sum --binary": ("sha256sum", "--binary", A, B, LONG),
    "sha256sum --tag": ("sha256sum", "--tag", A, B, LONG),
    "sha256sum --zero": ("sha256sum", "--zero", A, B, LONG),
    "cksum": ("cksum", "-a", "sha256", A, B, LONG),
    "shasum": ("shasum", "-a", "256", A, B, LONG),
    "openssl": ("openssl", "dgst", "-sha256", A, B, LONG),
    "openssl -r": ("openssl", "dgst", "-r", "-sha256", A, B, LONG),
    "openssl -c": ("openssl", "dgst", "-c", "-sha256", A, B, LONG),
    "pip hash": (*PIP, "hash", A, B, LONG),
    "gpg --print-md": ("gpg", "--batch", "--print-md", "SHA256", A, B, LONG),
    "gpg --print-mds": ("gpg", "--batch", "--print-mds", A, B, LONG),
    "gpg --print-md SHA512": ("gpg", "--batch", "--print-md", "SHA512", A, B, LONG),
    "openssl -blake2b512": ("openssl", "dgst", "-blake2b512", A, B, LONG),
    "b2sum --tag": ("b2sum", "--tag", A, B, LONG),
    "pip hash -a sha512": (*PIP, "hash", "-a", "sha512", A, B, LONG),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_output_of_real_tool_is_read(tmp_path: pathlib.Path, tool: str) -> None:
    command = TOOLS[tool]
    assert shutil.which(command[0]), (
        f"install {command[0]}: apt-get install coreutils gnupg openssl"
    )
    for name in (A, B, LONG):
        tmp_path.joinpath(name).write_text(name)
    environ = {"PATH": "/usr/bin:/bin", "GNUPGHOME": str(tmp_path), "LC_ALL": "C"}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    name = "SHA512SUMS" if "SHA512" in tool else "checksums.txt"
    found = parse_digest_list(done.stdout, name).digests
    for each in (A, B, LONG):
        for digest in found[each]:
            assert digest.hex == hashlib.new(digest.algorithm, each.encode()).hexdigest()
        assert found[each]
