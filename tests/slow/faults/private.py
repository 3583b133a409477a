"""Faults of private containers, which are read through the API of their store (E.9)."""

from __future__ import annotations

from tests.slow.faults.catalogue import B, Case, fault, wheel
from tests.support.artifacts import A, hash_file, sha256
from tests.support.fake_store import CONTAINER, FakeStore, Fault, Place, fake_store
from tests.support.servers import Handler, respond, to
from wheelhouse_hashes.causes import Cause


def _private(case: Case, provider: str = "OPENSTACK_SWIFT") -> FakeStore:
    """Publish A and B in a private container, to be fetched from there."""
    store = case.stack.enter_context(fake_store(provider))
    for name in (A, B):
        _put(store, name, wheel(name))
        _put(store, f"{name}.sha256", hash_file(wheel(name), name))
        case.good[name] = wheel(name)
    case.url = f"container://{CONTAINER}"
    case.options = ["SECRET" if each == "secret-key" else each for each in store.options[:-1]]
    return store


def _put(store: FakeStore, name: str, content: bytes) -> None:
    digest = sha256(content)
    store.objects[name] = content, {"ETag": f'"{digest[:32]}"', "X-Object-Meta-Sha256": digest}


@fault("E.9", left=(A, B))
def token_expires_during_the_fetch(case: Case) -> None:
    """Each token of Swift is accepted for two requests."""
    store, uses = _private(case), dict[str, int]()

    def expiring(handler: Handler, _number: int) -> Fault | None:
        if handler.path.endswith("/v1.0"):
            token = f"SECRET{store.count('GET', 'v1.0')}"
            return lambda h: respond(h, 204, b"", X_Auth_Token=token)
        token = handler.headers["X-Auth-Token"]
        uses[token] = uses.get(token, 0) + 1
        return None if uses[token] <= 2 else lambda h: respond(h, 401, b"SECRET expired")

    store.choose = expiring


@fault("E.9", exit_code=5, says="the user or secret is not accepted")
def secret_is_wrong(case: Case) -> None:
    """Swift does not accept the secret."""
    store = _private(case)
    store.fail(Place("GET", "/v1.0"), lambda h: respond(h, 401, b"SECRET"), float("inf"))


@fault("E.9", causes=Cause.FORBIDDEN, left=(B,))
def object_that_the_user_may_not_read(case: Case) -> None:
    """The user may list a private container, but not read one wheel."""
    store = _private(case, "S3")
    store.fail(Place("GET", f"/{A}"), lambda h: respond(h, 403, b"SECRET"), float("inf"))


@fault("E.9", exit_code=5, says="does not exist")
def private_container_that_does_not_exist(case: Case) -> None:
    """No private container has this name."""
    store = _private(case)
    store.fail(Place("HEAD", f"/{CONTAINER}"), lambda h: respond(h, 404, b""), float("inf"))


@fault("E.9", causes=Cause.UNREACHABLE, left=(B,), says="(503)")
def store_that_fails_for_one_object(case: Case) -> None:
    """The store answers 503 for one wheel of a private container."""
    store = _private(case)
    store.fail(Place("GET", f"/{A}"), lambda h: respond(h, 503, b"busy"), float("inf"))


@fault("E.9", left=(A, B))
def store_that_fails_for_a_while(case: Case) -> None:
    """The store answers 503 for the listing and a wheel of a private container, twice."""
    store = _private(case)
    case.wait = "20"
    left = {f"/{CONTAINER}": 2, f"/{A}": 2}

    def failing(handler: Handler, _number: int) -> Fault | None:
        for place, times in left.items():
            if Place("GET", place).covers(handler) and times:
                left[place] -= 1
                return lambda h: respond(h, 503, b"busy")
        return None

    store.choose = failing


@fault("E.9", left=(A, B))
def private_body_is_cut(case: Case) -> None:
    """A wheel of a private container is cut in half; the rest of it is requested."""
    store = _private(case, "S3")
    case.wait = "20"

    def cut(handler: Handler) -> None:
        content, headers = store.objects[A]
        handler.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        handler.close_connection = True

    store.fail(Place("GET", f"/{A}"), cut)


@fault("E.9", causes=Cause.MISSING_ARTIFACT, left=(B,))
def private_artifact_is_gone(case: Case) -> None:
    """A private container has the hash file of a wheel, but not the wheel."""
    del _private(case).objects[A]


@fault("E.9", left=(A, B), says="from http://")
def private_object_is_redirected(case: Case) -> None:
    """The store redirects a wheel to another server, which gets neither secret nor token."""
    store = _private(case)

    def there(handler: Handler) -> None:
        known = "x-auth-token" in {name.lower() for name in handler.headers}
        respond(handler, 403 if known else 200, wheel())

    other = case.serve({f"/{A}": there})
    store.fail(Place("GET", f"/{A}"), to(other.url + A), float("inf"))


@fault("E.9", exit_code=2, says="no username: use --username")
def private_container_without_an_account(case: Case) -> None:
    """The address is a private container, and no user name is given."""
    _private(case)
    case.options = ["--secret", "SECRET"]
