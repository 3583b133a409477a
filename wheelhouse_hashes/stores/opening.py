"""Choose the store class for a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.stores.base import Store

if TYPE_CHECKING:
    from wheelhouse_hashes.runtime.waiting import WaitBudget
    from wheelhouse_hashes.stores.driver import Account


def open_store(account: Account, container: str, budget: WaitBudget) -> Store:
    """Return the store for a provider's container.

    :param account: the provider, credentials and driver options.
    :param container: the container's name.
    :param budget: the wait budget for retries.
    """
    from wheelhouse_hashes.stores.cloud import CloudStore
    from wheelhouse_hashes.stores.families import family_of
    from wheelhouse_hashes.stores.local import LocalStore

    kind = Store
    if account.provider_name == "LOCAL":
        kind = LocalStore
    elif family_of(account.driver_class()) is not None:
        kind = CloudStore
    return kind(account, container, budget)
