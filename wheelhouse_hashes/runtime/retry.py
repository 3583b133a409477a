"""Repeat what failed: the only loop that tries again.

Index pages, hash files, artifacts, stores and plugins' requests all use it, so a
dropped connection or a 503 has the same effect wherever it happens.
:attr:`wheelhouse_hashes.errors.Refusal.transient` is the rule for what is repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from wheelhouse_hashes.errors import Refusal

if TYPE_CHECKING:
    from wheelhouse_hashes.causes import Cause
    from wheelhouse_hashes.runtime.waiting import WaitBudget

T = TypeVar("T")


class Again(NamedTuple):
    """Why and how to try again.

    :param cause: what went wrong.
    :param text: one sentence on it.
    :param after: the shortest pause before the next try, in seconds.
    :param at_once: whether the next try needs no pause.
    :param progressed: whether this try got further than the one before; the
        pauses then start at the shortest one again.
    """

    cause: Cause
    text: str
    after: float = 0.0
    at_once: bool = False
    progressed: bool = False


class TryAgain(Exception):
    """Asks :func:`repeat` for another try.

    :param again: why and how to try again.
    """

    def __init__(self, again: Again) -> None:
        super().__init__(again.text)
        self.again = again


def another_try(error: Exception) -> Again | None:
    """Return how to try again after an error, None if another try cannot help."""
    if isinstance(error, TryAgain):
        return error.again
    if isinstance(error, Refusal) and error.transient:
        return Again(error.cause, str(error), error.retry_after or 0.0)
    return None


def repeat(
    call: Callable[[], T],
    budget: WaitBudget,
    *,
    decide: Callable[[Exception], Again | None] = another_try,
    waiting: Callable[[Again], object] | None = None,
) -> T:
    """Call a function until it succeeds, another try cannot help, or the budget is spent.

    :param call: the function.
    :param budget: the time that the run may spend waiting.
    :param decide: returns how to try again after an exception, None to give up.
    :param waiting: called once, before the first pause, unless the budget is 0.
    :returns: what the function returned.
    :raises Exception: what the last call raised.
    :raises Interrupted: if the run is interrupted during a pause.
    """
    pauses = budget.pauses()
    announced = False
    while True:
        try:
            return call()
        except Exception as error:
            again = decide(error)
            if again is None:
                raise
            if again.progressed:
                pauses = budget.pauses()
            if again.at_once:
                continue
            if waiting is not None and not announced and budget.seconds:
                announced = True
                waiting(again)
            if not budget.pause(max(next(pauses), again.after)):
                raise
