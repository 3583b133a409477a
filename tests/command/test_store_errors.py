"""Errors of stores: advice that fits, in one line, with the store's own code and sentence."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, B, make_wheel
from tests.support.failing_store import SECRET, Store, failing_store, xml
from tests.support.marks import USES_LIBCLOUD
from tests.support.params import quick

pytestmark = USES_LIBCLOUD


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, dist: pathlib.Path) -> Iterator[Store]:
    """A store in which an empty container can be looked up and listed."""
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_WAIT", "0")
    make_wheel(dist, A)
    with failing_store() as made:
        yield made


def failed(result: Result) -> str:
    """Return the text of the only artifact, which could not be sent."""
    assert (result.code, result.err) == (5, ""), result
    return result.line("failed")


PROVIDERS = (
    *("OPENSTACK_SWIFT", "KEYSTONE", "S3", "S3_RGW", "MINIO", "AZURE_BLOBS", "ALIYUN_OSS"),
    "CLOUDFILES",
)
CODES = {
    "ExpiredToken": (400, "the session token has expired: get a new one"),
    "InvalidToken": (400, "the session token is not valid: get a new one"),
    "EntityTooLarge": (400, "too large for one request"),
    "KMS.DisabledException": (400, "cannot use the encryption key"),
    "AccessControlListNotSupported": (400, "the container allows no ACL"),
    "InvalidRequest": (400, "the store rejected the request (400)"),
    "AccessDenied": (403, "check the user's permissions on the container"),
    "WeirdCode": (403, "permission denied"),
    "OperationAborted": (409, "try again"),
    "MissingContentLength": (411, "does not accept the request (411)"),
    "Teapot": (418, "the store rejected the request (418)"),
    "InternalError": (500, "the store failed (500): try again later"),
    "NotImplemented": (501, "does not support the request (501)"),
    "SlowDown": (503, "not available (503): try again later"),
    "InsufficientStorage": (507, "the store is full"),
}


@pytest.mark.parametrize("code", CODES)
def test_s3_error_has_advice_and_words_of_store(cli: Cli, store: Store, code: str) -> None:
    store.status, advice = CODES[code]
    store.body = xml(code, f"The store&apos;s sentence about {code}.")
    text = failed(cli("upload", "--hashfile", "--no-update-index", *store.options(), "wheels"))
    assert f"cannot send {A}.sha256: " in text
    assert advice in text
    words = f"(store: {store.status} {code}: The store's sentence about {code})"
    assert text.rstrip().endswith(words)


@pytest.mark.parametrize(
    ("status", "body", "advice", "words"),
    [
        (413, "Upload exceeds quota.", "or the quota is used up", "413: Upload exceeds quota"),
        (
            413,
            (
                "<html><h1>Request Entity Too Large</h1><p>The body of your request was too "
                "large for this server.</p></html>"
            ),
            "too large for the store",
            "413: The body of your request was too large for this server",
        ),
        (
            403,
            '{"error": {"code": 403, "message": "You are not\\nauthorized.", "title": "No"}}',
            "permission denied",
            "403: You are not authorized",
        ),
        (400, '{"code": "bad_request", "message": "no"}', "(400)", "400 bad_request: no"),
        (507, "", "the store is full", ""),
        (405, "{" * 5000, "(405): check --provider-name and --driver-option", ""),
    ],
    ids=["quota", "html", "keystone", "json", "empty", "cut json"],
)
def test_swift_error_has_advice_and_words_of_store(
    cli: Cli, store: Store, status: int, body: str, advice: str, words: str
) -> None:
    store.status, store.body, store.kind = status, body, "text/html"
    options = store.options("OPENSTACK_SWIFT")
    text = failed(cli("upload", "--hashfile", "--no-update-index", *options, "wheels"))
    assert advice in text
    assert text.rstrip().endswith(f"(store: {words})" if words else advice)


@pytest.mark.parametrize(
    ("code", "status", "advice"),
    [
        ("InsufficientAccountPermissions", 403, "permission denied"),
        ("RequestBodyTooLarge", 413, "too large for one request"),
        ("BlobImmutableDueToPolicy", 409, ""),
        ("ServerBusy", 503, "not available (503): try again later"),
    ],
)
def test_azure_error_has_advice_and_words_of_store(
    cli: Cli, store: Store, code: str, status: int, advice: str
) -> None:
    store.status, store.body = status, xml(code, f"The sentence about {code}.")
    options = store.options("AZURE_BLOBS")
    text = failed(cli("upload", "--hashfile", "--no-update-index", *options, "wheels"))
    assert advice in text
    assert text.rstrip().endswith(f"(store: {status} {code}: The sentence about {code})")


@pytest.mark.parametrize("failing", [("HEAD",), ("HEAD", "GET"), ("GET",)])
def test_code_is_found_when_only_get_answers_have_a_body(
    cli: Cli, store: Store, failing: tuple[str, ...]
) -> None:
    """Amazon answers HEAD requests with a 400 without a body when a session token expired."""
    store.failing = failing
    store.body = xml("ExpiredToken", "The provided token has expired.")
    result = cli("upload", "--hashfile", "--no-update-index", *store.options(), "wheels")
    text = result.out + result.err
    if failing == ("HEAD",):
        # The container can be listed, and the puts succeed; the look at the artifact fails.
        assert "(400)" in result.line("failed")
    else:
        assert "the session token has expired" in text
        assert "(store: 400 ExpiredToken: The provided token has expired)" in text
    assert result.code == 5


@pytest.mark.parametrize(
    "provider", [name for name in PROVIDERS if name not in ("CLOUDFILES", "ALIYUN_OSS")]
)
@pytest.mark.parametrize(
    "body",
    quick(
        ["", "[", "<a>", "<html>Sign in</html>", "<a/>", "{{}}", "[{{}}]"],
        "<html>Sign in</html>",
        "[{{}}]",
    ),
)
def test_answer_of_another_kind_of_server_is_one_line(
    cli: Cli, store: Store, provider: str, body: str
) -> None:
    store.status, store.body, store.failing = 200, body, ("GET", "POST")
    store.kind = "application/json" if "{" in body else "text/html"
    result = cli("index", *store.options(provider), "wheels")
    assert (result.code, result.err.count("\n")) == (5, 1), result
    assert "cannot be read: check --provider-name and the store's address" in result.err


@pytest.mark.parametrize("provider", ["S3", "MINIO", "OPENSTACK_SWIFT"])
@pytest.mark.parametrize("code", ["AccessDenied", ""])
def test_user_who_may_only_write_uploads_without_looking(
    cli: Cli, store: Store, provider: str, code: str
) -> None:
    store.failing, store.status = ("GET", "HEAD"), 403
    store.body = xml(code, "Access Denied") if code else ""
    options = store.options(provider)
    if provider == "OPENSTACK_SWIFT":
        # The token comes from the answer to a GET request.
        options = (*options, "--driver-option", "ex_force_auth_token=abc-token")
    command = ("upload", "--hashfile", "--no-replace", *options, "wheels")
    result = cli(*command, "--no-update-index")
    assert (result.code, result.err, "sent 1" in result.out) == (0, "", True), result
    assert "the container cannot be listed (permission denied)" in result.line("note")
    assert store.sent == [f"{A}.sha256", A]
    indexed = cli(*command)
    assert (indexed.code, "sent 1" in indexed.out) == (5, True)
    assert "cannot update index.html: the container cannot be listed" in indexed.out
    assert "index.html" not in store.sent


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken"])
def test_wrong_credentials_send_nothing(cli: Cli, store: Store, code: str) -> None:
    store.failing, store.status, store.body = ("GET", "HEAD"), 403, xml(code, "no")
    result = cli("upload", "--hashfile", *store.options(), "wheels")
    assert (result.code, result.err.count("\n"), store.sent) == (5, 1, [])


@pytest.mark.parametrize("provider", ["S3", "OPENSTACK_SWIFT"])
def test_file_over_limit_of_one_request_is_one_line(
    cli: Cli, store: Store, dist: pathlib.Path, provider: str
) -> None:
    """The limit of both is 5 GB.  The file has a hole, so it needs no space."""
    store.failing = ()
    wheel = (dist / A).read_bytes()
    with (dist / B).open("wb") as large:
        large.write(wheel)
        large.truncate(5 * 1024**3)
        large.seek(0, 2)
        large.write(wheel)
    result = cli("upload", "--hashfile", "--no-update-index", *store.options(provider), "wheels")
    (failed,) = (line for line in result.out.splitlines() if f"failed     {B}" in line)
    assert (result.code, result.err) == (5, "")
    size = (dist / B).stat().st_size
    assert f"{B} has {size} bytes, and the store accepts at most 536870912" in failed
    assert "send it in parts with the store's own client" in failed
    assert not any(B in name for name in store.sent)
    assert A in store.sent


def test_keystone_error_is_explained(cli: Cli, store: Store) -> None:
    store.failing, store.status = ("POST",), 500
    store.body = json.dumps({"error": {"code": 500, "message": "An unexpected error."}})
    result = cli("upload", "--hashfile", *store.options("KEYSTONE"), "wheels")
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert "the store failed (500)" in result.err
    assert "(store: 500: An unexpected error)" in result.err


ECHO = xml("Echo", "{}")
TOKEN = "FwoGhunter2'\"<&/TOKEN"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", quick([400, 401, 403, 500], 403))
@pytest.mark.parametrize("body", quick([ECHO, '{{"message": "{}"}}', "<p>{}</p>"], ECHO))
def test_secret_that_a_store_repeats_is_not_printed(
    cli: Cli, store: Store, provider: str, status: int, body: str
) -> None:
    store.status, store.body, store.echo = status, body, True
    token = (f"token={TOKEN}",) if provider == "S3" else ()
    if provider == "CLOUDFILES":
        token = (f"ex_force_auth_url={store.url}",)
        options = [*store.options("OPENSTACK_SWIFT"), "--region", "ord"]
        options[1] = provider
    else:
        options = list(store.options(provider, *token))
    all_failing = ("PUT", "GET", "HEAD", "POST", "DELETE")
    for failing in (all_failing, ("PUT",)):
        store.failing = failing
        result = cli("upload", "--hashfile", *options, "wheels")
        text = result.out + result.err
        assert result.code == 5, result
        assert "Traceback" not in text
        for secret in ("hunter2", "SECRET", "gAAAA"):
            assert secret not in text
        assert max(map(len, text.split("\n"))) < 700


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "secret",
    quick(["hunter2-SECRÄT€", "hunter2\nSECRET", "hunter2-SECRET\r\n"], "hunter2\nSECRET"),
)
def test_unusual_secret_is_one_line_with_every_provider(
    cli: Cli, store: Store, monkeypatch: pytest.MonkeyPatch, provider: str, secret: str
) -> None:
    store.status, store.body, store.echo = 403, xml("Echo", "{}"), True
    store.failing = ("PUT", "GET", "HEAD", "POST", "DELETE")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SECRET", secret)
    options = list(store.options("OPENSTACK_SWIFT" if provider == "CLOUDFILES" else provider))
    options[1] = "OPENSTACK_SWIFT" if provider == "KEYSTONE" else provider
    del options[4:6]
    for verb in (("upload", "--hashfile"), ("index",)):
        result = cli(*verb, *options, "wheels")
        assert (result.code in (2, 5), result.err.count("\n")) == (True, 1), result
        text = result.out + result.err
        assert "hunter2" not in text
        assert "SECR" not in text


@pytest.mark.parametrize("verb", [("upload", "--hashfile"), ("index",)])
def test_error_of_default_provider_names_the_option(cli: Cli, store: Store, verb: str) -> None:
    store.status, store.failing = 403, ("PUT", "GET", "HEAD", "POST", "DELETE")
    login = ("--username", "someone", "--secret", SECRET)
    option = ("--driver-option", f"ex_force_auth_url={store.url}")
    result = cli(*verb, *login, *option, "wheels")
    assert (result.code, result.err.count("\n")) == (5, 1)
    hint = "CLOUDFILES is the default provider: choose another one with --provider-name"
    assert hint in result.err
    usage = cli(*verb, *login, "--driver-option", "ex_force_auth_url=ftp://x", "wheels")
    assert hint in usage.err
    other = cli(*verb, *store.options(), "wheels")
    assert "default provider" not in other.err
