"""Which other local users can write a file or folder (POSIX; elsewhere, none are known)."""

from __future__ import annotations

import contextlib
import os
import stat

_ROOT = 0

#: The extended attribute that has a file's access control list on Linux.
_ACL = "system.posix_acl_access"


def is_trusted(status: os.stat_result) -> bool:
    """Return whether a file belongs to this user or to root."""
    return not hasattr(os, "geteuid") or status.st_uid in (os.geteuid(), _ROOT)


def is_own(status: os.stat_result) -> bool:
    """Return whether a file has this user or root as its owner, and no other name.

    Another user can change the bytes of any other file at any time.
    """
    return is_trusted(status) and status.st_nlink == 1


def is_private(status: os.stat_result) -> bool:
    """Return whether a folder belongs to this user, and nobody else can write to it."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def other_writers(status: os.stat_result, opened: int | None) -> str:
    """Return which other users can write to a folder, empty if there are none.

    The private group of a user (of the same name, without further members) is no other
    user: with a umask of 0002, it can write to each of the user's folders.

    :param status: the folder's status.
    :param opened: its descriptor, if the system has descriptors of folders.
    """
    if not hasattr(os, "geteuid"):
        return ""
    if status.st_mode & stat.S_IWOTH:
        return "all users"
    if not is_trusted(status):
        return f"user {user_name(status.st_uid)}"
    if status.st_mode & stat.S_IWGRP and not _is_private_group(status, opened):
        return f"group {_group_name(status.st_gid)}"
    return ""


def user_name(number: int) -> str:
    """Return the name of a user, the number if it has none."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _is_private_group(status: os.stat_result, opened: int | None) -> bool:
    # With an access control list, the mode of the group is the mask of other entries.
    if opened is None or _has_acl(opened):
        return False
    # Imported here because few runs need them.
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    if (user.pw_gid, user.pw_name) != (status.st_gid, group.gr_name):
        return False
    return set(group.gr_mem) <= {user.pw_name}


def _has_acl(opened: int) -> bool:
    if hasattr(os, "getxattr"):
        with contextlib.suppress(OSError):
            return bool(os.getxattr(opened, _ACL))
    return False


def _group_name(number: int) -> str:
    import grp

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
