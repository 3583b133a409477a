"""Run a function just before or after an object is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest


def around_puts(
    monkeypatch: pytest.MonkeyPatch,
    names: Collection[str],
    *,
    before: Callable[[], object] = lambda: None,
    after: Callable[[], object] = lambda: None,
) -> None:
    """Call a function before objects are sent and another one right after.

    :param names: the objects; only the first put of each one counts.
    """
    from libcloud.http import LibcloudConnection

    original: Any = LibcloudConnection.prepared_request
    left = set(names)

    def request(connection: object, method: str, url: str, *args: object, **kw: object) -> object:
        name = url.partition("?")[0].rpartition("/")[2]
        if method != "PUT" or name not in left:
            return original(connection, method, url, *args, **kw)
        left.remove(name)
        before()
        answer = original(connection, method, url, *args, **kw)
        after()
        return answer

    monkeypatch.setattr(LibcloudConnection, "prepared_request", request)
