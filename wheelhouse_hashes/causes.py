"""Why an artifact was refused: the closed list of causes, and their exit codes."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Cause(enum.Enum):
    """Why an artifact was refused.  The value is the word that users see."""

    UNTRUSTED = "untrusted"  #: a log, a pin or a signature objects; for plugins
    CORRUPT = "corrupt"  #: two reads of it differed from each other
    MISMATCH = "mismatch"  #: the same wrong bytes twice
    CONFLICT = "conflict"  #: the sources disagree among themselves
    NOT_A_DISTRIBUTION = "not-a-distribution"  #: an HTML page, say
    UNSAFE_NAME = "unsafe-name"  #: its name must not become a file here
    PLUGIN = "plugin"  #: a plugin raised
    MISSING_HASH = "missing-hash"  #: no source claims a digest
    UNREADABLE_HASH = "unreadable-hash"  #: its hash file cannot be understood
    MISSING_ARTIFACT = "missing-artifact"  #: announced or listed, not served
    DISK = "disk"  #: a local file or folder failed
    TRUNCATED = "truncated"  #: the body ended early
    STALE = "stale"  #: the store is between two versions
    UNREACHABLE = "unreachable"  #: no answer, or a server error
    FORBIDDEN = "forbidden"  #: 401 or 403
    TOO_LARGE = "too-large"  #: over a size cap

    @property
    def exit_code(self) -> int:
        """The exit code of a run in which this was the gravest cause."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Cause.UNTRUSTED: 7,
    Cause.CORRUPT: 1,
    Cause.MISMATCH: 1,
    Cause.CONFLICT: 1,
    Cause.NOT_A_DISTRIBUTION: 1,
    Cause.UNSAFE_NAME: 1,
    Cause.PLUGIN: 1,
    Cause.MISSING_HASH: 3,
    Cause.UNREADABLE_HASH: 3,
    Cause.MISSING_ARTIFACT: 4,
    Cause.DISK: 6,
    Cause.TRUNCATED: 5,
    Cause.STALE: 5,
    Cause.UNREACHABLE: 5,
    Cause.FORBIDDEN: 5,
    Cause.TOO_LARGE: 5,
}

#: Causes that another try within the wait can heal.
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

#: The exit codes, gravest first: a run that was interrupted or could not be
#: checked at all, then the causes.
GRAVITY = (130, 2, 7, 1, 3, 4, 6, 5)


def gravest(exit_codes: Iterable[int]) -> int:
    """Return the gravest of some exit codes, 0 if there are none.

    :param exit_codes: exit codes of parts of a run; zeros are ignored.
    """
    return min((code for code in exit_codes if code), key=GRAVITY.index, default=0)


def gravest_cause(causes: Iterable[Cause]) -> Cause:
    """Return the cause that a set of objections to one file is reported under.

    :param causes: at least one cause.
    """
    order = list(Cause)
    return min(causes, key=lambda c: (GRAVITY.index(c.exit_code), order.index(c)))
