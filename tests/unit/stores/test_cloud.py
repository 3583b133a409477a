"""A store's capabilities depend on its driver."""

from __future__ import annotations

import pytest

from wheelhouse_hashes.stores.cloud import GOOGLE, S3, SWIFT, family_of
from wheelhouse_hashes.stores.driver import Account


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


def test_md5_header_of_each_store_family() -> None:
    empty = "d41d8cd98f00b204e9800998ecf8427e"
    assert SWIFT.md5(empty) == {"ETag": empty}
    assert S3.md5(empty) == {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
