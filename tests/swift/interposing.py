"""Something that happens just before or after an object is sent."""

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
    """Do something before objects are sent, and after, before anything else is asked.

    :param names: the objects; for the first put of each it is done.
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
