"""The check inputs of GNU coreutils' own tests, for wheels and SHA-256.

Each row has the situation of a published input (``tests/cksum`` of coreutils: ``md5sum.pl``,
``md5sum-bsd.sh``, ``md5sum-newline.pl``, ``cksum-c.sh``, ``cksum-base64.pl``), and the published
exit code.  ``verify --against`` must agree on whether all is well, or the row has a reason.
Inputs that concern options of the tools only (``--status``, ``--warn``, usage errors) are left
out.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, B, wheel_bytes

GOOD = wheel_bytes(b"good")
BAD = wheel_bytes(b"bad")

STRICT = "every line must be readable, because a broken one may be about an artifact"
NO_ARTIFACT = "only names of artifacts count; none begins with a blank or an asterisk"
BLANK = "blanks at the end of a line are ignored, so this digest has no name"
ANNOUNCED = "a list announces its artifacts; --ignore-missing has no counterpart"
BASE64 = "base64 is refused, with the advice to write hex digits"
UNSUPPORTED = "SHA-1, SHA-224 and SM3 are not supported"
NOT_READ = "digests of unsupported algorithms do not count beside supported ones"

CKSUM, SHA256SUM = ("cksum", "--check"), ("sha256sum", "--check")


@dataclass
class Row:
    """One published input."""

    text: str
    #: The published exit code of GNU's tool.
    gnu: int
    #: The exit code of ``verify``.
    code: int
    #: Why they disagree.
    reason: str = ""
    tool: tuple[str, ...] = SHA256SUM
    #: The bytes of the wheel A.
    content: bytes = GOOD
    #: Other files in the folder: name to content.
    files: tuple[tuple[str, bytes], ...] = ()
    #: The version of coreutils that accepts the input.
    since: tuple[int, int] = (9, 1)


def h(content: bytes = GOOD, algorithm: str = "sha256") -> str:
    if algorithm == "sm3":
        return "5" * 64
    return hashlib.new(algorithm, content).hexdigest()


def b64(algorithm: str) -> str:
    return base64.b64encode(bytes.fromhex(h(GOOD, algorithm))).decode()


@functools.lru_cache
def with_zeros() -> bytes:
    """Return a wheel whose digest begins with two zeros."""
    wheels = (wheel_bytes(str(number)) for number in itertools.count())
    return next(wheel for wheel in wheels if h(wheel).startswith("00"))


LINE = f"{h()}  {A}\n"
TAG = f"SHA256 ({A}) = {h()}\n"
WRONG = "a" * 64
#: Names that GNU's tests use for their difficult forms, with the same content.
ODD = tuple((name, b"x") for name in ("a", " b", "*c", "dd", " "))
ESCAPED = tuple((name, b"x") for name in ("a\\b", "a\\", "a\nb", "a\tb"))
X = h(b"x")


def escaped(name: str) -> tuple[str, str]:
    """Return the mark of an escaped line, and the name as GNU's tools write it."""
    text = name.replace("\\", "\\\\").replace("\n", "\\n")
    return ("\\" if text != name else ""), text


MIXED = "".join(
    (
        f"SHA384 ({A}) = {h(algorithm='sha384')}\n",
        f"BLAKE2b ({A}) = {h(algorithm='blake2b')}\n",
        f"BLAKE2b-384 ({A}) = {hashlib.blake2b(GOOD, digest_size=48).hexdigest()}\n",
    )
)
SIGNED = (
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA384\n\n# a comment\n"
    f"{MIXED}-----BEGIN PGP SIGNATURE-----\n\n# no armor header\n"
    "SHA384+BCAAdFiEE\nBLAKE2b/00001\n=AWU7\n-----END PGP SIGNATURE-----\n"
)

