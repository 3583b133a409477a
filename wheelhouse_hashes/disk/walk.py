"""Follow a path step by step, without following links of other users.

In a folder that several users can write to, any part of a path can be replaced by a link
at any time, also between a check and its use.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from wheelhouse_hashes.disk.ownership import is_trusted, user_name

#: Flags for a folder on the way; with ``O_PATH``, it need not be readable.
_ON_THE_WAY = (
    getattr(os, "O_PATH", os.O_RDONLY)
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
)

#: Maximum number of links in a path, as in Linux.
_MAX_LINKS = 40


def walk(path: str, *, to_folder: bool, create: bool = False) -> tuple[int, str]:
    """Follow a path to its end.

    :param path: the path.
    :param to_folder: whether the path is that of a folder; otherwise it is that of a file,
        which need not exist.
    :param create: whether to create missing folders.
    :returns: a descriptor of the folder, which allows no more than to open names in it, and
        the name of the file; ``"."`` for a folder.
    :raises OSError: if there is no such folder, or a link belongs to another user.
    """
    here = os.open("/" if path.startswith("/") else ".", _ON_THE_WAY)
    parts = path.split("/")[::-1]
    links = 0
    try:
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if parts or to_folder:
                text, step = _step(here, part, create=create)
            else:
                text, step = _link_text(here, part), None
                if text is None:
                    return here, part
            if text is not None:
                links += 1
                if links > _MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                parts += text.split("/")[::-1]
                step = os.open("/", _ON_THE_WAY) if text.startswith("/") else None
            if step is not None:
                os.close(here)
                here = step
    except BaseException:
        os.close(here)
        raise
    return here, "."


def _step(here: int, name: str, *, create: bool) -> tuple[str | None, int | None]:
    """Return the text of a link, or the descriptor of a folder."""
    if create:
        try:
            return None, os.open(name, _ON_THE_WAY, dir_fd=here)
        except FileNotFoundError:
            # Another run may create it at the same time; what is there is opened below.
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=here)
        except OSError:
            pass  # raised again below
    try:
        return None, os.open(name, _ON_THE_WAY, dir_fd=here)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        if (text := _link_text(here, name)) is not None:
            return text, None
        if create:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        raise


def _link_text(here: int, name: str) -> str | None:
    """Return where a link leads to, None if it is not one or does not exist.

    :raises PermissionError: if it belongs to another user.
    """
    try:
        before = os.stat(name, dir_fd=here, follow_symlinks=False)
        if not stat.S_ISLNK(before.st_mode):
            return None
        text = os.readlink(name, dir_fd=here)
        after = os.stat(name, dir_fd=here, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not is_trusted(before):
        owner = user_name(before.st_uid)
        raise PermissionError(0, f"{name} is a symbolic link of user {owner}; remove it")
    # Renaming a link changes its ctime, so it was not exchanged for another one in between.
    if (before.st_ino, before.st_ctime_ns) != (after.st_ino, after.st_ctime_ns):
        raise PermissionError(0, f"{name} is replaced all the time by another program")
    return text
