"""Wheels and hash files with wrong contents (E.1, E.2.3, E.2.5)."""

from __future__ import annotations

import hashlib
import itertools

from tests.slow.faults.catalogue import HALF, Case, Check, Done, fault, in_turn, link, page, wheel
from tests.slow.faults.transport import REJECTED
from tests.support.artifacts import A, hash_file, sha256
from tests.support.faulty_archives import bomb, faulty_wheels
from wheelhouse_hashes.causes import Cause


def flipped(seed: int = 0) -> bytes:
    """Return the wheel with one bit flipped."""
    body = bytearray(wheel())
    body[HALF + seed] ^= 1
    return bytes(body)


@fault("E.2.3.3", causes=Cause.MISMATCH, left=(REJECTED,), for_peers=True)
def one_bit_is_flipped(case: Case) -> Check:
    """One bit of the wheel is flipped, in every response."""
    case.routes[f"/{A}"] = flipped()

    def check(done: Done) -> None:
        for words in (
            f"expected  sha256:{sha256(wheel())}  hash file, ",
            f"expected  sha256:{sha256(wheel())}  link, ",
            f"got       sha256:{sha256(flipped())}",
            f"got       {len(wheel())} bytes",
        ):
            assert words in done.out, words

    return check


@fault("E.2.3.3", causes=Cause.CORRUPT, left=(REJECTED,), for_peers=True)
def two_reads_differ(case: Case) -> None:
    """A different bit is flipped in each response."""
    turns = itertools.count()
    case.routes[f"/{A}"] = in_turn(*(flipped(next(turns)) for _ in range(40)))


@fault("E.2.3.3", left=(A,), for_peers=True)
def one_bit_is_flipped_once(case: Case) -> None:
    """One bit of the wheel is flipped in the first response only."""
    case.routes[f"/{A}"] = in_turn(flipped(), wheel())


def _announce(case: Case, content: bytes) -> None:
    """Make all sources agree that A has this content, and serve it."""
    case.routes = {
        "/": page(link(A, content)),
        f"/{A}": content,
        f"/{A}.sha256": hash_file(content),
    }


@fault("E.2.3.1", left=(A,))
def wheel_is_a_zip_bomb(case: Case) -> None:
    """A 200 kB wheel that unpacks to 200 MB, with matching digests: it is not unpacked."""
    case.good[A] = bomb()
    _announce(case, case.good[A])


@fault("E.2.3.1", left=(A,), says="not read to its end")
def wheel_is_a_zip_bomb_and_is_unpacked(case: Case) -> None:
    """The same with ``--check-contents full``: it is unpacked up to a limit."""
    wheel_is_a_zip_bomb(case)
    case.options += ("--check-contents", "full")


@fault("E.2.3.2", causes=Cause.UNSOUND, says="project 'other'")
def wheel_of_another_project(case: Case) -> None:
    """A wheel whose METADATA name another project, with matching digests."""
    _announce(case, wheel("other-2.0-py3-none-any.whl"))


@fault("E.2.3.2", causes=Cause.UNSOUND, says="tags are not those")
def wheel_for_another_platform(case: Case) -> None:
    """A wheel that was built for another platform and renamed, with matching digests."""
    _announce(case, wheel("demo-1.0-cp311-cp311-win_amd64.whl"))


@fault("E.2.3.2", causes=Cause.UNSOUND, says="is not in its RECORD")
def wheel_with_an_added_file(case: Case) -> None:
    """A file was added to a wheel after it was built, with matching digests."""
    _announce(case, faulty_wheels()["file not in RECORD"].content)


@fault("E.2.3.4", causes=Cause.UNSOUND, says="another name in its local header")
def wheel_with_two_readings(case: Case) -> None:
    """A wheel whose local headers and central directory name different files."""
    _announce(case, faulty_wheels()["other name in the local header"].content)


@fault("E.2.3.3", causes=Cause.MISMATCH, left=(REJECTED,), for_peers=True)
def garbage_behind_the_wheel(case: Case) -> None:
    """100 bytes after the end of a valid archive, which installers ignore."""
    case.routes[f"/{A}"] = wheel() + b"x" * 100


@fault("E.2.3.4", causes=Cause.NOT_A_DISTRIBUTION)
def wheel_is_a_page_too(case: Case) -> None:
    """A polyglot with matching digests: starts as an HTML page, ends as a zip archive."""
    _announce(case, b"<!doctype html><script>/*" + wheel())


@fault("E.2.3.4", causes=Cause.NOT_A_DISTRIBUTION, says="first bytes")
def wheel_is_a_program_too(case: Case) -> None:
    """A polyglot with matching digests: starts as a Windows program."""
    _announce(case, b"MZ\x90\0" + wheel())


def _digest(algorithm: str, content: bytes) -> bytes:
    return f"{hashlib.new(algorithm, content).hexdigest()}  {A}\n".encode()


