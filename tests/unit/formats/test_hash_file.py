from __future__ import annotations

import re

import pytest

from tests.support.artifacts import sha256
from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.formats.digest_text import MAX_LINE
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    format_hash_file,
    hash_file_name,
    parse_hash_file,
    split_hash_file_name,
)

NAME = "numpy-2.3.5-cp311-cp311-manylinux_2_27_x86_64.whl"
OTHER = "numpy-2.3.4-cp311-cp311-manylinux_2_27_x86_64.whl"
HEX = sha256(b"the wheel")
HEX2 = sha256(b"another wheel")
GET_FILE_HASH = (
    "\r\nAlgorithm       Hash                                      Path\r\n"
    "---------       ----                                      ----\r\n"
    f"SHA256          {HEX.upper()}    C:\\dist\\{NAME}\r\n\r\n"
)

GROUPS = " ".join(HEX.upper()[i : i + 8] for i in range(0, 64, 8))
PRINT_MDS = (
    f"{NAME}: \n   MD5 = {' '.join(['AB'] * 16)}\n{NAME}: \n"
    f"  SHA1 = {' '.join(['ABCD'] * 10)}\n{NAME}: \nSHA256 = {GROUPS[:53]}\n"
    f"         {GROUPS[54:]}\n{NAME}: \nSHA512 = {' '.join(['ABCDEF01'] * 6)}\n"
    f"         {' '.join(['ABCDEF01'] * 10)}\n"
)

