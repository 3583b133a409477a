"""Whatever refuses a listing: one line that ends with the next step."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A
from tests.support.commands import FETCH
from tests.support.plugins import install
from tests.support.servers import Respond, respond, serving
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.causes import NEXT_STEP, Cause
from wheelhouse_hashes.errors import DiskError, Refusal
from wheelhouse_hashes.transport import Listing


def _headers(handler: object) -> None:
    respond(handler, 200, b"", **{f"X-{n}": "x" for n in range(5000)})  # type: ignore[arg-type]


PAGES: dict[str, tuple[Respond, Cause]] = {
    "status": (lambda handler: respond(handler, 404, b""), Cause.UNREACHABLE),
    "forbidden": (lambda handler: respond(handler, 403, b""), Cause.FORBIDDEN),
    "headers": (_headers, Cause.TOO_LARGE),
}


def ends_with_next_step(err: str, cause: Cause) -> bool:
    """Return whether there is one error line, with a cause and its next step."""
    (line,) = err.splitlines()
    return line.startswith(f"wheelhouse-hashes: error: {cause.value}: ") and line.endswith(
        f"; {NEXT_STEP[cause]}"
    )


@pytest.mark.parametrize("kind", PAGES)
def test_refused_page_has_a_next_step(cli: Cli, kind: str) -> None:
    answer, cause = PAGES[kind]
    with serving({"/": answer}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, ends_with_next_step(result.err, cause)) == (5, True), result.err


def test_unreadable_digest_list_has_a_next_step(cli: Cli, dist: pathlib.Path) -> None:
    pathlib.Path("SHA256SUMS").write_text(f"{'0' * 64}  {A}\n{'1' * 64}  {A}\n")
    result = cli("verify", "dist", "--against", "SHA256SUMS")
    assert (result.code, result.err.count("\n")) == (3, 1)
    assert result.err.startswith("wheelhouse-hashes: error: unreadable-hash: ")
    assert result.err.endswith("; correct the digest list\n")


class Offering:
    """A plugin whose ``wheelhouse_locate`` raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @hookimpl
    def wheelhouse_locate(self) -> Listing | None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ValueError("no"), Cause.PLUGIN),
        (DiskError("no"), Cause.DISK),
        (Refusal(Cause.UNTRUSTED, "no"), Cause.UNTRUSTED),
    ],
)
def test_refusal_by_a_plugin_has_a_next_step(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch, error: Exception, cause: Cause
) -> None:
    install(monkeypatch, offering=Offering(error))
    result = cli("verify", "dist", "--against", "vault:demo")
    assert result.code == cause.exit_code
    (line,) = result.err.splitlines()
    assert line.endswith(f"no; {NEXT_STEP[cause]}")
