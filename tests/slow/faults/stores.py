"""Errors of stores during an upload."""

from __future__ import annotations

from tests.slow.faults.catalogue import Case, fault
from tests.support.artifacts import A, make_wheel
from tests.support.failing_store import SECRET, Store, failing_store, xml


def _upload(case: Case) -> Store:
    """Upload A into a store; return the store, whose answers may be changed."""
    store = case.stack.enter_context(failing_store())
    (case.folder / "dist").mkdir()
    make_wheel(case.folder / "dist", A)
    given = ("--hashfile", "--no-update-index", *store.options())
    case.command = ["upload", *given, "wheels"]
    return store


@fault("E.5.6", exit_code=5, says="the session token has expired: get a new one")
def session_token_of_s3_expired(case: Case) -> None:
    """The temporary key for an upload has expired."""
    store = _upload(case)
    store.failing, store.body = ("GET", "HEAD", "PUT"), xml("ExpiredToken", "The token expired.")


@fault("E.5.6", exit_code=5, says="(store: 403 Denied")
def store_repeats_the_secret(case: Case) -> None:
    """The store's error contains the secret, which is masked."""
    store = _upload(case)
    store.failing = ("GET", "PUT")
    store.status, store.body = 403, xml("Denied", f"Key {SECRET} is not known.")


@fault("E.5.6", exit_code=5, says="the answer of the store cannot be read")
def another_kind_of_server(case: Case) -> None:
    """The address is that of a web page, not of a store."""
    store = _upload(case)
    store.failing, store.status, store.body = ("GET",), 200, "<html>Sign in</html>"
