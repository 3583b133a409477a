"""Digests in headers that are not those of the artifact (E.8)."""

from __future__ import annotations

import base64
import gzip
import hashlib

from tests.slow.faults.catalogue import HALF, Case, fault, link, page, status, wheel
from tests.slow.faults.transport import REJECTED
from tests.support.artifacts import A, hash_file, sha256
from tests.support.servers import Handler, respond
from wheelhouse_hashes.causes import Cause

_OTHER = wheel(seed=1)


def _b64(content: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hashlib.new(algorithm, content).digest()).decode()


def _parts(content: bytes) -> str:
    """Return the digest of the digests of two parts."""
    halves = (content[:HALF], content[HALF:])
    return _b64(b"".join(hashlib.sha256(half).digest() for half in halves))


def _headers_only(case: Case, **headers: str) -> None:
    """Make the headers of the wheel the only source."""
    case.routes = {"/": page(link(A)), f"/{A}": status(200, wheel(), **headers)}


@fault("E.8", left=(A,), says="md5  header  container  md5 detects accidental corruption")
def only_md5_in_headers(case: Case) -> None:
    """The only digest is ``Content-MD5``."""
    _headers_only(case, Content_MD5=_b64(wheel(), "md5"))


@fault("E.8", causes=Cause.MISMATCH, left=(REJECTED,))
def other_digest_in_headers(case: Case) -> None:
    """The only digest is a ``Repr-Digest`` that the bytes do not have."""
    _headers_only(case, Repr_Digest=f"sha-256=:{_b64(_OTHER)}:")


@fault("E.8", causes=Cause.MISSING_HASH, says="it is the digest of the parts' digests")
def checksum_of_parts(case: Case) -> None:
    """S3 sends the checksum of an object in parts, without the suffix that shows this."""
    _headers_only(
        case, X_Amz_Checksum_Sha256=_parts(wheel()), ETag='"0123456789abcdef0123456789abcdef-2"'
    )


@fault("E.8", left=(A,), says="sha256  header  container")
def checksum_of_the_rest(case: Case) -> None:
    """A download is cut; the answer with the rest has the digest of its own bytes, and the checksum
    of all parts.
    """

    def answer(handler: Handler) -> None:
        wanted = handler.headers.get("Range") is not None
        body = wheel()[HALF:] if wanted else wheel()
        handler.send_response(206 if wanted else 200)
        handler.send_header("ETag", '"v1"')
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Content-Digest", f"sha-256=:{_b64(body)}:")
        if wanted:
            size = len(wheel())
            handler.send_header("Content-Range", f"bytes {HALF}-{size - 1}/{size}")
            handler.send_header("x-amz-checksum-sha256", _parts(wheel()))
        handler.end_headers()
        handler.wfile.write(body if wanted else body[:HALF])
        handler.close_connection = True

    case.routes = {"/": page(link(A)), f"/{A}": answer}
    case.wait = "20"


@fault("E.8", causes=Cause.NOT_A_DISTRIBUTION, says="sent with Content-Encoding: gzip")
def digest_of_the_encoded_wheel(case: Case) -> None:
    """A proxy compresses the wheel, and sends the digest of the compressed bytes."""
    packed = gzip.compress(wheel(), mtime=0)
    headers = {"Content_Encoding": "gzip", "Repr_Digest": f"sha-256=:{_b64(packed)}:"}
    case.routes |= {f"/{A}": status(200, packed, **headers)}


@fault("E.8", left=(A,), says="ignored: not a dictionary of structured fields (RFC 9651)")
def digest_header_that_cannot_be_read(case: Case) -> None:
    """``Repr-Digest`` has the syntax of the older ``Digest``; a hash file is there."""
    case.routes |= {
        "/": page(link(A)),
        f"/{A}": status(200, wheel(), Repr_Digest=f"sha-256={_b64(wheel())}"),
    }


@fault("E.8", causes=Cause.CONFLICT, left=(REJECTED,))
def headers_that_contradict_each_other(case: Case) -> None:
    """The metadata have the digest of the wheel, another header of the answer has not."""
    metadata = {"X_Object_Meta_Sha256": sha256(wheel())}
    _headers_only(case, **metadata, X_Checksum_Sha256=sha256(_OTHER))


@fault("E.8", causes=Cause.MISSING_HASH, left=(A,), says="HTTP status 405; so its headers")
def server_without_head(case: Case) -> None:
    """``verify --against`` an address without digests, which does not answer ``HEAD``."""

    def answer(handler: Handler) -> None:
        digest = {"X_Checksum_Sha256": sha256(wheel())}
        respond(handler, 405 if handler.command == "HEAD" else 200, wheel(), **digest)

    case.got.mkdir()
    (case.got / A).write_bytes(wheel())
    address = case.serve({"/": page(link(A)), f"/{A}": answer}).url
    case.command = ["verify", "got", "--against", address, "--wait", "0"]


@fault("E.8", causes=Cause.STALE, left=(REJECTED,))
def digest_header_and_old_hash_file(case: Case) -> None:
    """The wheel was replaced but its hash file was not; ``Digest`` shows it."""
    case.routes |= {
        "/": page(link(A)),
        f"/{A}": status(200, wheel(), Digest=f"SHA-256={_b64(wheel())}"),
        f"/{A}.sha256": hash_file(_OTHER),
    }