@fault("E.2.5", left=(A,), says="blake2b,sha512")
def hash_files_of_other_algorithms(case: Case) -> None:
    """Hash files for SHA-512 and BLAKE2b, none for SHA-256."""
    case.routes = {"/": page(*(link(f"{A}{s}") for s in ("", ".sha512", ".blake2b")))}
    case.routes |= {f"/{A}": wheel(), f"/{A}.sha512": _digest("sha512", wheel())}
    case.routes[f"/{A}.blake2b"] = _digest("blake2b", wheel())


@fault("E.2.5", causes=Cause.CONFLICT, left=(REJECTED,))
def weak_digest_against_a_strong_one(case: Case) -> None:
    """The MD5 hash file matches and the SHA-256 one does not: the weaker digest does not win."""
    other = wheel(seed=1)
    case.routes["/"] = page(*(link(f"{A}{s}") for s in ("", ".sha256", ".md5")))
    case.routes |= {f"/{A}": other, f"/{A}.md5": _digest("md5", other)}


@fault("E.2.5", causes=Cause.CONFLICT, left=(REJECTED,))
def strong_digest_against_a_weak_one(case: Case) -> None:
    """The SHA-512 hash file matches and the SHA-256 one does not: it does not win either."""
    other = wheel(seed=1)
    case.routes["/"] = page(*(link(f"{A}{s}") for s in ("", ".sha256", ".sha512")))
    case.routes |= {f"/{A}": other, f"/{A}.sha512": _digest("sha512", other)}


SIGNED = (
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{}-----BEGIN PGP SIGNATURE-----\n\n"
    "iQ=\n-----END PGP SIGNATURE-----\n"
)

DIALECTS = {
    "two spaces": "{hex}  {name}\n",
    "asterisk": "{hex} *{name}\n",
    "upper case": "{HEX}  {name}\n",
    "comment": "# made by ci\n{hex}  {name}\n",
    "CRLF": "{hex}  {name}\r\n",
    "one space": "{hex} {name}\n",
    "tab": "{hex}\t{name}\n",
    "BSD tag": "SHA256 ({name}) = {hex}\n",
    "OpenSSL 1": "SHA256({name})= {hex}\n",
    "OpenSSL 3": "SHA2-256({name})= {hex}\n",
    "dot slash": "{hex}  ./{name}\n",
    "absolute path": "{hex}  /home/ci/dist/{name}\n",
    "Windows path": "{hex}  dist\\{name}\n",
    "escaped": "\\{hex}  dist\\\\{name}\n",
    "bare": "{hex}",
    "pip": "sha256:{hex}\n",
    "byte order mark": "\ufeff{hex}  {name}\n",
    "standard input": "{hex}  -\n",
    "standard input, binary": "{hex} *-\n",
    "OpenSSL of standard input": "SHA2-256(stdin)= {hex}\n",
    "gpg --print-md": "{name}:\n{groups}\n",
    "pip hash": "{name}:\n--hash=sha256:{hex}\n",
    "name first": "{name}  {hex}\n",
    "leading blanks": "  {hex}  {name}\n",
    "escaped tag": "\\SHA256 ({name}) = {hex}\n",
    "several algorithms": "SHA1 ({name}) = {hex:.40}\nSHA256 ({name}) = {hex}\n",
    "clear-signed": SIGNED.format("{hex}  {name}\n"),
    "sha256sum --zero": "{hex}  {name}\0",
}

REFUSED_DIALECTS = {
    "empty": "",
    "page": "<!doctype html><p>soon",
    "certutil": "SHA256 hash of {name}:\r\n{hex}\r\nCertUtil: -hashfile completed.\r\n",
    "Get-FileHash": "Algorithm  Hash  Path\n---------  ----  ----\nSHA256  {HEX}  C:\\{name}\n",
    "another wheel": "{hex}  other-1.0-py3-none-any.whl\n",
    "MD5": "{hex:.32}  {name}\n",
    "63 digits": "{hex:.63}  {name}\n",
    "contradiction": "{hex}  {name}\n{zeros}  {name}\n",
    "control character": "\u202e{hex}  {name}\n",
    "escape sequence": "{hex}  \x1b[2J{name}\n",
    "path that climbs out to another": "{hex}  ../victim\n",
    "NUL": "{hex}  {name}\n\0",
    "SFV": "{name} DEADBEEF\n{hex}\n",
    "sha256sum -c": "{hex}  {name}\n{name}: OK\n",
    "base64": "SHA256 ({name}) = 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n{hex}\n",
    "keyed": "HMAC-SHA2-256({name})= {hex}\n",
    "line outside of the signed text": "{hex}  {name}\n" + SIGNED.format("{hex}  {name}\n"),
    "10 MB": "{spaces}",
    "one long line": "# {spaces:.5000}\n{hex}  {name}\n",
}


