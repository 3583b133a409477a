"""``--driver-option``, providers and regions: what reaches libcloud's drivers."""

from __future__ import annotations

import pathlib
from typing import Any, cast

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout, SSLError

from tests.conftest import LOCAL, Cli
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.stores.cloud import GOOGLE, S3, SWIFT, family_of
from wheelhouse_hashes.stores.driver import Account, known_options
from wheelhouse_hashes.stores.errors import explain, is_final, status_of


def account(provider: str, *options: str, region: str | None = None) -> Account:
    """Return an account of a provider."""
    return Account(provider, "user", "s3cret", region, options)


def test_options_are_read_by_their_keys_and_not_by_their_looks() -> None:
    driver = account(
        "S3",
        *("host=127.0.0.1", "port=9000", "secure=false", "timeout=2.5", "signature_version=4"),
    ).make_driver()
    connection = driver.connection
    assert (connection.host, connection.port, connection.secure) == ("127.0.0.1", 9000, False)
    assert connection.timeout == 2.5
    assert type(connection).__name__ == "S3SignatureV4Connection"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("secure=maybe", "true or false"), ("port=http", "a whole number"), ("timeout=s", "a number")],
)
def test_value_of_another_kind_is_refused(text: str, wanted: str) -> None:
    key = text.partition("=")[0]
    with pytest.raises(UsageError, match=f"--driver-option {key}: its value is not {wanted}"):
        account("S3", text).make_driver()


@pytest.mark.parametrize(
    ("provider", "key", "known"),
    [
        ("S3", "hosts", "host"),
        ("OPENSTACK_SWIFT", "ex_force_auth_uri", "ex_force_auth_url"),
        ("AZURE_BLOBS", "tenant", "tenant_id"),
        ("GOOGLE_STORAGE", "projects", "project"),
        ("LOCAL", "region", "timeout"),
    ],
)
def test_unknown_key_is_refused_with_the_known_ones(provider: str, key: str, known: str) -> None:
    with pytest.raises(UsageError) as refusal:
        account(provider, f"{key}=x").make_driver()
    assert f"--driver-option {key}: provider {provider} takes " in str(refusal.value)
    assert known in str(refusal.value).split("takes ")[1].split(", ")


def test_a_driver_without_kwargs_takes_what_it_names_only() -> None:
    assert known_options(account("MINIO").driver_class()) == {"host", "port", "secure"}
    with pytest.raises(UsageError, match=r"timeout: provider MINIO takes host, port, secure$"):
        account("MINIO", "host=127.0.0.1", "timeout=5").make_driver()
    with pytest.raises(UsageError, match=r"^--region: provider MINIO takes none$"):
        account("MINIO", "host=127.0.0.1", region="us-east-1").make_driver()


@pytest.mark.parametrize("provider", ["S3", "MINIO", "OPENSTACK_SWIFT", "AZURE_BLOBS"])
def test_the_secret_is_no_option_and_is_not_shown(provider: str) -> None:
    made = account(provider, "proxy_url=http://u:hunter2@proxy/")
    assert not {"key", "secret", "region"} & known_options(made.driver_class())
    assert "s3cret" not in repr(made)
    assert "hunter2" not in repr(made)


@pytest.mark.parametrize("name", ["SWIFT", "s3", "make_driver", "__doc__"])
def test_an_unknown_provider_is_refused_with_the_known_ones(
    cli: Cli, dist: pathlib.Path, name: str
) -> None:
    login = ("--username", "u", "--secret", "s", "wheels")
    refused = cli("upload", "--hashfile", "--provider-name", name, *login)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert f"--provider-name {name!r} is not one of " in refused.err
    names = refused.err.strip().split(" is not one of ")[1].split(", ")
    assert {"AZURE_BLOBS", "LOCAL", "MINIO", "OPENSTACK_SWIFT", "S3", "S3_RGW"} <= set(names)
    for each in names:
        account(each).driver_class()


def test_region_is_passed_only_if_the_user_gave_one() -> None:
    assert account("S3").make_driver().region == "us-east-1"
    assert account("S3", region="eu-west-1").make_driver().region == "eu-west-1"
    assert account("MINIO", "host=127.0.0.1").make_driver().connection.host == "127.0.0.1"
    with pytest.raises(UsageError, match="provider S3: "):
        account("S3", region="ord").make_driver()


