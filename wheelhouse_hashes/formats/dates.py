"""Dates and delays in HTTP headers."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime


def http_date(value: str | None) -> float | None:
    """Return the date in a header, in seconds since the epoch, None if it has none.

    :param value: the header's value (:rfc:`9110`, section 5.6.7), None if it
        was not sent.
    """
    try:
        return parsedate_to_datetime(value).timestamp() if value else None
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
