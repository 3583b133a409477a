"""The digest in an object's own metadata."""

from __future__ import annotations

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, sha256
from tests.support.commands import FETCH
from tests.support.pages import page
from tests.support.servers import Routes, respond, serving


def routes(wheel: bytes, hash_file: bytes | None, **headers: str) -> Routes:
    """Return a page, an artifact with extra headers, and its hash file if one is given."""
    made: dict[str, object] = {
        "/": page(A),
        f"/{A}": lambda handler: respond(handler, 200, wheel, **headers),
    }
    if hash_file is not None:
        made[f"/{A}.sha256"] = hash_file
    return made  # type: ignore[return-value]


@pytest.mark.parametrize("prefix", ["X_Object_Meta", "x_amz_meta", "X_Goog_Meta", "x_ms_meta"])
def test_metadata_digest_is_a_source(cli: Cli, wheel: bytes, prefix: str) -> None:
    with serving(routes(wheel, None, **{f"{prefix}_Sha256": sha256(wheel).upper()})) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0
    assert result.line("ok").endswith("sha256  header  container")
    assert len(server.requests) == 3  # page, absent hash file, artifact


def test_hash_file_contradicted_by_metadata_is_stale(cli: Cli, wheel: bytes) -> None:
    other = f"{sha256(b'newer')}  {A}\n".encode()
    with serving(routes(wheel, other, X_Object_Meta_Sha256=sha256(wheel))) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 5
    assert "stale: the artifact and a digest found for it are from different" in result.line(
        "refused"
    )


def test_metadata_digest_mismatch_is_conflict(cli: Cli, wheel: bytes) -> None:
    good = f"{sha256(wheel)}  {A}\n".encode()
    with serving(routes(wheel, good, X_Object_Meta_Sha256=sha256(b"other"))) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "conflict" in result.line("refused")) == (1, True)


def test_invalid_metadata_digest_refuses_artifact(cli: Cli, wheel: bytes) -> None:
    with serving(routes(wheel, None, X_Object_Meta_Sha256="pending")) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert "x-object-meta-sha256 of " in result.line("refused")
