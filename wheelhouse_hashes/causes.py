"""Causes for refusing an artifact: a closed built-in list, and those that plugins register."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Cause(enum.Enum):
    """Why an artifact or a run was refused.  The value is the word shown to users.

    The members are the built-in causes.  :func:`register` returns further ones, which
    are used in the same way but are not listed: ``list(Cause)`` has the members only.
    """

    UNTRUSTED = "untrusted"  #: rejected by a log, a pin or a signature; set by plugins
    REPLACED = "replaced"  #: the container confirms bytes that a source outside it contradicts
    NOT_THE_PAGE = "not-the-page"  #: a page does not have the hash that its address gives
    FORKED = "forked"  #: the log contradicts its key, its own tiles or an earlier checkpoint
    LOGGED_TWICE = "logged-twice"  #: the log has two digests for one name
    CORRUPT = "corrupt"  #: two reads returned different bytes
    MISMATCH = "mismatch"  #: two reads returned the same wrong bytes
    CONFLICT = "conflict"  #: the digests found contradict each other
    LISTED_WRONG = "listed-wrong"  #: a package index lists another size or path
    NOT_A_DISTRIBUTION = "not-a-distribution"  #: not a wheel, sdist or installer: an HTML page
    UNSOUND = "unsound"  #: the contents do not match the name
    UNSAFE_NAME = "unsafe-name"  #: the name is not safe as a local file name
    PLUGIN = "plugin"  #: a plugin raised an exception
    MISSING_HASH = "missing-hash"  #: no source claims a digest
    UNREADABLE_HASH = "unreadable-hash"  #: the hash file cannot be parsed
    UNREADABLE = "unreadable"  #: a page, or an entry of one, is in a form that cannot be read
    NOT_LOGGED = "not-logged"  #: the log has no entry for it
    NOT_LISTED = "not-listed"  #: there, but none of the sources of ``--against`` has its digest
    NOT_ATTESTED = "not-attested"  #: no attestation by a signer of ``--attested-by``
    WEAK = "weak"  #: no claim of a tier that ``--require`` names
    MISSING_ARTIFACT = "missing-artifact"  #: announced or listed, but not served
    NOT_SERVED = "not-served"  #: built, but a package index lacks it
    NOT_BUILT = "not-built"  #: a package index has it, but nobody built it
    INVALID_NAME = "invalid-name"  #: a wheel of the project, but its name is not a wheel name
    YANKED = "yanked"  #: withdrawn by its maintainers (:pep:`592`), with ``--fail-on-yanked``
    LISTING_CUT = "listing-cut"  #: the server has more than its listing shows
    UNEXPECTED = "unexpected"  #: twine would send it, but nothing judged it
    DISK = "disk"  #: a local file or folder cannot be read or written
    TRUNCATED = "truncated"  #: the download ended early
    STALE = "stale"  #: the store serves a mix of two versions
    UNREACHABLE = "unreachable"  #: no response, or a server error
    FORBIDDEN = "forbidden"  #: HTTP status 401 or 403
    TOO_LARGE = "too-large"  #: over a size limit

    @property
    def exit_code(self) -> int:
        """The exit code of a run whose most serious cause this is."""
        added = _registered.get(self.value)
        return added.exit_code if added else _EXIT_CODES[self]

    @property
    def next_step(self) -> str:
        """The advice to print with this cause, unless a finding brings its own."""
        added = _registered.get(self.value)
        return added.next_step if added else NEXT_STEP[self]

    @property
    def may_heal(self) -> bool:
        """Whether a retry within ``--wait`` may resolve it."""
        added = _registered.get(self.value)
        return added.may_heal if added else self in HEALABLE

    @classmethod
    def _missing_(cls, value: object) -> Cause | None:
        """Look up a registered cause, so that ``Cause("word")`` finds it as well."""
        added = _registered.get(value) if isinstance(value, str) else None
        return added.cause if added else None


class _Registered(NamedTuple):
    """A registered cause and its properties."""

    cause: Cause
    exit_code: int
    next_step: str
    may_heal: bool


#: The registered causes, by word.
_registered: dict[str, _Registered] = {}

_WORD = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)


_EXIT_CODES = {
    Cause.UNTRUSTED: 7,
    Cause.REPLACED: 7,
    Cause.NOT_THE_PAGE: 7,
    Cause.FORKED: 7,
    Cause.LOGGED_TWICE: 7,
    Cause.CORRUPT: 1,
    Cause.MISMATCH: 1,
    Cause.CONFLICT: 1,
    Cause.LISTED_WRONG: 1,
    Cause.NOT_A_DISTRIBUTION: 1,
    Cause.UNSOUND: 1,
    Cause.UNSAFE_NAME: 1,
    Cause.PLUGIN: 1,
    Cause.MISSING_HASH: 3,
    Cause.UNREADABLE_HASH: 3,
    Cause.UNREADABLE: 3,
    Cause.NOT_LOGGED: 3,
    Cause.NOT_LISTED: 3,
    Cause.NOT_ATTESTED: 3,
    Cause.WEAK: 3,
    Cause.MISSING_ARTIFACT: 4,
    Cause.NOT_SERVED: 4,
    Cause.NOT_BUILT: 4,
    Cause.INVALID_NAME: 4,
    Cause.YANKED: 4,
    Cause.LISTING_CUT: 4,
    Cause.UNEXPECTED: 4,
    Cause.DISK: 6,
    Cause.TRUNCATED: 5,
    Cause.STALE: 5,
    Cause.UNREACHABLE: 5,
    Cause.FORBIDDEN: 5,
    Cause.TOO_LARGE: 5,
}

#: The advice printed for each built-in cause.
NEXT_STEP: Mapping[Cause, str] = {
    Cause.UNTRUSTED: "do not publish it; report it to the maintainer of the transparency "
    "log, pinned digests or signing key",
    Cause.REPLACED: "do not publish it, unless you know of a rebuild; then make the list or page "
    "again from the log of the job that built it, not from the container",
    Cause.NOT_THE_PAGE: "do not use it; compare the address with the one that the project "
    "published; if it is the same, report the page to the project",
    Cause.FORKED: "do not publish anything; compare the log's checkpoint with those that others "
    "have, and report it to the maintainer of the log",
    Cause.LOGGED_TWICE: "do not publish it; ask the maintainer of the log which digest is right, "
    "and publish a new version",
    Cause.CORRUPT: "check the network and any proxy, then fetch it again",
    Cause.MISMATCH: "do not publish it; compare its digest with the CI job's log, then upload "
    "the correct file again",
    Cause.CONFLICT: "compare the digests with the CI job's log; if the container has the wrong "
    "one, upload it again with --hashfile or run the index command, then fetch it again",
    Cause.LISTED_WRONG: "compare the file that the package index serves with --download; report it "
    "to the operators of the index",
    Cause.NOT_A_DISTRIBUTION: "open the URL in a browser and look for an error or login page",
    Cause.UNSOUND: "build it again; do not rename built files",
    Cause.UNSAFE_NAME: "rename the object in the container",
    Cause.PLUGIN: "fix the plugin or disable it with WHEELHOUSE_HASHES_DISABLED_PLUGINS",
    Cause.MISSING_HASH: "upload it with --hashfile, or fetch it with --missing-hash accept",
    Cause.UNREADABLE_HASH: "upload it again with --hashfile, or correct the digest list",
    Cause.UNREADABLE: "correct the page, or give a URL with an index page or directory listing",
    Cause.NOT_LOGGED: "append it to the log with the command log append, then run this again",
    Cause.NOT_LISTED: "do not publish it unless you know of its build; then add its digest to "
    "the list that --against names",
    Cause.NOT_ATTESTED: "do not publish it unless you know of its build; let the workflow that "
    "builds it attest it, and publish the attestation beside it (upload --carry attestation)",
    Cause.WEAK: "add the artifact to a source of that tier, or remove --require",
    Cause.MISSING_ARTIFACT: "upload it again if it is not in the container, then fetch it again",
    Cause.NOT_SERVED: "upload it to the package index, or verify it again later or with a longer "
    "--wait",
    Cause.NOT_BUILT: "find out who uploaded it; yank or delete it, or name it with --allow-extra",
    Cause.INVALID_NAME: "build it again under a valid name, and upload it instead of this one",
    Cause.YANKED: "use another version, or remove --fail-on-yanked",
    Cause.LISTING_CUT: "give a URL that lists all objects, such as an index page, or one that "
    "lists fewer, such as a folder",
    Cause.UNEXPECTED: "move it out of the folder before you upload, or name it with --allow",
    Cause.DISK: "free up disk space or check the folder's permissions, then run the command again",
    Cause.TRUNCATED: "fetch it again, with a longer --wait if the network is unreliable",
    Cause.STALE: "fetch it again later or with a longer --wait",
    Cause.UNREACHABLE: "check the URL and the network, then fetch it again",
    Cause.FORBIDDEN: "check the container's read permission and your credentials",
    Cause.TOO_LARGE: "check the URL: a valid response is never that large",
}

#: The advice of ``verify``, which does not fetch, where it differs.
_VERIFY_STEP: Mapping[Cause, str] = {
    Cause.CORRUPT: "check the disk, copy it to the folder again, then verify it again",
    Cause.CONFLICT: "compare the digests with the CI job's log; correct the source that has the "
    "wrong one, then verify it again",
    Cause.NOT_A_DISTRIBUTION: "look at the file, which may be an error page; copy it to the folder "
    "or build it again",
    Cause.MISSING_HASH: "make a digest list where it was built (hash FOLDER --sums SHA256SUMS) and "
    "give it with --against, or verify it without --against and with --missing-hash accept",
    Cause.MISSING_ARTIFACT: "copy it to the folder, or build it again, then verify it again",
    Cause.TRUNCATED: "copy it to the folder again, then verify it again",
    Cause.STALE: "verify it again later or with a longer --wait",
    Cause.UNREACHABLE: "check the URL and the network, then verify it again",
}


def next_step(cause: Cause, verb: str) -> str:
    """Return the advice for a cause, in the words of a command.

    :param cause: the cause.
    :param verb: the command's verb.
    """
    advice = _VERIFY_STEP.get(cause) if verb == "verify" else None
    return advice or cause.next_step


#: Built-in causes that a retry within ``--wait`` may resolve.
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
        Cause.NOT_LOGGED,
        Cause.UNREADABLE_HASH,
        Cause.NOT_A_DISTRIBUTION,
    }
)

#: Exit codes by precedence, highest first: interrupted (130), usage (2), then those
#: of the causes.
GRAVITY = (130, 2, 7, 1, 3, 4, 6, 5)

#: The exit codes that a cause may have.
_CODES = range(1, 8)


def gravest(exit_codes: Iterable[int]) -> int:
    """Return the exit code with the highest precedence, 0 if there is none.

    :param exit_codes: exit codes of the parts of a run; zeros are ignored.
    """
    return min((code for code in exit_codes if code), key=GRAVITY.index, default=0)


def gravest_cause(causes: Iterable[Cause]) -> Cause:
    """Return the cause to report if there are several objections to one file.

    :param causes: at least one cause.
    """
    # Registered causes come after the built-in ones with the same exit code.
    order = {cause: number for number, cause in enumerate(Cause)}
    return min(
        causes, key=lambda c: (GRAVITY.index(c.exit_code), order.get(c, len(order)), c.value)
    )


def register(word: str, exit_code: int, *, next: str, may_heal: bool = False) -> Cause:  # noqa: A002 (the name that findings use)
    """Add a cause to the built-in ones.  Call it when the plugin's module is imported.

    :param word: the word shown to users: lower-case letters, digits and single hyphens.
    :param exit_code: the exit code, one of the documented codes 1 to 7.
    :param next: the advice for the user, an imperative; a finding may bring its own.
    :param may_heal: whether a retry within ``--wait`` may resolve it.
    :returns: the cause, the same object every time it is registered with the same values.
    :raises ValueError: if the word, the exit code or the advice is not valid, or if the
        word is already a cause with other values.
    """
    if not _WORD.fullmatch(word):
        raise ValueError(f"cause {word!r}: use lower-case letters, digits and single hyphens")
    if type(exit_code) is not int or exit_code not in _CODES:
        raise ValueError(f"cause {word!r}: exit code {exit_code!r} is not one of 1 to 7")
    if not next.strip():
        raise ValueError(f"cause {word!r}: the advice is empty")
    try:
        cause = Cause(word)
    except ValueError:
        # As enum.Flag makes its unnamed members: a value of the class, not in its list.
        cause = object.__new__(Cause)
        cause._name_ = word.upper().replace("-", "_")
        cause._value_ = word
        _registered[word] = _Registered(cause, exit_code, next, may_heal)
    values = (cause.exit_code, cause.next_step, cause.may_heal)
    if values != (exit_code, next, may_heal):
        raise ValueError(f"cause {word!r} already exists with other values: {values}")
    return cause
