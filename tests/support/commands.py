"""Commands that many tests start with, and the folders they write to."""

from __future__ import annotations

import os
import pathlib

from tests.conftest import LOCAL, Cli, Result

GOT = pathlib.Path("got")

#: A fetch into ``got`` that retries and waits. The URL is still to be added.
FETCH_AND_WAIT = ("fetch", "--verify", "--local-folder", str(GOT), "demo")
#: The same without waiting.
FETCH = ("fetch", "--verify", "--wait", "0", "--local-folder", str(GOT), "demo")
#: An upload of ``dist`` into the container ``wheels`` of the LOCAL provider.
UPLOAD = ("upload", "--hashfile", *LOCAL, "wheels")
#: Rebuild the index page of that container.
INDEX = ("index", *LOCAL, "wheels")


def fetch(cli: Cli, url: str, *options: object) -> Result:
    """Fetch the project ``demo`` into ``got``, without waiting."""
    return cli("fetch", "--verify", "--wait", 0, "--local-folder", "got", *options, "demo", url)


def upload(cli: Cli, *options: object) -> Result:
    """Upload ``dist`` into the container ``wheels``."""
    return cli("upload", "--hashfile", "--no-enable-cdn", *LOCAL, *options, "wheels")


def got() -> list[str]:
    """Return the names in the target folder, including hidden ones."""
    return sorted(os.listdir(GOT)) if GOT.exists() else []


def names(container: pathlib.Path) -> list[str]:
    """Return the names of all objects in a container, except libcloud's own."""
    inside = container.iterdir() if container.exists() else ()
    return sorted(path.name for path in inside if path.name != ".hash")
