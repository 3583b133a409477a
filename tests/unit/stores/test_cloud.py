"""A store's capabilities depend on its driver."""

from __future__ import annotations

import threading

import pytest

from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.driver import Account
from wheelhouse_hashes.stores.families import GOOGLE, S3, SWIFT, family_of
from wheelhouse_hashes.stores.opening import open_store
from wheelhouse_hashes.stores.requests import StoreRequests


def account(provider: str, *options: str, region: str | None = None) -> Account:
    """Return an account of a provider."""
    return Account(provider, "user", "s3cret", region, options)


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
def test_store_family_depends_on_driver(provider: str, family: object) -> None:
    assert family_of(account(provider).driver_class()) is family


@pytest.mark.parametrize(
    ("provider", "encoded"),
    [
        ("S3", True),
        ("MINIO", True),
        ("S3_RGW", True),
        ("CLOUDFILES", False),
        ("AZURE_BLOBS", False),
    ],
)
def test_page_encodes_plus_signs_on_stores_with_s3_api(provider: str, encoded: bool) -> None:
    options = ("host=127.0.0.1",) if provider in ("MINIO", "S3_RGW", "S3") else ()
    made = Account(provider, "user", "s3cret+/", None, options)
    store = open_store(made, "wheels", StoreRequests(WaitBudget(1, threading.Event())))
    assert store.reads_plus_as_space is encoded


def test_md5_header_of_each_store_family() -> None:
    empty = "d41d8cd98f00b204e9800998ecf8427e"
    assert SWIFT.md5(empty) == {"ETag": empty}
    assert S3.md5(empty) == {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
