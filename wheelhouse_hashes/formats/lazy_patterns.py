"""Regular expressions that are compiled when they are first used.

Compiling one takes about as long as fetching a small file takes, and most commands use few of
the formats.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Lazy:
    """Stands for a pattern."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._made_from = pattern, flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (the methods of a pattern)
        value = getattr(re.compile(*self._made_from), name)
        setattr(self, name, value)  # the next time, it is found without this method
        return value


def lazily(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that is compiled at its first use.

    It has the methods of a pattern, but cannot be passed to the functions of :mod:`re`.

    :param pattern: the regular expression.
    :param flags: the flags of :func:`re.compile`.
    """
    return cast("re.Pattern[str]", _Lazy(pattern, flags))
