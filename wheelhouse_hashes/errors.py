"""Exceptions.  Each has a one-line message and an exit code.

All exceptions raised deliberately derive from :exc:`WheelhouseHashesError`.  The
message says what went wrong and what to do next; it never contains secrets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from wheelhouse_hashes.causes import Cause

#: Temporary client errors: request timeout, too early, too many requests
#: (:rfc:`9110`, :rfc:`8470`, :rfc:`6585`).
_TEMPORARY = frozenset({408, 425, 429})

#: Permanent server errors: not implemented, HTTP version not supported (:rfc:`9110`).
_PERMANENT = frozenset({501, 505})

#: Insufficient storage (:rfc:`4918`).  A store that is full stays full for longer than a run.
_FULL = 507

_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500

#: HTTP statuses that mean "no such object".  S3 returns 403 instead of 404 to clients
#: that may not list the container.
ABSENT_STATUSES = (403, 404, 410)


def is_transient_status(status: int, *, from_store: bool = False) -> bool:
    """Return whether a later request may succeed after a response with this status.

    :param status: an HTTP status code of 400 or more (:rfc:`9110`).
    :param from_store: whether it is the response to an upload.
    """
    if status < _FIRST_SERVER_ERROR:
        return status in _TEMPORARY
    return status not in _PERMANENT and not (from_store and status == _FULL)


class WheelhouseHashesError(Exception):
    """Base class: ends a command with a one-line message and :attr:`exit_code`."""

    #: The exit code of a command that ends with this error.
    exit_code = 1

    #: What to do next, if the message does not contain it: an imperative.
    next: str = ""

    @property
    def message(self) -> str:
        """The message for the user."""
        return str(self)

    @property
    def message_and_next(self) -> str:
        """The message, followed by what to do next."""
        return f"{self.message}; {self.next}" if self.next else self.message


class UsageError(WheelhouseHashesError):
    """Invalid command line, environment variable or installation.

    :param messages: one line for each error.
    """

    exit_code = 2

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        #: The message of each error, for one line each.
        self.messages = messages

    def __str__(self) -> str:
        return "; ".join(map(str, self.messages))


class HostMismatch(UsageError):
    """The installed wheelhouse-uploader is missing or not supported."""


class Interrupted(WheelhouseHashesError):
    """The run was interrupted by the user or a signal."""

    exit_code = 130


class UsageErrors:
    """Collects usage errors so that one run reports all of them."""

    def __init__(self) -> None:
        self._errors: list[WheelhouseHashesError] = []

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Collect an error raised in the ``with`` block."""
        try:
            yield
        except Interrupted:
            raise
        except WheelhouseHashesError as error:
            self._errors.append(error)

    def raise_all(self) -> None:
        """Raise the collected errors, if any.

        :raises UsageError: if there are several errors; it has all of their messages.
        :raises WheelhouseHashesError: the error itself, if there is only one.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise UsageError(*dict.fromkeys(m for error in self._errors for m in _messages(error)))


def _messages(error: WheelhouseHashesError) -> tuple[str, ...]:
    return error.messages if isinstance(error, UsageError) else (error.message_and_next,)


class StoreError(WheelhouseHashesError):
    """The store failed, cannot be reached, or rejected the credentials."""

    exit_code = 5


class NoContainer(StoreError):
    """The container does not exist."""


class NoPermission(StoreError):
    """The store accepted the credentials, but the user may not do this."""


class ForeignPage(WheelhouseHashesError):
    """The index page in the container is not one that can be written again.

    :param page: the page, with its container.
    """

    exit_code = 4
    next = "keep it with --no-update-index, or delete it and run the command index"

    def __init__(self, page: str) -> None:
        super().__init__(
            f"{page} was not written by wheelhouse-hashes or wheelhouse-uploader, or was edited, "
            "and is not replaced"
        )


class AlreadyExists(StoreError):
    """A create-only upload was requested, but the object exists."""


#: Causes that depend on a single response, not on what was learned about an artifact.
_WITHOUT_ARTIFACT = (Cause.UNREACHABLE, Cause.TRUNCATED, Cause.NOT_THE_PAGE, Cause.NOT_SERVED)


class Refusal(WheelhouseHashesError):
    """One artifact is refused.

    :param cause: the documented cause.
    :param text: one sentence for the user.
    :param may_heal: whether a retry may succeed; None if that depends on the cause.
    :param next: what to do next; by default the advice of the cause.
    """

    #: The delay before a retry that the server requested, in seconds, or None.
    retry_after: float | None = None

    def __init__(
        self,
        cause: Cause,
        text: str,
        *,
        may_heal: bool | None = None,
        next: str = "",  # noqa: A002 (the name that findings use)
    ) -> None:
        super().__init__(text)
        self.cause = cause
        self.may_heal = cause.may_heal if may_heal is None else may_heal
        self.next = next

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """The exit code of the cause."""
        return self.cause.exit_code

    @property
    def message(self) -> str:
        """The message for the user: the cause and the text."""
        return f"{self.cause.value}: {self}"

    @property
    def transient(self) -> bool:
        """Whether the server or the connection failed in a way that a retry may not.

        True if there was no response, a truncated or temporary one, or an old page.
        """
        return self.may_heal and self.cause in _WITHOUT_ARTIFACT


class TransferError(Refusal):
    """A request failed.

    :param cause: the documented cause.
    :param text: one sentence for the user.
    :param status: the HTTP status code (:rfc:`9110`), 0 if there was no response.
    :param retry_after: the delay requested by the server, in seconds, or None.
    :param final: whether a retry would fail in the same way.
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
        lasting = status >= _FIRST_ERROR and not is_transient_status(status)
        lasting = lasting and cause is Cause.UNREACHABLE
        super().__init__(cause, text, may_heal=False if final or lasting else None)
        self.status = status
        self.retry_after = retry_after


