"""Dates in HTTP headers."""

from __future__ import annotations

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
