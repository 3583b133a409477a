"""User names and passwords: from addresses and from netrc, each for one origin."""

from __future__ import annotations

import netrc
import os
import pathlib

from wheelhouse_hashes.formats.urls import origin, split_user

User = tuple[str, str]


class Credentials:
    """What is sent to whom; an origin never gets what is another's."""

    def __init__(self) -> None:
        self._users: dict[tuple[str, str, int], User] = {}

    def take(self, url: str, *, by_user: bool) -> str:
        """Keep the user and password of an address for its origin.

        The first ones stay: a page cannot change those of its own origin.
        Without them netrc is asked, as pip asks it, but only for an address
        that the user gave: it goes by the host alone, so that a page could
        draw a password to another port, or to plain HTTP.

        :param url: the address.
        :param by_user: whether the user gave it, and not a page.
        :returns: the address without them.
        :raises ValueError: if the address names no origin.
        """
        bare, user = split_user(url)
        if user is None and by_user:
            user = from_netrc(origin(bare)[1])
        if user is not None:
            self._users.setdefault(origin(bare), user)
        return bare

    def of(self, url: str) -> User | None:
        """Return the user and password of an address's origin, if there are any."""
        return self._users.get(origin(url))


def from_netrc(host: str) -> User | None:
    """Look a host up in the file that ``NETRC`` names, else in ``~/.netrc`` or ``~/_netrc``.

    A file that is not there, or that cannot be read, has nothing to say.

    :param host: the host's name, in lower case.
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