class TooLong(TransferError):
    """A body is longer than allowed.

    :param text: one sentence for the user.
    :param status: the HTTP status code (:rfc:`9110`).
    :param encoding: its ``Content-Encoding``; empty if it has none.
    """

    def __init__(self, text: str, status: int, encoding: str = "") -> None:
        super().__init__(Cause.TOO_LARGE, text, status)
        self.encoding = encoding


class UnsupportedURL(TransferError):
    """A URL is neither ``http`` nor ``https``, and no plugin opens it.

    :param text: one sentence for the user.
    """

    def __init__(self, text: str) -> None:
        super().__init__(Cause.UNREACHABLE, text, final=True)


class HashFileError(Refusal):
    """A hash file or digest list is invalid.

    :param text: one sentence for the user.
    :param next: what to do next; by default the advice of the cause.
    """

    def __init__(self, text: str, *, next: str = "") -> None:  # noqa: A002 (as in Refusal)
        super().__init__(Cause.UNREADABLE_HASH, text, next=next)


class NotAHashFile(HashFileError):
    """The response for a hash file's URL is something else, such as an error page."""


class DiskError(Refusal):
    """A local file or folder cannot be read or written.

    :param text: one sentence for the user.
    """

    def __init__(self, text: str) -> None:
        super().__init__(Cause.DISK, text)


class disk_errors:  # noqa: N801 (used like a function)
    """Convert :exc:`OSError` to :exc:`DiskError` in a ``with`` block.

    :param doing: the operation, for the message: ``"read x.whl"``.
    """

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError):
            raise DiskError(f"cannot {self._doing}: {error.strerror or error}") from error


def described(error: BaseException) -> str:
    """Return an exception's type and message, even if its ``__str__`` raises."""
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception as another:  # noqa: BLE001 (a plugin's code)
        text = f"its message cannot be shown ({type(another).__name__})"
    return f"{kind}: {text}" if text else kind


class PluginError(Refusal):
    """A plugin raised an exception that is not a :exc:`WheelhouseHashesError`.

    :param plugin: the plugin's name and distribution.
    :param hook: the name of the hook that failed.
    :param error: the exception.
    """

    def __init__(self, plugin: str, hook: str, error: BaseException) -> None:
        super().__init__(Cause.PLUGIN, f"plugin {plugin} failed in {hook}: {described(error)}")
        self.plugin = plugin
        self.hook = hook

    @property
    def message(self) -> str:
        """The message for the user; the text already starts with the cause."""
        return str(self)
