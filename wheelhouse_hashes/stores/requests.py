"""The requests to a container: their limits, and the one policy of what is tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.runtime.retry import Again, repeat
from wheelhouse_hashes.runtime.throttle import OVERLOADED
from wheelhouse_hashes.stores.errors import FAILURES, explain, is_final, related_of, status_of
from wheelhouse_hashes.stores.limits import Exchange, Limits

if TYPE_CHECKING:
    from wheelhouse_hashes.runtime.waiting import WaitBudget

T = TypeVar("T")


def _is_overload(error: Exception) -> bool:
    """Return whether the store refused a request or reset a connection: it has too many."""
    if isinstance(error, OSError) and related_of(error, ConnectionError) is not None:
        return True
    return status_of(error) in OVERLOADED


class StoreRequests:
    """The requests to a container; safe to use from many threads.

    :param budget: the time that the run may spend waiting.
    :param limits: the time limits of each request.
    :param waiting: called once per request, before its first pause.
    """

    def __init__(
        self,
        budget: WaitBudget,
        limits: Limits | None = None,
        waiting: Callable[[Again], object] | None = None,
    ) -> None:
        self.budget = budget
        self._limits = limits or Limits()
        self._waiting = waiting
        self._local = threading.local()

    @property
    def exchange(self) -> Exchange:
        """The requests of this thread's driver."""
        exchange: Exchange | None = getattr(self._local, "exchange", None)
        if exchange is None:
            exchange = self._local.exchange = Exchange(self._limits)
        return exchange

    @exchange.setter
    def exchange(self, exchange: Exchange) -> None:
        self._local.exchange = exchange

    def forget_exchange(self) -> None:
        """Give this thread's next driver requests of its own."""
        vars(self._local).pop("exchange", None)

    def repeat(self, call: Callable[[], T], masked: Callable[[str], str]) -> T:
        """Make a request until it succeeds, another try cannot help, or the wait is over.

        :param call: makes the request.
        :param masked: masks the secrets in a text.
        :raises Exception: what the last try raised.
        :raises Interrupted: if the run is interrupted during a pause.
        """
        exchange, left = self.exchange, self._limits.total
        throttle = self.budget.throttle
        brakings = throttle.brakings

        def attempt() -> T:
            nonlocal left, brakings
            began = exchange.clock()
            brakings = throttle.brakings
            try:
                with exchange.within(left):
                    answer = call()
                throttle.answered()
                return answer
            finally:
                left -= exchange.clock() - began

        def decide(error: Exception) -> Again | None:
            if isinstance(error, FAILURES) and _is_overload(error):
                throttle.brake(brakings)
            if not isinstance(error, FAILURES) or is_final(error):
                return None
            return Again(Cause.UNREACHABLE, masked(explain(error)), exchange.retry_after)

        return repeat(attempt, self.budget, decide=decide, waiting=self._waiting)

    def once(self, put: Callable[[], T], arrived: Callable[[], T | None]) -> Callable[[], T]:
        """Return a function that puts an object, unless an earlier call did.

        A put whose answer was lost may have been carried out, so the next call first
        looks at the object.  It is then sent only once, and an object that must be
        new does not look like another job's.

        :param put: puts the object.
        :param arrived: returns the object if it has the right content, otherwise None.
        """
        unknown = False

        def put_once() -> T:
            nonlocal unknown
            if unknown and (found := arrived()) is not None:
                return found
            try:
                return put()
            except FAILURES:
                unknown |= self.exchange.outcome_unknown
                raise

        return put_once