ROWS = {
    # md5sum.pl
    "check-1": Row(LINE, 0, 0),
    "check-windows": Row(LINE.replace("\n", "\r\n"), 0, 0),
    "ck-strict-1": Row(f"{LINE}\n", 0, 0, tool=(*SHA256SUM, "--strict")),
    "ck-strict-2": Row(f"ERR\n{LINE}", 1, 3, tool=(*SHA256SUM, "--strict")),
    "check-2": Row(LINE, 1, 1, content=BAD),
    "check-multifail": Row(f"{LINE}{LINE}invalid\n", 1, 3, content=BAD),
    "check-multifail-state": Row(f"{LINE}{h()}  {B}\n{LINE}", 1, 1, files=((B, BAD),)),
    "check-bsd": Row(f"SHA1 ({A}) = {h()}\n", 1, 3),
    "check-bsd2": Row(TAG, 0, 0),
    "check-bsd3": Row(TAG, 1, 1, content=BAD),
    "check-openssl": Row(f"SHA1({A})= {h()}\n", 1, 3),
    "check-openssl2": Row(f"SHA256({A})= {h()}\n", 0, 0),
    "check-openssl3": Row(f"SHA256({A})= {h()}\n", 1, 1, content=BAD),
    "check-ignore-missing-1": Row(
        f"{LINE}{WRONG}  f.missing\n", 0, 0, tool=(*SHA256SUM, "--ignore-missing")
    ),
    "check-ignore-missing-2, an artifact": Row(
        f"{LINE}{WRONG}  {B}\n", 0, 4, ANNOUNCED, (*SHA256SUM, "--ignore-missing")
    ),
    "check-ignore-missing-3": Row(
        f"{h()}  missing/{A}\n{LINE}", 0, 0, tool=(*SHA256SUM, "--ignore-missing")
    ),
    "check-ignore-missing-5": Row(
        f"{h()}  {B}\n", 1, 3, tool=(*SHA256SUM, "--ignore-missing")
    ),
    "check-ignore-missing-6": Row(
        f"{h(with_zeros())}  {A}\n", 0, 0, tool=(*SHA256SUM, "--ignore-missing"),
        content=with_zeros(),
    ),
    "bsd-segv": Row("SHA256 (", 1, 3),
    "nul-in-cksum": Row("\0" * 64 + f"  {A}\n", 1, 3),
    # md5sum-bsd.sh
    "names": Row(LINE + "".join(f"{X}  {n}\n" for n, _ in ODD), 0, 0, files=ODD),
    "names, reversed": Row(
        "".join(f"{d} {n}\n" for d, n in [(h(), A), *((X, n) for n, _ in ODD)]), 0, 3, BLANK,
        tool=(*SHA256SUM, "--strict"), files=ODD,
    ),
    "names but the last, reversed": Row(
        "".join(f"{d} {n}\n" for d, n in [(h(), A), *((X, n) for n, _ in ODD[:-1])]), 0, 0,
        tool=(*SHA256SUM, "--strict"), files=ODD,
    ),
    "not all hex": Row(f"____not_all_hex_so_no_match_____ blah\n{LINE}", 0, 3, STRICT),
    "names, reversed, ambiguous": Row(
        "".join(f"{d} {n}\n" for d, n in [(X, " b"), (X, "*c"), (h(), A)]), 1, 0, NO_ARTIFACT,
        tool=(*SHA256SUM, "--strict"), files=ODD,
    ),
    "names, tagged": Row(TAG + "".join(f"SHA256 ({n}) = {X}\n" for n, _ in ODD), 0, 0, files=ODD),
    "names, tagged and escaped": Row(
        TAG + "".join("{}SHA256 ({}) = {}\n".format(*escaped(n), X) for n, _ in ESCAPED), 0, 0,
        tool=(*SHA256SUM, "--strict"), files=ESCAPED,
    ),
    "format of an escaped tag": Row(
        f"{TAG}\\SHA256 (test\\n\\\\file) = {X}\n", 0, 0, files=(("test\n\\file", b"x"),)
    ),
    # md5sum.pl (backslash-1 to -3), md5sum-newline.pl
    "escaped names": Row(
        LINE + "".join(f"{m}{X}  {n}\n" for m, n in map(escaped, dict(ESCAPED))), 0, 0,
        files=ESCAPED,
    ),
    "carriage return": Row(
        f"{LINE}\\{X}  .\\rfoo\n", 0, 0, files=((".\rfoo", b"x"),)
    ),
    "zero": Row(f"{h()}  {A}\0", 0, 0),
    # cksum-c.sh
    "several algorithms": Row(MIXED, 0, 0, tool=(*CKSUM, "--strict")),
    "blank and backslash": Row(
        re.sub("^", r" \\", MIXED[:-1], flags=re.MULTILINE) + "\n", 0, 0, tool=(*CKSUM, "--strict")
    ),
    "signed": Row(SIGNED, 0, 0, tool=CKSUM),
    "CRC": Row(f"4294967295 0 {A}\n", 1, 3, tool=CKSUM),
    "comment at the end": Row(f"{MIXED}# Very important comment\n", 0, 0, tool=CKSUM),
    "invalid line": Row(f"{MIXED}invalid line\n", 0, 3, STRICT, tool=CKSUM),
    "invalid line, strict": Row(f"{MIXED}invalid line\n", 1, 3, tool=(*CKSUM, "--strict")),
    "two invalid lines, strict": Row(
        f"{MIXED}invalid line\ninvalid line\n", 1, 3, tool=(*CKSUM, "--strict")
    ),
    "one of several digests is wrong": Row(f"{MIXED}SHA256 ({A}) = {WRONG}\n", 1, 1, tool=CKSUM),
    "an SM3 digest is wrong": Row(f"{MIXED}SM3 ({A}) = {WRONG}\n", 1, 0, NOT_READ, tool=CKSUM),
    "missing file": Row(f"{MIXED}SHA256 ({B}) = {WRONG}\n", 1, 4, tool=CKSUM),
    "missing file that is no artifact": Row(
        f"{MIXED}SHA256 (input2) = {WRONG}\n", 1, 0, NO_ARTIFACT, tool=CKSUM
    ),
    "digits of another algorithm": Row(
        f"{MIXED}BLAKE2b (missing-file) = {WRONG}\n", 0, 3, STRICT, tool=CKSUM
    ),
    "empty": Row("", 1, 3, tool=CKSUM),
    "newer tag": Row(f"SHA2-256 ({A}) = {h()}\n", 0, 0, tool=CKSUM, since=(9, 8)),
    # cksum-base64.pl
    **{
        f"base64 {name}": Row(
            f"{name.upper()} ({A}) = {b64(name)}\n".replace("BLAKE2B", "BLAKE2b"), 0, 3,
            BASE64, tool=(*CKSUM, "--strict"), since=(9, 2),
        )
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b")
    },
    **{
        f"base64 {name} without {cut}": Row(
            f"{name.upper()} ({A}) = {b64(name).removesuffix(cut)}\n".replace("E2B", "E2b"), 1, 3,
            tool=CKSUM,
        )
        for name in ("md5", "sha1", "sha224", "sha256", "sha512", "blake2b")
        for cut in ("=", "==")
        if b64(name).endswith(cut)
    },
    "SHA-1": Row(f"SHA1 ({A}) = {h(algorithm='sha1')}\n", 0, 3, UNSUPPORTED, tool=CKSUM),
    "SHA-224": Row(f"SHA224 ({A}) = {h(algorithm='sha224')}\n", 0, 3, UNSUPPORTED, tool=CKSUM),
    "nul": Row("\\0\\0\\0", 1, 3, tool=CKSUM),
}  # fmt: skip


