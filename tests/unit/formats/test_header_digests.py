"""Digests in header fields: which of them are about the object."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_hashes.artifacts import Digest
from wheelhouse_hashes.formats.header_digests import MAX_FIELD, READERS, read_digests

BODY = b"x"
SHA256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
SHA512 = base64.b64encode(hashlib.sha512(BODY).digest()).decode()
MD5 = base64.b64encode(hashlib.md5(BODY, usedforsecurity=False).digest()).decode()

GOOD, GOOD512, WEAK = (
    Digest(name, hashlib.new(name, BODY).hexdigest()) for name in ("sha256", "sha512", "md5")
)

#: What the headers are, and the digests and the fields with a problem in them.
CASES: dict[str, tuple[dict[str, str], list[Digest], list[str]]] = {
    "Repr-Digest": ({"repr-digest": f"sha-256=:{SHA256}:"}, [GOOD], []),
    "Repr-Digest, parameters": ({"repr-digest": f"sha-256=:{SHA256}:;q=1"}, [GOOD], []),
    "Repr-Digest, two algorithms": (
        {"repr-digest": f"sha-256=:{SHA256}:, sha-512=:{SHA512}:"},
        [GOOD, GOOD512],
        [],
    ),
    "Repr-Digest, two lines joined, one of them bad": (
        {"repr-digest": f"sha-512=:AAAA:, sha-256=:{SHA256}:"},
        [GOOD],
        ["repr-digest"],
    ),
    "Repr-Digest, old algorithms": ({"repr-digest": "sha=:AAAA:, md5=:AAAA:"}, [], []),
    "Repr-Digest, wrong length": ({"repr-digest": "sha-256=:AAAA:"}, [], ["repr-digest"]),
    "Repr-Digest, an empty value": ({"repr-digest": "sha-256=::"}, [], ["repr-digest"]),
    "Repr-Digest, a token": ({"repr-digest": "sha-256"}, [], ["repr-digest"]),
    "Repr-Digest, a list": ({"repr-digest": f"sha-256=(:{SHA256}:)"}, [], ["repr-digest"]),
    "Repr-Digest, a string": ({"repr-digest": f'sha-256="{SHA256}"'}, [], ["repr-digest"]),
    "Repr-Digest, syntax of Digest": ({"repr-digest": f"sha-256={SHA256}"}, [], ["repr-digest"]),
    "Repr-Digest, capitals": ({"repr-digest": f"SHA-256=:{SHA256}:"}, [], ["repr-digest"]),
    "Repr-Digest, not ASCII": ({"repr-digest": "sha-256=\u20ac"}, [], ["repr-digest"]),
    "Repr-Digest, endless": (
        {"repr-digest": f"sha-256=:{SHA256}:" + ", a=1" * MAX_FIELD},
        [],
        ["repr-digest"],
    ),
    "Repr-Digest, encoded": (
        {"repr-digest": f"sha-256=:{SHA256}:", "content-encoding": "gzip"},
        [],
        ["repr-digest"],
    ),
    "Repr-Digest, encoded twice": (
        {"repr-digest": f"sha-256=:{SHA256}:", "content-encoding": "identity, br"},
        [],
        ["repr-digest"],
    ),
    "Repr-Digest, identity": (
        {"repr-digest": f"sha-256=:{SHA256}:", "content-encoding": "Identity"},
        [GOOD],
        [],
    ),
    "Content-Digest": ({"content-digest": f"sha-512=:{SHA512}:"}, [GOOD512], []),
    "Digest": ({"digest": f"SHA-256={SHA256},UNIXsum=30637"}, [GOOD], []),
    "Digest, small letters": ({"digest": f"md5={MD5}, sha-512={SHA512}"}, [GOOD512], []),
    "Digest in hex": ({"digest": f"SHA-256={GOOD.hex}"}, [], ["digest"]),
    "Digest, syntax of Repr-Digest": ({"digest": f"sha-256=:{SHA256}:"}, [], ["digest"]),
    "Digest, encoded": (
        {"digest": f"SHA-256={SHA256}", "content-encoding": "x-gzip"},
        [],
        ["digest"],
    ),
    "S3": ({"x-amz-checksum-sha256": SHA256, "etag": f'"{WEAK.hex}"'}, [GOOD], []),
    "S3, of a whole object sent in parts": (
        {
            "x-amz-checksum-sha256": SHA256,
            "x-amz-checksum-type": "FULL_OBJECT",
            "etag": f'"{WEAK.hex}-2"',
        },
        [GOOD],
        [],
    ),
    "S3, composite": (
        {"x-amz-checksum-sha256": f"{SHA256}-3", "x-amz-checksum-type": "COMPOSITE"},
        [],
        ["x-amz-checksum-sha256"],
    ),
    "S3, composite without a type": (
        {"x-amz-checksum-sha256": f"{SHA256}-3"},
        [],
        ["x-amz-checksum-sha256"],
    ),
    "S3, composite without the number of parts": (
        {"x-amz-checksum-sha256": SHA256, "x-amz-checksum-type": "COMPOSITE"},
        [],
        ["x-amz-checksum-sha256"],
    ),
    "S3, composite with the etag alone": (
        {"x-amz-checksum-sha256": SHA256, "etag": f'"{WEAK.hex}-2"'},
        [],
        ["x-amz-checksum-sha256"],
    ),
    "S3, composite with the number of parts apart": (
        {"x-amz-checksum-sha256": SHA256, "x-amz-mp-parts-count": "2"},
        [],
        ["x-amz-checksum-sha256"],
    ),
    "S3, other checksums": ({"x-amz-checksum-crc32": "AAAAAA=="}, [], []),
    "S3, not base64": ({"x-amz-checksum-sha256": "?"}, [], ["x-amz-checksum-sha256"]),
    "Artifactory": (
        {
            "x-checksum-sha256": GOOD.hex.upper(),
            "x-checksum-sha1": "ab" * 20,
            "x-checksum-md5": WEAK.hex,
        },
        [GOOD],
        [],
    ),
    "Artifactory, MD5 only": ({"x-checksum-md5": WEAK.hex}, [WEAK], []),
    "Artifactory, in base64": ({"x-checksum-sha256": SHA256}, [], ["x-checksum-sha256"]),
    "Artifactory, twice": (
        {"x-checksum-sha256": f"{GOOD.hex}, {GOOD.hex}"},
        [],
        ["x-checksum-sha256"],
    ),
    "Google, two lines joined": ({"x-goog-hash": f"crc32c=n03x6A==, md5={MD5}"}, [WEAK], []),
    "Google, crc32c only": ({"x-goog-hash": "crc32c=n03x6A=="}, [], []),
    "Google, transcoded": (
        {"x-goog-hash": f"md5={MD5}", "x-goog-stored-content-encoding": "gzip"},
        [],
        ["x-goog-hash"],
    ),
    "Content-MD5": ({"content-md5": MD5}, [WEAK], []),
    "Content-MD5 in hex": ({"content-md5": WEAK.hex}, [], ["content-md5"]),
    "Content-MD5, encoded": (
        {"content-md5": MD5, "content-encoding": "gzip"},
        [],
        ["content-md5"],
    ),
    "ETag": ({"etag": f'"{WEAK.hex}"'}, [], []),
}


@pytest.mark.parametrize("what", CASES)
def test_fields(what: str) -> None:
    headers, digests, problems = CASES[what]
    found = read_digests(headers)
    assert [each for _, each in found if isinstance(each, Digest)] == digests
    assert [field for field, each in found if isinstance(each, str)] == problems


def test_md5_counts_only_if_there_is_no_other_digest() -> None:
    weak = {"content-md5": MD5, "x-goog-hash": f"md5={MD5}"}
    assert {each for _, each in read_digests(weak)} == {WEAK}
    assert [each for _, each in read_digests({**weak, "digest": f"sha-256={SHA256}"})] == [GOOD]


@given(
    st.dictionaries(
        st.sampled_from([*READERS, "etag", "content-encoding", "x-amz-checksum-type"]),
        st.text(st.characters(max_codepoint=0x200)) | st.text('sha-256=:A@%"();,. 0\\'),
    )
)
def test_any_text_is_a_digest_or_a_sentence(headers: dict[str, str]) -> None:
    for field, found in read_digests(headers):
        assert field in headers
        assert isinstance(found, Digest) or (found and found.isprintable())