ACCEPTED = {
    "hex, two spaces, name": f"{HEX}  {NAME}\n",
    "hex, space, asterisk, name": f"{HEX} *{NAME}\n",
    "upper case": f"{HEX.upper()}  {NAME}\n",
    "mixed case": f"{HEX[:32].upper()}{HEX[32:]}  {NAME}\n",
    "comment line": f"# made by CI\n{HEX}  {NAME}\n",
    "CRLF": f"{HEX}  {NAME}\r\n",
    "one space": f"{HEX} {NAME}\n",
    "tab": f"{HEX}\t{NAME}\n",
    "BSD tag": f"SHA256 ({NAME}) = {HEX}\n",
    "openssl 1": f"SHA256({NAME})= {HEX}\n",
    "openssl 3": f"SHA2-256({NAME})= {HEX}\n",
    "dot, slash, name": f"{HEX}  ./{NAME}\n",
    "bare hex": f"{HEX}\n",
    "bare hex without a line feed": HEX,
    "sha256 colon hex": f"sha256:{HEX}\n",
    "byte order mark": f"\ufeff{HEX}  {NAME}\n",
    "no line feed at the end": f"{HEX}  {NAME}",
    "blank lines around it": f"\n{HEX}  {NAME}\n\n",
    "blanks at the end of the line": f"{HEX}  {NAME} \t\n",
    "leading blanks": f"  {HEX}  {NAME}\n",
    "leading tab": f"\t{HEX}  {NAME}\n",
    "standard input": f"{HEX}  -\n",
    "standard input, binary": f"{HEX} *-\n",
    "standard input of openssl 1": f"(stdin)= {HEX}\n",
    "standard input of openssl 3": f"SHA2-256(stdin)= {HEX}\n",
    "standard input, BSD tag": f"SHA256 (-) = {HEX}\n",
    "openssl with colons": f"SHA2-256({NAME})= {':'.join(re.findall('..', HEX))}\n",
    "escaped line": f"\\{HEX}  {NAME}\n",
    "escaped tag": f"\\SHA256 ({NAME}) = {HEX}\n",
    "blank and escaped tag": f" \\SHA256 ({NAME}) = {HEX}\n",
    "pip hash": f"{NAME}:\n--hash=sha256:{HEX}\n",
    "pip hash with a path": f"./{NAME}:\n--hash=sha256:{HEX}\n",
    "pip option": f"--hash sha256:{HEX}\n",
    "gpg --print-md": f"{NAME}: {GROUPS[:53]}\n                   {GROUPS[54:]}\n",
    "gpg --print-md, long name": f"{NAME}: \n{GROUPS}\n",
    "gpg --print-md of the standard input": f"{GROUPS}\n",
    "gpg --print-mds": PRINT_MDS,
    "name first": f"{NAME}  {HEX}\n",
    "name first, tab": f"{NAME}\t{HEX}\n",
    "name first, colon": f"{NAME}: {HEX}\n",
    "several tagged algorithms": f"MD5 ({NAME}) = {'a' * 32}\nSHA256 ({NAME}) = {HEX}\n",
    "tags of unsupported algorithms": (
        f"SHA1 ({NAME}) = {'a' * 40}\nBLAKE3 ({NAME}) = {HEX2}\nSHA256 ({NAME}) = {HEX}\n"
    ),
    "semicolon comment": f"; made by CI\n{HEX}  {NAME}\n",
    "sha256sum --zero": f"{HEX}  {NAME}\0",
    "the same line twice": f"{HEX}  {NAME}\n{HEX}  {NAME}\n",
    "the same digest in two forms": f"{HEX}  {NAME}\nSHA256 ({NAME}) = {HEX.upper()}\n",
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_known_dialect_is_accepted_without_note(text: str) -> None:
    read = parse_hash_file(text.encode(), NAME, "sha256")
    assert read.digest == Digest("sha256", HEX)
    assert read.note == ""


@pytest.mark.parametrize(
    "path",
    [
        f"/home/ci/dist/{NAME}",
        f"../dist/{NAME}",
        f"dist/{NAME}",
        f"dist\\{NAME}",
        f"C:\\ci\\dist\\{NAME}",
    ],
)
def test_path_is_accepted_by_last_part_with_note(path: str) -> None:
    read = parse_hash_file(f"{HEX}  {path}\n".encode(), NAME, "sha256")
    assert read.digest.hex == HEX
    assert "path" in read.note
    assert repr(path) in read.note


def test_gnu_escaped_path_is_unescaped_with_note() -> None:
    read = parse_hash_file(f"\\{HEX}  dist\\\\{NAME}\n".encode(), NAME, "sha256")
    assert read.digest.hex == HEX
    assert repr(f"dist\\{NAME}") in read.note


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_byte_order_mark_is_accepted(encoding: str) -> None:
    content = f"\ufeff{HEX}  {NAME}\r\n".encode(encoding)
    assert parse_hash_file(content, NAME, "sha256").digest.hex == HEX


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_byte_order_mark_is_refused(encoding: str) -> None:
    content = f"{HEX}  {NAME}\r\n".encode(encoding)
    with pytest.raises(HashFileError, match=r"NUL bytes.*UTF-16"):
        parse_hash_file(content, NAME, "sha256")


REFUSED: dict[str, tuple[str, str]] = {
    "certutil": (
        (
            f"SHA256 hash of {NAME}:\r\n{HEX}\r\n"
            "CertUtil: -hashfile command completed successfully.\r\n"
        ),
        "certutil",
    ),
    "certutil of Windows 7": (
        f"SHA256 hash of file {NAME}:\r\n{HEX[:2]} {HEX[2:4]}\r\n",
        "certutil",
    ),
    "certutil in German": (f"SHA256-Hash von {NAME}:\r\n{HEX}\r\n", "certutil"),
    "certutil, its last line only": (
        f"{HEX}\r\nCertUtil: -hashfile command completed successfully.\r\n",
        "certutil",
    ),
    "Get-FileHash": (GET_FILE_HASH, "Get-FileHash"),
    "Get-FileHash as a list": (
        f"\r\n\r\nAlgorithm : SHA256\r\nHash      : {HEX}\r\nPath      : {NAME}\r\n",
        "Get-FileHash",
    ),
    "empty": ("", "is empty"),
    "blank": (" \t\r\n\r\n", "is empty"),
    "comments only": ("# nothing else\n", "is empty"),
    "HTML page": ("<!DOCTYPE html>\n<html><body>Not found</body></html>", "HTML"),
    "HTML page after blank lines": ("\r\n  <html>", "HTML"),
    "HTML page with a byte order mark": ("\ufeff<html>", "HTML"),
    "HTML page that holds the right line": (f"<pre>\n{HEX}  {NAME}\n</pre>", "HTML"),
    "name of another wheel": (f"{HEX}  {OTHER}\n", f"another file.*{OTHER}"),
    "name of another wheel, BSD": (f"SHA256 ({OTHER}) = {HEX}\n", f"another file.*{OTHER}"),
    "name of another wheel in a folder": (f"{HEX}  {NAME}/{OTHER}\n", f"another file.*{OTHER}"),
    "another wheel besides the right one": (f"{HEX}  {NAME}\n{HEX2}  {OTHER}\n", "another file"),
    "MD5 digits": (f"{'a' * 32}  {NAME}\n", r"32 hex digits \(MD5\); sha256 has 64"),
    "bare MD5 digits": ("a" * 32, r"32 hex digits \(MD5\); sha256 has 64"),
    "SHA-1 digits": (f"{'a' * 40}  {NAME}\n", r"40 hex digits \(SHA-1\)"),
    "63 digits": (f"{HEX[:63]}  {NAME}\n", "63 hex digits"),
    "65 digits": (f"{HEX}0  {NAME}\n", "65 hex digits"),
    "MD5 tag": (f"MD5 ({NAME}) = {'a' * 32}\n", "is labeled MD5, not sha256"),
    "tag of another algorithm": (f"SHA512 ({NAME}) = {HEX}\n", "is labeled SHA512, not sha256"),
    "prefix of another algorithm": (f"md5:{HEX}\n", "is labeled md5, not sha256"),
    "unknown tag": (f"TIGER ({NAME}) = {HEX}\n", "is labeled TIGER, not sha256"),
    "same name twice, different hex": (f"{HEX}  {NAME}\n{HEX2}  {NAME}\n", "2 different digests"),
    "bare hex and another hex": (f"{HEX}\n{HEX2}  {NAME}\n", "2 different digests"),
    "path to another name": (f"{HEX}  ../dist/{OTHER}\n", f"another file.*{OTHER}"),
    "path that ends with a slash": (f"{HEX}  {NAME}/\n", "another file"),
    "U+202E before the hex": (f"\u202e{HEX}  {NAME}\n", r"unknown format.*\\u202e"),
    "U+202E in the name": (f"{HEX}  \u202e{NAME}\n", r"another file.*\\u202e"),
    "escape sequence before the hex": (f"\x1b[2J{HEX}  {NAME}\n", r"unknown format.*\\x1b"),
    "escape sequence in the name": (f"{HEX}  {NAME}\x1b[2J\n", r"another file.*\\x1b"),
    "escape sequence in a folder's name": (f"{HEX}  \x1b[2J/{NAME}\n", r"\\x1b"),
    "carriage return in the line": (f"{HEX2}  {OTHER}\r{HEX}  {NAME}\n", r"another file"),
    "NUL": (f"{HEX}  {NAME}\0\n", "NUL"),
    "NUL only": ("\0", "NUL"),
    "two names": (f"{HEX}  {NAME} {OTHER}\n", "another file"),
    "full-width digits": ("\uff11" * 64 + f"  {NAME}\n", "unknown format"),
    "UTF-16 cut in half": (f"{HEX}\0", "NUL bytes"),
    "two NUL lines that differ": (f"{HEX}  {NAME}\0{HEX2}  {NAME}\0", "2 different digests"),
    "CRC of cksum": (f"4294967295 0 {NAME}\n{HEX}  {NAME}\n", "the CRC of sum or cksum"),
    "SFV": (f"{HEX}  {NAME}\n{NAME} DEADBEEF\n", "line 2 .* an SFV file"),
    "Get-FileHash as CSV": (
        f'"Algorithm","Hash","Path"\n"SHA256","{HEX}","{NAME}"\n',
        "Get-FileHash",
    ),
    "output of sha256sum -c": (f"{HEX}  {NAME}\n{NAME}: OK\n", "output of sha256sum -c"),
    "hashdeep": (f"%%%% HASHDEEP-1.0\n1,{HEX},{NAME}\n", "hashdeep"),
    "base64": (f"SHA256 ({NAME}) = {'A' * 43}=\n# {HEX}\n{HEX}\n", "digests in base64"),
    "requirements": (f"demo==1.0 --hash=sha256:{HEX}\n", "a requirements file"),
    "detached signature": (f"-----BEGIN PGP SIGNATURE-----\n{HEX}\n", "a detached signature"),
    "unknown escape": (f"\\{HEX}  dist\\x{NAME}\n", "unknown format"),
    "gpg of another wheel": (f"{OTHER}: {GROUPS}\n", f"another file.*{OTHER}"),
    "gpg, a group too many": (f"{NAME}: {GROUPS} DEADBEEF\n", "72 hex digits"),
    "gpg, a line missing": (f"{NAME}: {GROUPS[:53]}\n", "48 hex digits"),
    "pip hash of another wheel": (f"{OTHER}:\n--hash=sha256:{HEX}\n", f"another file.*{OTHER}"),
    "name without a digest": (f"{HEX}  {NAME}\n{NAME}:\n", "line 2 .* unknown format"),
    "name first, of another wheel": (f"{OTHER}  {HEX}\n", f"another file.*{OTHER}"),
    "keyed digest": (f"HMAC-SHA2-256({NAME})= {HEX}\n", "is labeled HMAC-SHA2-256"),
    "SHA-512/256": (f"SHA2-512/256({NAME})= {HEX}\n", "is labeled SHA2-512/256"),
    "SHA-3": (f"SHA3-256({NAME})= {HEX}\n", "is labeled SHA3-256"),
    "a word": ("pending\n", "unknown format"),
    "line over the cap": (f"#{'x' * MAX_LINE}\n{HEX}  {NAME}\n", f"longer than {MAX_LINE}"),
    "one endless line": ("a" * (MAX_LINE + 1), f"longer than {MAX_LINE}"),
    "file over the cap": (f"{HEX}  {NAME}\n" + "\n" * MAX_BYTES, f"larger than {MAX_BYTES}"),
    "10 MB": ("a" * 10_000_000, f"larger than {MAX_BYTES}"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_unreliable_hash_file_is_refused_with_reason(text: str, words: str) -> None:
    with pytest.raises(HashFileError, match=words) as caught:
        parse_hash_file(text.encode(), NAME, "sha256")
    assert caught.value.cause is Cause.UNREADABLE_HASH
    assert caught.value.exit_code == 3
    assert str(caught.value).isprintable()


def test_powershell_5_get_file_hash_error_names_tool() -> None:
    with pytest.raises(HashFileError, match="Get-FileHash"):
        parse_hash_file(GET_FILE_HASH.encode("utf-16"), NAME, "sha256")


@pytest.mark.parametrize("content", [b"\xff\xff\xff", b"\x80abc", b"\xff\xfe\x00\xd8"])
def test_binary_hash_file_is_refused(content: bytes) -> None:
    with pytest.raises(HashFileError, match="not text"):
        parse_hash_file(content, NAME, "sha256")


def test_file_and_line_at_size_limit_are_accepted() -> None:
    line = f"{HEX}  {NAME}\n"
    comment = "#" + "x" * (MAX_LINE - 1) + "\n"
    filled = (line + comment).encode().ljust(MAX_BYTES, b"\n")
    assert len(filled) == MAX_BYTES
    assert parse_hash_file(filled, NAME, "sha256").digest.hex == HEX


TAGS = [
    ("sha384", "SHA384"),
    ("sha384", "SHA2-384"),
    ("sha512", "SHA512"),
    ("sha512", "SHA2-512"),
    ("blake2b", "BLAKE2b"),
    ("blake2b", "BLAKE2B512"),
    ("blake2b", "BLAKE2b-512"),
    ("md5", "MD5"),
]


@pytest.mark.parametrize(("algorithm", "tag"), TAGS)
def test_tags_of_each_algorithm_are_known(algorithm: str, tag: str) -> None:
    digits = "b" * ALGORITHMS[algorithm]
    content = f"{tag} ({NAME}) = {digits}\n".encode()
    assert parse_hash_file(content, NAME, algorithm).digest == Digest(algorithm, digits)


def test_tag_distinguishes_sha512_and_blake2b() -> None:
    content = f"BLAKE2b ({NAME}) = {'b' * 128}\n".encode()
    with pytest.raises(HashFileError, match="is labeled BLAKE2b, not sha512"):
        parse_hash_file(content, NAME, "sha512")


def test_format_hash_file_writes_sha256sum_format() -> None:
    digest = Digest("sha256", HEX.upper())
    assert format_hash_file(digest, NAME) == f"{HEX}  {NAME}\n".encode()
    assert hash_file_name(NAME, "sha256") == f"{NAME}.sha256"


@pytest.mark.parametrize("name", ["sha256", ".sha256", f"{NAME}.sha1", NAME, "", f"{NAME}.SHA256"])
def test_name_without_algorithm_is_not_a_hash_file(name: str) -> None:
    assert split_hash_file_name(name) is None
