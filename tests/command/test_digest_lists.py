"""Digest lists and hash files in the dialects of the tools that write them."""

from __future__ import annotations

import hashlib
import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, flip_a_bit, make_sdist, make_wheel
from tests.support.servers import Routes, serving

NAMES = (A, SDIST)


@pytest.fixture
def dist(dist: pathlib.Path) -> pathlib.Path:
    """The folder ``dist`` with two artifacts."""
    make_wheel(dist, A)
    make_sdist(dist, SDIST)
    return dist


def digits(path: pathlib.Path, algorithm: str) -> str:
    return hashlib.new(algorithm, path.read_bytes(), usedforsecurity=False).hexdigest()


def lines(dist: pathlib.Path, algorithm: str, form: str = "{hex}  {name}\n") -> str:
    """Return the lines of a list, with the two artifacts."""
    return "".join(form.format(hex=digits(dist / name, algorithm), name=name) for name in NAMES)


def signed(text: str) -> str:
    """Return a clear-signed list."""
    return (
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}"
        "-----BEGIN PGP SIGNATURE-----\n\niQ=\n-----END PGP SIGNATURE-----\n"
    )


# Lists that the user names: the algorithm.


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        *(("checksums.sha512", "sha512"), ("sha512sum.txt", "sha512"), ("SHA512SUMS", "sha512")),
        *(("SHASUMS512.txt", "sha512"), ("demo-1.0-SHA512SUMS", "sha512")),
        *(("SHA512SUMS.asc", "sha512"), ("b2sum.txt", "blake2b"), ("md5sum.txt", "md5")),
        *(("checksums.txt", "sha256"), ("digests", "sha384"), ("md5sums", "md5")),
    ],
)
def test_algorithm_of_list_is_known_by_its_name_or_length(
    cli: Cli, dist: pathlib.Path, name: str, algorithm: str
) -> None:
    pathlib.Path(name).write_text(lines(dist, algorithm))
    result = cli("verify", "dist", "--against", name)
    assert (result.code, "verified 2 of 2" in result.out) == (0, True), result.out
    tier = "container" if algorithm == "md5" else "pinned"
    assert result.out.count(f"  {algorithm}  list  {tier}") == 2
    flip_a_bit(dist / SDIST)
    assert cli("verify", "dist", "--against", name).code == 1


@pytest.mark.parametrize("algorithm", ["sha512", "blake2b"])
def test_algorithm_option_decides_between_two(cli: Cli, dist: pathlib.Path, algorithm: str) -> None:
    pathlib.Path("checksums.txt").write_text(lines(dist, algorithm))
    command = ("verify", "dist", "--against", "checksums.txt")
    result = cli(*command)
    assert result.code == 3
    assert "128 hex digits, which may be sha512 or blake2b; name the list after" in result.err
    assert cli(*command, "--hash-algorithm", algorithm).code == 0
    other = {"sha512": "blake2b", "blake2b": "sha512"}[algorithm]
    assert cli(*command, "--hash-algorithm", other).code == 1


def test_tags_of_several_algorithms_are_read(cli: Cli, dist: pathlib.Path) -> None:
    text = lines(dist, "sha512", "SHA512 ({name}) = {hex}\n")
    text += lines(dist, "sha1", "SHA1 ({name}) = {hex}\n")
    pathlib.Path("CHECKSUMS").write_text(text + lines(dist, "md5", "MD5 ({name}) = {hex}\n"))
    assert cli("verify", "dist", "--against", "CHECKSUMS").code == 0
    flip_a_bit(dist / A)
    assert cli("verify", "dist", "--against", "CHECKSUMS").code == 1


def test_signed_list_is_read_with_note(cli: Cli, dist: pathlib.Path) -> None:
    pathlib.Path("SHA256SUMS.asc").write_text(signed(lines(dist, "sha256")))
    result = cli("verify", "dist", "--against", "SHA256SUMS.asc")
    assert result.code == 0
    assert "signature was not checked; check it with gpg --verify" in result.line("note")


@pytest.mark.parametrize("where", ["before", "after"])
def test_line_outside_of_signed_text_is_refused(cli: Cli, dist: pathlib.Path, where: str) -> None:
    inside = lines(dist, "sha256").splitlines(keepends=True)
    text = signed(inside[0])
    pathlib.Path("list").write_text(inside[1] + text if where == "before" else text + inside[1])
    result = cli("verify", "dist", "--against", "list")
    assert (result.code, "outside of the signed text" in result.err) == (3, True)


# Lists in the folder.


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        *(("checksums.txt", "sha256"), ("SHASUMS256.txt", "sha256"), ("SHA512SUMS", "sha512")),
        *(("demo_1.0_checksums.txt", "sha256"), ("sha512sum.txt", "sha512"), ("B2SUMS", "blake2b")),
    ],
)
def test_list_in_the_folder_is_found(
    cli: Cli, dist: pathlib.Path, name: str, algorithm: str
) -> None:
    (dist / name).write_text(lines(dist, algorithm))
    result = cli("verify", "dist")
    assert (result.code, "weakest tier: container" in result.out) == (0, True), result.out
    flip_a_bit(dist / A)
    assert cli("verify", "dist").code == 1


