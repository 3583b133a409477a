"""The containers of one account that a run has opened."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.options import AccountOptions, StoreOptions
from wheelhouse_hashes.stores.container import ObjectContainer
from wheelhouse_hashes.stores.names import check_container_name
from wheelhouse_hashes.stores.opening import account_of, open_store

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.runtime.waiting import WaitBudget
    from wheelhouse_hashes.stores.driver import Account
    from wheelhouse_hashes.stores.requests import StoreRequests


class Containers:
    """Opens each container once, so that its connections are used again; thread-safe.

    :param verb: the name of the verb, for messages.
    :param options: its options.
    :param budget: the wait budget of the run; its event ends requests, too.
    :param requests: returns the limits and retries of requests to a container.
    """

    def __init__(
        self,
        verb: str,
        options: Options,
        budget: WaitBudget,
        requests: Callable[[str], StoreRequests],
    ) -> None:
        self._verb = verb
        self._options = options
        self._budget = budget
        self._requests = requests
        self._lock = threading.Lock()
        self._account: Account | None = None
        self._opened: dict[str, ObjectContainer] = {}
        #: Called with the secret of the account, before its first use.
        self.on_secret: Callable[[str], object] = str
        #: Called with the origin of each server that answers for the account.
        self.on_origin: Callable[[str], object] = str

    def get(self, container: str | None) -> ObjectContainer:
        """Return a container; no request is made.

        :param container: its name; None for that of the options.
        :raises UsageError: if the verb has no store options, or they are not valid.
        """
        options = self._options
        if not isinstance(options, AccountOptions):
            raise UsageError(f"the command {self._verb} has no options for a store")
        default = options.container_name if isinstance(options, StoreOptions) else ""
        name = default if container is None else container
        check_container_name(name)
        with self._lock:
            if self._account is None:
                self._account = account_of(options)
                self.on_secret(self._account.secret)
            found = self._opened.get(name)
            if found is None:
                store = open_store(self._account, name, self._requests(name))
                found = ObjectContainer(store, self._budget, self._budget.stop, self.on_origin)
                self._opened[name] = found
            return found
