"""Dates and delays in HTTP headers."""

from __future__ import annotations

import functools
import time
from email.utils import parsedate_to_datetime


def http_date(value: str | None) -> float | None:
    """Return the date in a header, in seconds since the epoch, None if it has none.

    :param value: the header's value (:rfc:`9110`, section 5.6.7), None if it
        was not sent.
    """
    return _seconds(value) if value else None


# Each response of a run has a date, and they differ by a few seconds.
@functools.lru_cache
def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def retry_after(value: str | None) -> float | None:
    """Return the delay that ``Retry-After`` asks for, in seconds, None if it has none.

    :param value: the header's value (:rfc:`9110`, section 10.2.3), None if it was not
        sent.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    date = http_date(value)
    return max(0.0, date - time.time()) if date is not None else None