def prepare(row: Row, dist: pathlib.Path) -> pathlib.Path:
    """Write the files and the list of a row; return the list."""
    for name, content in ((A, row.content), *row.files):
        dist.joinpath(name).write_bytes(content)
    path = dist.parent / "CHECKSUMS"
    path.write_text(row.text, newline="")
    return path


@pytest.mark.parametrize("name", ROWS)
def test_published_input_has_published_outcome(cli: Cli, dist: pathlib.Path, name: str) -> None:
    row = ROWS[name]
    result = cli("verify", "dist", "--against", prepare(row, dist))
    assert result.code == row.code, (result.out, result.err)
    assert "Traceback" not in result.err
    assert (bool(row.code) == bool(row.gnu)) == (not row.reason)


@functools.lru_cache
def coreutils() -> tuple[int, ...]:
    """Return the version of GNU coreutils, or nothing if another tool has its name."""
    if shutil.which("sha256sum") is None:
        return ()
    done = subprocess.run(["sha256sum", "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"sha256sum \(GNU coreutils\) (\d+)\.(\d+)", done.stdout)
    return tuple(map(int, match.groups())) if match else ()


@pytest.mark.parametrize(
    "name", [name for name, row in ROWS.items() if max(coreutils(), (9, 1)) >= row.since]
)
def test_published_outcome_is_that_of_the_tool(dist: pathlib.Path, name: str) -> None:
    """The other inputs are only tested above."""
    row = ROWS[name]
    path = prepare(row, dist)
    done = subprocess.run([*row.tool, path], cwd=dist, capture_output=True, check=False)
    assert done.returncode == row.gnu, done.stderr