# Lists that are not read.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SHA256 hash of demo.whl:\nab cd\n", "certutil output; write it with sha256sum"),
        ("Algorithm  Hash  Path\n", "Get-FileHash output; write it with sha256sum"),
        ("SHA256 (x) = 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "without --base64"),
        ("3632233996 12 demo-1.0.tar.gz\n", "the CRC of sum or cksum; write it with sha256sum"),
        ("demo-1.0.tar.gz DEADBEEF\n", "an SFV file, with a CRC for each file; write it"),
        ("demo-1.0.tar.gz: OK\n", "the output of sha256sum -c; give its input"),
        ("-----BEGIN PGP SIGNATURE-----\n", "a detached signature; give the file that it signs"),
        ("demo==1.0 --hash=sha256:00\n", "line 1 of the requirements file: a digest is not valid"),
        ("%%%% HASHDEEP-1.0\n", "hashdeep output; write it with sha256sum"),
    ],
)
def test_list_of_another_tool_is_named_with_its_cure(
    cli: Cli, dist: pathlib.Path, text: str, words: str
) -> None:
    pathlib.Path("list.txt").write_text(text)
    result = cli("verify", "dist", "--against", "list.txt")
    assert result.code == 3
    assert words in result.err
    assert result.err.count("\n") == 1


# Hash files on a server.

DIALECTS = {
    "standard input": "{hex}  -\n",
    "standard input, binary": "{hex} *-\n",
    "openssl of standard input": "(stdin)= {hex}\n",
    "openssl 3 of standard input": "SHA2-256(stdin)= {hex}\n",
    "gpg": "{name}: {groups}\n",
    "gpg, long name": "{name}:\n{groups}\n",
    "pip hash": "dist/{name}:\n--hash=sha256:{hex}\n",
    "name first": "{name}  {hex}\n",
    "leading blanks": "   {hex}  {name}\n",
    "escaped tag": "\\SHA256 ({name}) = {hex}\n",
    "several algorithms": "MD5 ({name}) = {md5}\nSHA512 ({name}) = {sha512}\n"
    "SHA256 ({name}) = {hex}\n",
    "signed": signed("{hex}  {name}\n"),
}  # fmt: skip


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_hash_file_dialect_is_read(cli: Cli, dist: pathlib.Path, dialect: str, good: bool) -> None:
    content = (dist / A).read_bytes()
    if not good:
        flip_a_bit(dist / A)
    values = {name: digits(dist / A, name) for name in ("md5", "sha512", "sha256")}
    groups = values["sha256"].upper()
    groups = " ".join(groups[start : start + 8] for start in range(0, 64, 8))
    text = DIALECTS[dialect].format(name=A, hex=values["sha256"], groups=groups, **values)
    page = f'<a href="{A}">x</a> <a href="{A}.sha256">x</a>'.encode()
    routes: Routes = {"/": page, f"/{A}": content, f"/{A}.sha256": text.encode()}
    with serving(routes) as server:
        result = cli(
            *("fetch", "--verify", "--wait", "0", "--local-folder", "got", "demo", server.url)
        )
    assert result.code == (0 if good else 1), result.out
    assert pathlib.Path("got", A).exists() == good


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SHA256 hash of {name}:\n{hex}\nCertUtil: done\n", "the hash file is certutil output"),
        ("Algorithm  Hash  Path\n---\nSHA256  {hex}  {name}\n", "Get-FileHash output"),
        ("{hex}  {name}\n{name}: OK\n", "line 2 of the hash file is the output of sha256sum -c"),
        ("SHA512 ({name}) = {hex}{hex}\n", "the digest is labeled SHA512, not sha256"),
        ("{hex}  other-1.0.tar.gz\n", "names another file: 'other-1.0.tar.gz'"),
    ],
)
def test_unreadable_hash_file_is_named_with_its_tool(
    cli: Cli, dist: pathlib.Path, text: str, words: str
) -> None:
    content = (dist / A).read_bytes()
    page = f'<a href="{A}">x</a> <a href="{A}.sha256">x</a>'.encode()
    listed = text.format(name=A, hex=digits(dist / A, "sha256")).encode()
    with serving({"/": page, f"/{A}": content, f"/{A}.sha256": listed}) as server:
        result = cli(
            *("fetch", "--verify", "--wait", "0", "--local-folder", "got", "demo", server.url)
        )
    assert (result.code, words in result.line("refused")) == (3, True), result.out
    if "output" in words and "sha256sum -c" not in words:
        assert "write it with sha256sum or --hashfile" in result.out
