"""Swift's answers for objects that are deleted, as ``tests/swift`` met them."""

from __future__ import annotations

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel
from tests.support.servers import Handler, Routes, respond, serving
from wheelhouse_hashes.formats.tombstones import is_deleted

MD5 = "a6bb7bde3251ca2d810d32dadd9e8ae7"
OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
DELETED = {"content-length": "0", "etag": MD5, "x-trans-id": "tx1"}


@pytest.mark.parametrize(
    "changed", [{}, {"etag": f'"{MD5}"'}, {"content-range": "bytes 100-4999/5000"}]
)
def test_headers_of_something_without_a_body_are_deleted(
    changed: dict[str, str],
) -> None:
    assert is_deleted({**DELETED, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"content-length": "1"},
        {"content-length": "5000"},
        {"etag": OF_NOTHING},  # an object that is empty
        {"etag": f'"{OF_NOTHING}"'},
        {"etag": f"{MD5}-3"},
        {"etag": ""},
    ],
)
def test_other_answers_are_not(changed: dict[str, str]) -> None:
    assert not is_deleted({**DELETED, **changed})


@pytest.mark.parametrize("missing", sorted(DELETED))
def test_answers_that_say_less_are_not(missing: str) -> None:
    assert not is_deleted({name: value for name, value in DELETED.items() if name != missing})


def remnant(handler: Handler) -> None:
    """Answer as Swift does: 404 or, asked for the newest copy, the headers of an old one."""
    if handler.headers.get("X-Newest"):
        respond(handler, 200, b"", ETag=MD5, **{"X-Trans-Id": "tx1"})
    else:
        respond(handler, 404, b"")


@pytest.mark.parametrize("gone", ["both", "hash file", "artifact"])
def test_a_deleted_object_is_missing_and_not_empty(
    cli: Cli, tmp_path_factory: pytest.TempPathFactory, gone: str
) -> None:
    wheel = make_wheel(tmp_path_factory.mktemp("made"), A).read_bytes()
    page = f'<a href="{A}">x</a><a href="{A}.sha256">x</a>'.encode()
    routes: Routes = {
        "/": page,
        f"/{A}": wheel if gone == "hash file" else remnant,
        f"/{A}.sha256": b"0" * 64 if gone == "artifact" else remnant,
    }
    with serving(routes) as server:
        done = cli("fetch", "--verify", "--wait", "0", "demo", server.url)
    assert "empty" not in done.out
    # Where both are gone nothing announces it any more.
    code, line, cause = {
        "both": (4, "withdrawn", "missing-artifact"),
        "hash file": (3, "refused", "missing-hash"),
        "artifact": (4, "refused", "missing-artifact"),
    }[gone]
    assert (done.code, cause in done.line(line)) == (code, True), done.out
