"""The closed list of causes for refusing an artifact, and their exit codes."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Cause(enum.Enum):
    """Why an artifact was refused.  The value is the word shown to users."""

    UNTRUSTED = "untrusted"  #: rejected by a log, a pin or a signature; set by plugins
    REPLACED = "replaced"  #: the container confirms bytes that a source outside it contradicts
    CORRUPT = "corrupt"  #: two reads returned different bytes
    MISMATCH = "mismatch"  #: two reads returned the same wrong bytes
    CONFLICT = "conflict"  #: the digests found contradict each other
    NOT_A_DISTRIBUTION = "not-a-distribution"  #: not a wheel, sdist or installer: an HTML page
    UNSAFE_NAME = "unsafe-name"  #: the name is not safe as a local file name
    PLUGIN = "plugin"  #: a plugin raised an exception
    MISSING_HASH = "missing-hash"  #: no source claims a digest
    UNREADABLE_HASH = "unreadable-hash"  #: the hash file cannot be parsed
    WEAK = "weak"  #: no claim of a tier that ``--require`` names
    MISSING_ARTIFACT = "missing-artifact"  #: announced or listed, but not served
    DISK = "disk"  #: a local file or folder cannot be read or written
    TRUNCATED = "truncated"  #: the download ended early
    STALE = "stale"  #: the store serves a mix of two versions
    UNREACHABLE = "unreachable"  #: no response, or a server error
    FORBIDDEN = "forbidden"  #: HTTP status 401 or 403
    TOO_LARGE = "too-large"  #: over a size limit

    @property
    def exit_code(self) -> int:
        """The exit code of a run whose most serious cause this is."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Cause.UNTRUSTED: 7,
    Cause.REPLACED: 7,
    Cause.CORRUPT: 1,
    Cause.MISMATCH: 1,
    Cause.CONFLICT: 1,
    Cause.NOT_A_DISTRIBUTION: 1,
    Cause.UNSAFE_NAME: 1,
    Cause.PLUGIN: 1,
    Cause.MISSING_HASH: 3,
    Cause.UNREADABLE_HASH: 3,
    Cause.WEAK: 3,
    Cause.MISSING_ARTIFACT: 4,
    Cause.DISK: 6,
    Cause.TRUNCATED: 5,
    Cause.STALE: 5,
    Cause.UNREACHABLE: 5,
    Cause.FORBIDDEN: 5,
    Cause.TOO_LARGE: 5,
}

#: Causes that a retry within ``--wait`` may resolve.
HEALABLE = frozenset(
    {
        Cause.MISMATCH,
        Cause.CORRUPT,
        Cause.CONFLICT,
        Cause.STALE,
        Cause.TRUNCATED,
        Cause.UNREACHABLE,
        Cause.MISSING_ARTIFACT,
        Cause.MISSING_HASH,
        Cause.UNREADABLE_HASH,
        Cause.NOT_A_DISTRIBUTION,
    }
)

#: Exit codes by precedence, highest first: interrupted (130), usage (2), then those
#: of the causes.
GRAVITY = (130, 2, 7, 1, 3, 4, 6, 5)


def gravest(exit_codes: Iterable[int]) -> int:
    """Return the exit code with the highest precedence, 0 if there is none.

    :param exit_codes: exit codes of the parts of a run; zeros are ignored.
    """
    return min((code for code in exit_codes if code), key=GRAVITY.index, default=0)


def gravest_cause(causes: Iterable[Cause]) -> Cause:
    """Return the cause to report if there are several objections to one file.

    :param causes: at least one cause.
    """
    order = list(Cause)
    return min(causes, key=lambda c: (GRAVITY.index(c.exit_code), order.index(c)))
