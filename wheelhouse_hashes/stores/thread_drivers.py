"""One libcloud driver for each thread, because drivers are not safe to share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from wheelhouse_hashes.stores.limits import limit_requests

if TYPE_CHECKING:
    from libcloud.storage.base import StorageDriver

    from wheelhouse_hashes.stores.driver import Account
    from wheelhouse_hashes.stores.requests import StoreRequests


class ThreadDrivers:
    """The drivers of a store.

    :param account: the provider, credentials and driver options.
    :param requests: limits and repeats the requests.
    """

    def __init__(self, account: Account, requests: StoreRequests) -> None:
        self.account = account
        self._requests = requests
        self._local = threading.local()

    @property
    def driver(self) -> StorageDriver:
        """This thread's driver."""
        driver: StorageDriver | None = getattr(self._local, "driver", None)
        if driver is None:
            driver = self._make_driver()
            limit_requests(driver, self._requests.exchange)
            self._local.driver = driver
        return driver

    def hand_over(self) -> Callable[[], None] | None:
        """Return a function that gives this thread's driver, if any, to another thread."""
        driver, exchange = getattr(self._local, "driver", None), self._requests.exchange

        def adopt() -> None:
            self._local.driver, self._requests.exchange = driver, exchange

        return adopt if driver is not None else None

    def _make_driver(self) -> StorageDriver:
        return self.account.make_driver()

    def _connection(self) -> object:
        return getattr(getattr(self._local, "driver", None), "connection", None)