def test_region_of_the_command_line_is_passed(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    # The host's own default is the region of one provider: S3 would refuse it.
    s3 = ("--provider-name", "S3", "--username", "u", "--secret", "s", "wheels")
    down = ("--driver-option", "host=127.0.0.1", "--driver-option", "port=9")
    given = cli("upload", "--hashfile", "--region", "ord", *down, *s3)
    assert (given.code, "region: ord" in given.err) == (2, True)


def test_local_takes_options_too(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    assert cli("upload", "--driver-option", "timeout=5", *LOCAL, "wheels").code == 0
    refused = cli("upload", "--driver-option", "timeuot=5", *LOCAL, "wheels")
    assert (refused.code, "provider LOCAL takes" in refused.err) == (2, True)
    malformed = cli("upload", "--driver-option", "timeout", *LOCAL, "wheels")
    assert malformed.code == 2


def test_twin_of_driver_options_makes_a_command_ours(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_DRIVER_OPTIONS", "timeuot=5")
    assert "--driver-option timeuot" in cli("upload", *LOCAL, "wheels").err


@pytest.mark.parametrize(
    ("provider", "family"),
    [
        ("OPENSTACK_SWIFT", SWIFT),
        ("CLOUDFILES", SWIFT),
        ("S3", S3),
        ("S3_US_EAST2", S3),
        ("S3_RGW", S3),
        ("MINIO", S3),
        ("DIGITALOCEAN_SPACES", S3),
        ("GOOGLE_STORAGE", GOOGLE),
        ("AZURE_BLOBS", None),
        ("LOCAL", None),
    ],
)
def test_what_a_store_can_do_goes_by_its_driver(provider: str, family: object) -> None:
    assert family_of(account(provider).driver_class()) is family


def test_md5_goes_ahead_of_a_body_as_each_kind_of_store_wants_it() -> None:
    empty = "d41d8cd98f00b204e9800998ecf8427e"
    assert SWIFT.md5(empty) == {"ETag": empty}
    assert S3.md5(empty) == {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}


def http_error(status: int) -> Exception:
    """Return what libcloud raises on Swift, without any text."""
    error: Exception = cast(Any, BaseHTTPError)(status, "")
    return error


@pytest.mark.parametrize(
    ("error", "said", "final"),
    [
        (InvalidCredsError("<Code>SignatureDoesNotMatch</Code>"), "check --secret", True),
        (InvalidCredsError("<Code>RequestTimeTooSkewed</Code>"), "the clock", True),
        (InvalidCredsError("no"), "check --username and --secret", True),
        (http_error(400), "check --provider-name, --region and --driver-option", True),
        (LibcloudError("status_code=400 <Code>BadDigest</Code>"), "are not those", False),
        (LibcloudError("status_code=400 <Code>RequestTimeout</Code>"), "too long", False),
        (LibcloudError("status_code=202"), "a newer object of that name", False),
        (http_error(403), "has no right", True),
        (http_error(503), "not available (503)", False),
        (LibcloudError("Unknown error. Status code: 503"), "not available (503)", False),
        (LibcloudError("status_code=404"), "no such container", True),
        (LibcloudError("status_code=422"), "are not those that were sent", False),
        (LibcloudError("Unexpected status code: 507"), "full", True),
        (NoConnection("Max retries exceeded"), "no connection to the store", False),
        (ReadTimeout("slow"), "did not answer in time", False),
        (SSLError("WRONG_VERSION_NUMBER"), "no connection to the store", False),
        (LibcloudError("something\nelse"), "something else", False),
        (OSError(28, "No space left on device"), "No space left on device", False),
    ],
    ids=repr,
)
def test_what_libcloud_raises_is_told_as_what_happened(
    error: Exception, said: str, final: bool
) -> None:
    assert said in explain(error)
    assert is_final(error) is final


def test_status_of_what_has_none_is_zero() -> None:
    assert status_of(LibcloudError("no idea")) == 0
