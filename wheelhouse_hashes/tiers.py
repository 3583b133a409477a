"""Tiers: how far digests can be trusted.  Use them from :mod:`wheelhouse_hashes.artifacts`."""

from __future__ import annotations

import enum


class Tier(enum.IntEnum):
    """How far a claim can be trusted.  A higher number is stronger."""

    CONTAINER = 1  #: published with the artifact: detects accidental corruption, not tampering
    ELSEWHERE = 2  #: published at another origin, which the user named
    ATTESTED = 3  #: signed by an identity that the user named
    LOGGED = 4  #: in a tamper-evident log
    PINNED = 5  #: held by the user

    def __str__(self) -> str:
        return self.name.lower()
