"""Choose the store class for a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.stores.base import Store

if TYPE_CHECKING:
    from wheelhouse_hashes.stores.driver import Account
    from wheelhouse_hashes.stores.requests import StoreRequests


def open_store(account: Account, container: str, requests: StoreRequests) -> Store:
    """Return the store for a provider's container.

    :param account: the provider, credentials and driver options.
    :param container: the container's name.
    :param requests: limits and repeats the requests.
    """
    from wheelhouse_hashes.stores.cloud import CloudStore, family_of
    from wheelhouse_hashes.stores.local import LocalStore

    kind = Store
    if account.provider_name == "LOCAL":
        kind = LocalStore
    elif family_of(account.driver_class()) is not None:
        kind = CloudStore
    return kind(account, container, requests)
