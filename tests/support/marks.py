"""Marks for tests that use Libcloud."""

from __future__ import annotations

import pytest

#: For tests that use Libcloud in this process: it leaves connections to the garbage collector,
#: and signs with a function that is deprecated in Python 3.12 and later.
USES_LIBCLOUD = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:datetime.datetime.utcnow:DeprecationWarning",
)
