"""``--driver-option``, providers and regions: what is passed to libcloud's drivers."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import Cli
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.stores.driver import Account, known_options


def account(provider: str, *options: str, region: str | None = None) -> Account:
    """Return an account of a provider."""
    return Account(provider, "user", "s3cret", region, options)


def test_driver_option_types_depend_on_key() -> None:
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
def test_driver_option_with_wrong_type_is_refused(text: str, wanted: str) -> None:
    key = text.partition("=")[0]
    with pytest.raises(UsageError, match=f"--driver-option {key}: must be {wanted}"):
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
def test_unknown_driver_option_lists_known_ones(provider: str, key: str, known: str) -> None:
    with pytest.raises(UsageError) as refusal:
        account(provider, f"{key}=x").make_driver()
    assert f"--driver-option {key}: unknown key; provider {provider} accepts " in str(refusal.value)
    accepted, _, _ = str(refusal.value).partition("; did you mean ")
    assert known in accepted.split("accepts ")[1].split(", ")


def test_driver_without_kwargs_takes_named_options_only() -> None:
    assert known_options(account("MINIO").driver_class()) == {"host", "port", "secure"}
    accepted = "host, object_header, page_header, port, secure"
    refusal = f"timeout: unknown key; provider MINIO accepts {accepted}$"
    with pytest.raises(UsageError, match=refusal):
        account("MINIO", "host=127.0.0.1", "timeout=5").make_driver()
    with pytest.raises(UsageError, match=r"^--region: not supported by provider MINIO$"):
        account("MINIO", "host=127.0.0.1", region="us-east-1").make_driver()


@pytest.mark.parametrize("provider", ["S3", "MINIO", "OPENSTACK_SWIFT", "AZURE_BLOBS"])
def test_secret_is_not_a_driver_option_and_is_not_shown(provider: str) -> None:
    made = account(provider, "proxy_url=http://u:hunter2@proxy/")
    assert not {"key", "secret", "region"} & known_options(made.driver_class())
    assert "s3cret" not in repr(made)
    assert "hunter2" not in repr(made)


@pytest.mark.parametrize("name", ["SWIFT", "s3", "make_driver", "__doc__"])
def test_unknown_provider_lists_known_ones(cli: Cli, dist: pathlib.Path, name: str) -> None:
    login = ("--username", "u", "--secret", "s", "wheels")
    refused = cli("upload", "--hashfile", "--provider-name", name, *login)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert f"--provider-name {name!r}: must be one of " in refused.err
    listed, _, _ = refused.err.strip().partition("; did you mean ")
    names = listed.split(": must be one of ")[1].split(", ")
    assert {"AZURE_BLOBS", "LOCAL", "MINIO", "OPENSTACK_SWIFT", "S3", "S3_RGW"} <= set(names)
    for each in names:
        account(each).driver_class()


def test_hint_names_the_server_that_swift_needs() -> None:
    hint = "; name the server with --driver-option ex_force_auth_url=URL"
    assert account("OPENSTACK_SWIFT").default_hint == hint
    assert account("OPENSTACK_SWIFT", "ex_force_auth_url=https://h:5000").default_hint == ""
    assert account("S3").default_hint == ""


def test_region_is_passed_only_if_given() -> None:
    assert account("S3").make_driver().region == "us-east-1"
    assert account("S3", region="eu-west-1").make_driver().region == "eu-west-1"
    assert account("MINIO", "host=127.0.0.1").make_driver().connection.host == "127.0.0.1"
    with pytest.raises(UsageError, match="provider S3: "):
        account("S3", region="ord").make_driver()


def test_account_masks_short_secrets_but_no_numbers() -> None:
    account = Account("S3", "user", "pass", None, ("port=80", "token=a+b/"))
    assert account.masked("key pass, a%2Bb%2F, port 80") == "key ***, ***, port 80"


def test_account_masks_secrets_in_every_encoding() -> None:
    account = Account("S3", "me", "p@ss/w\n0rd", None, ("token=t0k en", "port=80"))
    text = "'p@ss/w\\n0rd' p@ss/w\n0rd p%40ss/w%0A0rd p%40ss%2Fw%0A0rd t0k en t0k%20en port 80"
    assert account.masked(text) == "'***' *** *** *** *** *** port 80"


def test_google_user_who_needs_a_browser_is_refused() -> None:
    options = ("project=demo",)
    client = Account("GOOGLE_STORAGE", "12345.apps.googleusercontent.com", "s", None, options)
    with pytest.raises(UsageError, match="interoperability key") as refusal:
        client.make_driver()
    assert "12345" not in str(refusal.value)
    key = Account("GOOGLE_STORAGE", "GOOG0123456789ABCXYZ", "s3cret", None, options)
    assert key.make_driver().name.startswith("Google")
