"""The private key of a log."""

from __future__ import annotations

import contextlib
import os
import pathlib
import secrets
import stat
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.errors import UsageError, disk_errors
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.tlog.keys import PRIVATE, SigningKey, check_key_name
from wheelhouse_hashes.tlog.merkle import LogError

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

#: Maximum size of a file with a key, in bytes.
_MAX_KEY = 4096

_SEED_SIZE = 32

#: The mode bits that let the group and others read a file.
_OTHERS = 0o044


def make_key(run: Run[Any]) -> None:
    """Make a key, write it to a new file that only its owner can read, and print its public key.

    :raises UsageError: if the name is not valid, or the file exists.
    """
    origin, path = run.options.extra["origin"], pathlib.Path(run.options.extra["key"])
    try:
        check_key_name(origin)
    except LogError as error:
        raise UsageError(str(error)) from None
    key = SigningKey(origin, secrets.token_bytes(_SEED_SIZE))
    content = f"{key.encode()}\n".encode()
    with disk_errors(f"write {path}"):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise UsageError(
                f"{printable(str(path))} exists; give the name of a new file"
            ) from None
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
        except OSError:
            path.unlink()  # a part of a key would stop the next try
            raise
    run.say(str(key.verifier))


def read_key(run: Run[Any]) -> SigningKey:
    """Return the private key in the file that the option ``--key`` names.

    :raises UsageError: if it is not a key.
    :raises DiskError: if the file cannot be read.
    """
    path = run.options.extra["key"]
    if path.startswith(PRIVATE):
        # Messages must not show it.
        raise UsageError("--key: give the name of the file with the key, not the key itself")
    content = run.read_file(path, _MAX_KEY)
    _note_readers(run, path)
    try:
        return SigningKey.parse(content.decode("ascii").removesuffix("\n"))
    except (LogError, UnicodeDecodeError) as error:
        reason = error if isinstance(error, LogError) else "it is not in ASCII"
        raise UsageError(f"--key {printable(path)}: {reason}") from None


def _note_readers(run: Run[Any], path: str) -> None:
    """Print a note if other users can read a key; Windows does not say so in the mode."""
    with contextlib.suppress(OSError):
        if os.name == "posix" and stat.S_IMODE(os.stat(path).st_mode) & _OTHERS:  # noqa: PTH116
            text = f"{path}: other users of this machine can read the key: run chmod 600 on it"
            run.note_once("log key", text)
