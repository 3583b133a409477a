"""Requests from within a request: a callback of libcurl must not use the handle in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    import threading

P = ParamSpec("P")
T = TypeVar("T")

#: The attributes of a thread's state that belong to its handle.
_OF_HANDLE = ("handle", "small", "limit", "head")

#: The attribute that keeps those of the inner handle until the next request.
INNER = "inner"


def with_own_handle(callback: Callable[P, T], local: threading.local) -> Callable[P, T]:
    """Return a callback of a request, such that it may make requests of its own.

    They use a second handle of the thread, which is kept like the first one.

    :param callback: the callback.
    :param local: the thread's state of the client.
    """

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        state = vars(local)
        outer = _taken(state)
        state.update(state.pop(INNER, {}))
        try:
            return callback(*args, **kwargs)
        finally:
            state[INNER] = _taken(state)
            state.update(outer)

    return call


def _taken(state: dict[str, object]) -> dict[str, object]:
    return {name: state.pop(name) for name in _OF_HANDLE if name in state}
