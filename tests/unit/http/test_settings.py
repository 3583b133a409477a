"""Every request has limits."""

from __future__ import annotations

from wheelhouse_hashes.http import settings as http_settings
from wheelhouse_hashes.http.settings import TransportSettings


def test_limits_are_never_unlimited() -> None:
    """libcurl takes 0 as no limit and refuses more than 31 bits."""
    assert http_settings.milliseconds(1e-9) == 1
    assert http_settings.milliseconds(1e300) == 2**31 - 1
    assert TransportSettings(10**9).limit(small=True) == http_settings.SMALL_TIMEOUT
    assert TransportSettings(1).limit(small=True) == TransportSettings(1).limit(small=False) == 1
