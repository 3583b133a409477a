"""One family of errors: what a user reads is one line, and an exit code.

Everything that is raised on purpose derives from :exc:`WheelhouseHashesError`.
Its text names what went wrong and what to do next; it never holds a secret.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from wheelhouse_hashes.causes import HEALABLE, Cause

#: Client errors (4xx) that are temporary: request timeout, too early, too many requests
#: (:rfc:`9110`, :rfc:`8470`, :rfc:`6585`).
_PASSING = frozenset({408, 425, 429})

#: Server errors (5xx) that are permanent: not implemented, HTTP version not
#: supported, loop detected, network authentication required.
_LASTING = frozenset({501, 505, 508, 511})

#: The first server error (5xx).
_FIRST_SERVER_ERROR = 500


class WheelhouseHashesError(Exception):
    """Ends a command with one line and :attr:`exit_code`."""

    #: The exit code of a command that this error ends.
    exit_code = 1

    @property
    def message(self) -> str:
        """What the user reads."""
        return str(self)


class UsageError(WheelhouseHashesError):
    """The command line, an environment variable or the set-up cannot be used."""

    exit_code = 2


class HostMismatch(UsageError):
    """The host is not one that we know how to extend."""


class Interrupted(WheelhouseHashesError):
    """The run was told to end."""

    exit_code = 130


class UsageErrors:
    """Collects what is wrong with a command, so that a user learns of all of it in one run."""

    def __init__(self) -> None:
        self._errors: list[WheelhouseHashesError] = []

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Keep an error of the block for later."""
        try:
            yield
        except Interrupted:
            raise
        except WheelhouseHashesError as error:
            self._errors.append(error)

    def raise_all(self) -> None:
        """Raise what was collected.

        :raises UsageError: if there are several errors; its text has all of them.
        :raises WheelhouseHashesError: the error, if there is one.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise UsageError("; ".join(dict.fromkeys(error.message for error in self._errors)))


class StoreError(WheelhouseHashesError):
    """The store, the network to it, or the credentials failed."""

    exit_code = 5


class AlreadyExists(StoreError):
    """Create-only was asked for, and the object exists."""


class Refusal(WheelhouseHashesError):
    """One artifact cannot be accepted, for a documented :class:`Cause`.

    :param cause: the documented cause.
    :param text: one sentence for the user.
    :param may_heal: whether another try may heal it; None leaves that to the
        cause.
    """

    def __init__(self, cause: Cause, text: str, *, may_heal: bool | None = None) -> None:
        super().__init__(text)
        self.cause = cause
        self.may_heal = cause in HEALABLE if may_heal is None else may_heal

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """The exit code that belongs to the cause."""
        return self.cause.exit_code

    @property
    def message(self) -> str:
        """What the user reads: the cause, and the sentence."""
        return f"{self.cause.value}: {self}"


class TransferError(Refusal):
    """A request failed.  :attr:`status` is its HTTP status, 0 if there was none.

    :param cause: the documented cause.
    :param text: one sentence for the user.
    :param status: the HTTP status code (:rfc:`9110`), or 0.
    :param retry_after: seconds that the server asked to wait, or None.
    :param final: whether asking again would end in the same way.
    """

    def __init__(
        self,
        cause: Cause,
        text: str,
        status: int = 0,
        retry_after: float | None = None,
        *,
        final: bool = False,
    ) -> None:
        super().__init__(cause, text, may_heal=False if final else None)
        self.status = status
        self.retry_after = retry_after

    @property
    def transient(self) -> bool:
        """Whether the server or the way to it is in trouble, so that another try may succeed.

        That is: no answer, one that was cut, or a status that says so.
        """
        if self.cause is Cause.TRUNCATED or self.status == 0:
            return self.may_heal
        if self.status >= _FIRST_SERVER_ERROR:
            return self.status not in _LASTING
        return self.status in _PASSING


class HashFileError(Refusal):
    """A hash file that says nothing that can be relied on.

    :param text: one sentence for the user.
    """

    def __init__(self, text: str) -> None:
        super().__init__(Cause.UNREADABLE_HASH, text)


class NotAHashFile(HashFileError):
    """What was got where a hash file can be is something else: an error page, say."""


class DiskError(Refusal):
    """A local file or folder cannot be read or written.

    :param text: one sentence for the user.
    """

    def __init__(self, text: str) -> None:
        super().__init__(Cause.DISK, text)


class PluginError(Refusal):
    """A plugin raised something that is not of this family.

    :param plugin: the plugin's name and distribution.
    :param hook: the name of the hook that failed.
    :param error: what the plugin raised.
    """

    def __init__(self, plugin: str, hook: str, error: BaseException) -> None:
        super().__init__(
            Cause.PLUGIN,
            f"plugin {plugin} failed in {hook}: {type(error).__name__}: {error}",
        )
        self.plugin = plugin
        self.hook = hook

    @property
    def message(self) -> str:
        """What the user reads: the sentence begins with the cause."""
        return str(self)