def _dialects(case: Case, dialects: dict[str, str]) -> tuple[str, ...]:
    """Publish one wheel per dialect, and list their hash files; return the wheels' names."""
    names = []
    case.routes.clear()
    case.good.clear()
    for number, text in enumerate(dialects.values()):
        name = f"demo-1.0-{number}-py3-none-any.whl"
        digest = sha256(wheel(name))
        words = {"hex": digest, "HEX": digest.upper(), "zeros": "0" * 64, "name": name}
        words["groups"] = " ".join(digest.upper()[start : start + 8] for start in range(0, 64, 8))
        content = text.format(**words, spaces=" " * 10_000_000 if "spaces" in text else "")
        case.routes |= {f"/{name}": wheel(name), f"/{name}.sha256": content.encode()}
        case.good[name] = wheel(name)
        names.append(name)
    case.routes["/"] = page(*(link(f"{name}{end}") for name in names for end in ("", ".sha256")))
    return tuple(names)


@fault("E.1", left=tuple(f"demo-1.0-{n}-py3-none-any.whl" for n in range(len(DIALECTS))))
def hash_files_in_all_known_dialects(case: Case) -> None:
    """Hash files by GNU, BSD, OpenSSL, pip, GnuPG and Maven, with CRLF, tabs, paths, a byte order
    mark, a signature.
    """
    _dialects(case, DIALECTS)


@fault("E.1", left=("demo-1.0-0-py3-none-any.whl",))
def hash_file_in_utf_16(case: Case) -> None:
    """A hash file as PowerShell 5 writes it: UTF-16 with a byte order mark."""
    (name,) = _dialects(case, {"UTF-16": "{hex}  {name}\r\n"})
    text = case.routes[f"/{name}.sha256"]
    assert isinstance(text, bytes)
    case.routes[f"/{name}.sha256"] = text.decode().encode("utf-16")


@fault("E.1", causes=(Cause.UNREADABLE_HASH,) * len(REFUSED_DIALECTS))
def hash_files_that_say_nothing_sure(case: Case) -> Check:
    """Unreliable hash files: empty, HTML pages, output of other tools, for another wheel or
    algorithm, contradictory, over the size limits, or with control characters.
    """
    _dialects(case, REFUSED_DIALECTS)

    def check(done: Done) -> None:
        assert "32 hex digits (MD5)" in done.out
        assert "certutil" in done.out
        assert "Get-FileHash" in done.out
        assert "SFV" in done.out
        assert not [path for path in case.server.paths() if path.endswith(".whl")]

    return check


def _verify(case: Case, name: str, text: str) -> None:
    """Check wheel A in the target folder against a list."""
    case.got.mkdir()
    (case.got / A).write_bytes(wheel())
    (case.folder / name).write_text(
        text.format(name=A, hex=sha256(wheel()), hex512=hashlib.sha512(wheel()).hexdigest())
    )
    case.command = ["verify", "got", "--against", name, "--wait", "0"]


@fault("E.1", left=(A,), says="verified 1 of 1")
def digest_list_named_after_its_algorithm(case: Case) -> None:
    """``verify --against`` a list named ``checksums.sha512``."""
    _verify(case, "checksums.sha512", "{hex512}  {name}\n")


@fault("E.1", left=(A,), says="verified 1 of 1")
def digest_list_that_is_signed(case: Case) -> None:
    """``verify --against`` a clear-signed list: it is read, with a note on the signature."""
    _verify(case, "SHA256SUMS.asc", SIGNED.format("{hex}  {name}\n"))


@fault("E.1", exit_code=3, left=(A,), says="certutil output; write it with sha256sum")
def digest_list_of_another_tool(case: Case) -> None:
    """``verify --against`` the output of certutil, which is named."""
    _verify(case, "list.txt", "SHA256 hash of {name}:\r\n{hex}\r\n")


@fault("E.1", exit_code=3, left=(A,), says="may be sha512 or blake2b; name the list")
def digest_list_whose_algorithm_is_not_certain(case: Case) -> None:
    """``verify --against`` a list with digests that two algorithms have."""
    _verify(case, "checksums.txt", "{hex512}  {name}\n")


@fault("E.1", left=(A,), says="verified 1 of 1")
def requirements_file_with_alternatives(case: Case) -> None:
    """``verify --against`` a requirements file: one of the digests of the release suffices."""
    _verify(case, "requirements.txt", f"demo==1.0 --hash=sha256:{'0' * 64} --hash=sha256:{{hex}}\n")


@fault(
    "E.1",
    causes=(Cause.MISSING_ARTIFACT, Cause.NOT_LISTED),
    left=(A,),
    says="not-listed: not in SHA256SUMS",
)
def artifact_that_the_list_does_not_name(case: Case) -> None:
    """``verify --against`` a list of another release: the artifact is in no given list."""
    _verify(case, "SHA256SUMS", "{hex}  other-1.0.tar.gz\n")


@fault("E.1", exit_code=3, left=(A,), says="a CycloneDX bill of materials, which is not a digest")
def list_that_is_another_document(case: Case) -> None:
    """``verify --against`` a document that is no list: it is named."""
    _verify(case, "sbom.json", '{{"bomFormat": "CycloneDX"}}')
