"""Hash files beside an artifact that contradict it, left by older runs or other tools."""

from __future__ import annotations

import hashlib
import pathlib
import re
import shlex

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, hash_file, make_wheel, sha256
from tests.support.commands import FETCH, GOT, UPLOAD
from tests.support.fake_store import FakeStore, Fault, fake_store
from tests.support.marks import USES_LIBCLOUD
from tests.support.servers import Handler, Server
from wheelhouse_hashes.artifacts import new_hasher

#: Without an index page, a fetch reads the listing, which has all hash files.
PUT = (*UPLOAD, "--no-update-index")

MD5, SHA512 = f"{A}.md5", f"{A}.sha512"

#: Another tool's hash files with wrong or without digests: the object's name, and its content.
FOREIGN = {
    "bare": (MD5, "0" * 32),
    "BSD": (SHA512, f"SHA512 ({A}) = {'a' * 128}\n"),
    "binary mode": (MD5, f"{'0' * 32} *{A}\n"),
    "garbage": (SHA512, "this is no digest\n"),
    "HTML": (f"{A}.blake2b", "<html><title>404</title></html>"),
}


def fetch(cli: Cli, served: Server) -> int:
    """Fetch, without waiting, and return the exit code."""
    return cli(*FETCH, "--wait", "0", served.url).code


@pytest.mark.parametrize("there", [True, False], ids=["there", "sent"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_hash_file_is_named_and_the_advice_works(
    cli: Cli, served: Server, dist: pathlib.Path, container: pathlib.Path, kind: str, there: bool
) -> None:
    make_wheel(dist, A)
    if there:
        assert cli(*PUT).code == 0
    name, content = FOREIGN[kind]
    (container / name).write_text(content)
    result = cli(*PUT)
    assert result.line("there" if there else "sent")
    assert result.code == (1 if name == MD5 or kind == "BSD" else 3), result
    assert (container / name).read_text() == content
    problem = result.line("problem:")
    assert name in problem
    assert fetch(cli, served) != 0
    advice = re.search(r"upload it again with (.*)", problem)
    assert advice is not None
    mended = cli(*PUT, *shlex.split(advice[1]))
    assert mended.code == 0, mended
    assert fetch(cli, served) == 0
    assert (GOT / A).exists()


def test_deleting_the_named_hash_file_helps_as_well(
    cli: Cli, served: Server, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    (container / MD5).write_text("0" * 32)
    assert f"delete {MD5}, or" in cli(*PUT).line("problem:")
    (container / MD5).unlink()
    assert cli(*PUT).code == 0
    assert fetch(cli, served) == 0


@pytest.mark.parametrize("resend", [(), ("--resend",)], ids=["there", "resent"])
def test_stale_hash_file_of_an_earlier_run_is_corrected(
    cli: Cli, served: Server, dist: pathlib.Path, container: pathlib.Path, resend: tuple[str, ...]
) -> None:
    """The earlier run used another algorithm, and other bytes."""
    body = make_wheel(dist, A).read_bytes()
    assert cli(*PUT).code == 0
    (container / SHA512).write_text(f"{'0' * 128}  {A}\n")
    assert fetch(cli, served) != 0
    result = cli(*PUT, *resend)
    assert result.code == 0
    assert f"{SHA512}  corrected: it contained sha512:0000" in result.out
    right = f"{hashlib.sha512(body).hexdigest()}  {A}\n"
    assert (container / SHA512).read_text() == right
    assert fetch(cli, served) == 0
    assert "corrected" not in cli(*PUT).out


@pytest.mark.parametrize("content", ["{}  {}\n", "{}", "MD5 ({1}) = {0}\n"])
def test_right_hash_file_of_another_tool_is_left(
    cli: Cli, served: Server, dist: pathlib.Path, container: pathlib.Path, content: str
) -> None:
    body = make_wheel(dist, A).read_bytes()
    hasher = new_hasher("md5")
    hasher.update(body)
    right = content.format(hasher.hexdigest(), A)
    (container / MD5).write_text(right)
    for _ in range(2):
        result = cli(*PUT)
        assert (result.code, MD5 in result.out) == (0, False)
    assert (container / MD5).read_text() == right
    assert fetch(cli, served) == 0


def test_hash_file_of_a_replaced_artifact_is_deleted_and_named(
    cli: Cli, served: Server, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    assert cli(*PUT, "--hash-algorithm", "sha256", "--hash-algorithm", "md5").code == 0
    make_wheel(dist, A, b"rebuilt")
    result = cli(*PUT)
    assert result.code == 0
    assert f"{MD5}  deleted: it belonged to the previous artifact" in result.out
    assert not (container / MD5).exists()
    assert fetch(cli, served) == 0


def with_hash_file_of_another_artifact(store: FakeStore, ours: bytes) -> None:
    """Fill a container with an older artifact beside the hash file of this one."""
    for name, content in ((A, b"an older artifact"), (f"{A}.sha256", hash_file(ours))):
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        etag = f'"{etag}"' if store.provider == "S3" else etag
        store.objects[name] = (content, {"ETag": etag})


@USES_LIBCLOUD
@pytest.mark.parametrize("provider", ["LOCAL", "OPENSTACK_SWIFT", "S3"])
def test_replacement_never_shows_equal_digests_as_different(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, provider: str
) -> None:
    """A killed run has sent the new hash file, and not the artifact."""
    ours = make_wheel(dist, A).read_bytes()
    if provider == "LOCAL":
        container.mkdir()
        (container / A).write_bytes(b"an older artifact")
        (container / f"{A}.sha256").write_bytes(hash_file(ours))
        result = cli(*UPLOAD)
    else:
        with fake_store(provider) as store:
            with_hash_file_of_another_artifact(store, ours)
            result = cli("upload", "--hashfile", *store.options)
    assert (result.code, result.err) == (0, "")
    replaced = result.line("replaced")
    assert replaced.count(sha256(ours)) == 1
    assert "previously different content, beside a hash file with this digest" in replaced


@USES_LIBCLOUD
@pytest.mark.parametrize("provider", ["OPENSTACK_SWIFT", "S3"])
def test_conflict_never_shows_the_digest_of_the_local_file(
    cli: Cli, dist: pathlib.Path, provider: str
) -> None:
    """A job without hash files replaces the artifact each time this job has sent it."""
    ours = make_wheel(dist, A).read_bytes()
    with fake_store(provider) as store:

        def choose(handler: Handler, number: int) -> Fault | None:
            if store.asked[number] == ("HEAD", A) and A in store.objects:
                with_hash_file_of_another_artifact(store, ours)
            return None

        store.choose = choose
        result = cli("upload", "--hashfile", "--wait", "1", *store.options)
    assert result.code == 1
    refused = result.line("refused")
    assert "the artifact in the container has different content" in refused
    assert sha256(ours) not in refused
