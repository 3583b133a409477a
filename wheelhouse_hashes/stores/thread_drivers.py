"""One libcloud driver for each thread, because drivers are not safe to share."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from wheelhouse_hashes.stores.limits import limit_requests

if TYPE_CHECKING:
    from libcloud.storage.base import StorageDriver

    from wheelhouse_hashes.stores.driver import Account
    from wheelhouse_hashes.stores.limits import Exchange
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
        #: Drivers that no thread uses, each with its requests.
        self._idle: queue.SimpleQueue[tuple[StorageDriver, Exchange]] = queue.SimpleQueue()

    @property
    def driver(self) -> StorageDriver:
        """This thread's driver."""
        driver: StorageDriver | None = getattr(self._local, "driver", None)
        if driver is None:
            driver = self._make_driver()
            limit_requests(driver, self._requests.exchange)
            self._local.driver = driver
        return driver

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Use a driver that no other thread uses in the ``with`` block, and keep it for others.

        A new driver has to authenticate, and connects anew.
        """
        if self._has_driver:  # this thread has one for as long as it lives
            yield
            return
        with suppress(queue.Empty):
            self._local.driver, self._requests.exchange = self._idle.get_nowait()
        try:
            yield
        finally:
            if self._has_driver:
                self._idle.put((self._local.driver, self._requests.exchange))
                del self._local.driver
                self._requests.forget_exchange()

    @property
    def _has_driver(self) -> bool:
        return getattr(self._local, "driver", None) is not None

    def _make_driver(self) -> StorageDriver:
        return self.account.make_driver()

    def _connection(self) -> object:
        return getattr(getattr(self._local, "driver", None), "connection", None)
