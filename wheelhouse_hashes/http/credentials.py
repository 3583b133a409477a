"""User names and passwords from URLs and netrc, each for one origin."""

from __future__ import annotations

import netrc
import os
import pathlib

import pycurl

from wheelhouse_hashes.formats.urls import origin, split_user

User = tuple[str, str]

_LOGIN = (pycurl.USERNAME, pycurl.PASSWORD)


class Credentials:
    """A user and password for each origin; never sent to another origin."""

    def __init__(self) -> None:
        self._users: dict[tuple[str, str, int], User] = {}

    def take(self, url: str, *, by_user: bool) -> str:
        """Store the user and password of a URL for its origin.

        The first ones are kept: a page cannot change those of its own origin.
        A URL without them is looked up in netrc, as pip does, but only if the user
        gave it: netrc knows hosts only, so a page could otherwise have a password
        sent to another port, or over plain HTTP.

        :param url: the URL.
        :param by_user: whether the user gave the URL, and not a page.
        :returns: the URL without them.
        :raises ValueError: if the URL has no valid origin.
        """
        bare, user = split_user(url)
        if user is None and by_user:
            user = from_netrc(origin(bare)[1])
        if user is not None:
            self._users.setdefault(origin(bare), user)
        return bare

    def of(self, url: str) -> User | None:
        """Return the user and password for a URL's origin, None if none are known."""
        return self._users.get(origin(url))

    def log_in(self, curl: pycurl.Curl, url: str) -> None:
        """Set the user and password for a request, or unset those of the last one."""
        if not self._users:
            return  # nothing was ever set
        for option, value in zip(_LOGIN, self.of(url) or (None, None), strict=True):
            if value is None:
                curl.unsetopt(option)
            else:
                curl.setopt(option, value.encode())


def from_netrc(host: str) -> User | None:
    """Look up a host in the file that ``NETRC`` names, or in ``~/.netrc`` or ``~/_netrc``.

    A file that is missing or unreadable is treated as empty.

    :param host: the host name, in lower case.
    """
    named = os.environ.get("NETRC")
    names = (named,) if named else ("~/.netrc", "~/_netrc")
    # Path.expanduser raises where there is no home.
    for path in (pathlib.Path(os.path.expanduser(name)) for name in names):  # noqa: PTH111
        try:
            found = netrc.netrc(str(path)).authenticators(host)
        except FileNotFoundError:
            continue
        except (netrc.NetrcParseError, OSError, ValueError):
            return None
        return (found[0] or found[1] or "", found[2] or "") if found else None
    return None
