"""Reads through the S3 API: answers for presigned URLs carry ``x-amz-meta-*``.

Swift's S3 API requires a signature for every read, whatever the read ACL says (the first test
shows it), so these URLs have one; to the reader they are ordinary URLs.
"""

from __future__ import annotations

import base64
import hmac
import html
import pathlib
import re
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, B, make_wheel, sha256
from tests.support.commands import fetch
from tests.support.marks import USES_LIBCLOUD
from tests.swift.cluster import USERS, Cluster
from tests.swift.containers import store_options

pytestmark = USES_LIBCLOUD


def presigned(cluster: Cluster, path: str) -> str:
    """Return the URL by which anyone may read an object for ten minutes.

    Signature 2 (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html).
    """
    end = int(time.time()) + 600
    quoted = urllib.parse.quote(path)
    signed = hmac.new(USERS["tester"].encode(), f"GET\n\n\n{end}\n/{quoted}".encode(), "sha1")
    query = urllib.parse.urlencode(
        {
            "AWSAccessKeyId": "test:tester",
            "Expires": end,
            "Signature": base64.b64encode(signed.digest()).decode(),
        }
    )
    return f"http://{cluster.s3_host}:{cluster.s3_port}/{quoted}?{query}"


def links_to(cluster: Cluster, page: str, container: str, names: dict[str, str]) -> str:
    """Put a page of presigned links, with or without digests; return its URL."""
    links = "\n".join(
        f'<a href="{html.escape(presigned(cluster, f"{container}/{name}"))}'
        f'{f"#sha256={digest}" if digest else ""}">{name}</a>'
        for name, digest in names.items()
    )
    sent = {"Content-Type": "text/html"}
    answer = cluster.request("PUT", f"{page}/index.html", sent, links.encode())
    assert answer.status == 201
    return f"{cluster.storage_url}/{page}/index.html"


def kept() -> dict[str, bytes]:
    """Return the contents of the target folder."""
    return {path.name: path.read_bytes() for path in pathlib.Path("got").glob("[!.]*")}


def test_s3_api_refuses_unsigned_requests(cluster: Cluster, public_container: str) -> None:
    assert cluster.request("PUT", f"{public_container}/{A}", body=b"x").status == 201
    assert cluster.request("GET", f"{public_container}/{A}", user=None).body == b"x"
    plain = presigned(cluster, f"{public_container}/{A}").partition("?")[0]
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(plain, timeout=300)


def test_metadata_of_presigned_answer_confirm_bytes(
    cli: Cli, cluster: Cluster, container: str, public_container: str, dist: pathlib.Path
) -> None:
    wheels = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in (A, B)}
    upload = ("upload", "--hashfile", "--no-update-index", *store_options(cluster, "S3"))
    assert cli(*upload, container).code == 0
    with urllib.request.urlopen(presigned(cluster, f"{container}/{A}"), timeout=300) as answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["x-amz-meta-sha256"] == sha256(wheels[A])
    assert "x-object-meta-sha256" not in headers

    url = links_to(cluster, public_container, container, {A: "", B: sha256(wheels[B])})
    result = fetch(cli, url)
    assert (result.code, kept()) == (0, wheels), result
    sources = dict(re.findall(r"^ok +(\S+) +sha256  (.*?)  ", result.out, re.MULTILINE))
    assert sources == {A: "header", B: "link, header"}
    assert "Signature" not in result.out + result.err


def test_metadata_distinguish_stale_from_mismatch(
    cli: Cli, cluster: Cluster, container: str, public_container: str, dist: pathlib.Path
) -> None:
    make_wheel(dist, A, b"old")
    old = make_wheel(dist, B, b"old").read_bytes()
    upload = ("upload", "--hashfile", "--no-update-index", *store_options(cluster, "S3"))
    assert cli(*upload, container).code == 0
    # The same bytes again, uploaded without metadata.
    assert cluster.request("PUT", f"{container}/{B}", body=old).status == 201
    url = links_to(cluster, public_container, container, {A: "0" * 64, B: "0" * 64})
    result = fetch(cli, url)
    causes = dict(re.findall(r"^refused +(\S+) +([a-z-]+):", result.out, re.MULTILINE))
    assert causes == {A: "stale", B: "mismatch"}
    assert (result.code, kept()) == (1, {})
